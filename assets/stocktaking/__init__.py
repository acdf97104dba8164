"""Counting what is there: a frozen expectation, what was found, and what becomes of the rest.

Expected is what should lie in a place or in somebody's hands: what is received, in stock or in use.
What is installed in a device is counted with the device. What is away for repair is not expected,
and neither is what has no body, such as a virtual machine.
"""

from assets.stocktaking.closing import close
from assets.stocktaking.confirming import confirm, deny
from assets.stocktaking.counting import Reading, Upload, codes_in, scan, upload
from assets.stocktaking.opening import open, places
from assets.stocktaking.report import Report, report, write

__all__ = [
    "Reading",
    "Report",
    "Upload",
    "close",
    "codes_in",
    "confirm",
    "deny",
    "open",
    "places",
    "report",
    "scan",
    "upload",
    "write",
]
