"""When two serial numbers are the same one."""

import re

from assets.makers import MAKERS

# Seen in the firmware of real machines where the serial number should be.
JUNK = {
    "03000200040005000006000700080009",
    "ASSET1234567890",
    "BADINDEX",
    "CHASSISSERIALNUMBER",
    "DEFAULTSTRING",
    "MB1234567890",
    "NA",
    "NOASSETINFORMATION",
    "NOASSETTAG",
    "NONE",
    "NOTAPPLICABLE",
    "NOTPRESENT",
    "NOTSPECIFIED",
    "NULL",
    "OEMSERIAL",
    "SYSTEMSERIALNUMBER",
    "TBD",
    "TOBEFILLEDBYOEM",
    "UNKNOWN",
}
COUNTING = "123456789012345678901234567890123456789012345678901234567890"

# What makers' barcodes hold before the serial number. HP: an S before ten signs, of which the
# fourth to sixth are year and week. IBM and Lenovo: 1S, seven or ten signs of the machine type.
CARTONS = {
    ("HP", "Hewlett Packard Enterprise"): r"S([0-9A-Z]{3}\d(?:[0-4]\d|5[0-3])[0-9A-Z]{4})",
    ("IBM", "Lenovo"): r"1S(?:\d{4}[0-9A-Z]{3}([0-9A-Z]{7})|\d\d[0-9A-Z]{8}([0-9A-Z]{8}))",
}


def scanned_serial(text: str, maker: str) -> str:
    """The serial number in what a scanner read from a device or carton of `maker`, by name.

    Taken off is only what this maker prints before it; anything else is returned stripped.
    """
    for makers, pattern in CARTONS.items():
        names = {name.lower() for key in makers for name in (key, *MAKERS[key])}
        found = re.fullmatch(pattern, text.strip().upper())
        if found and maker.strip().lower() in names:
            return next(part for part in found.groups() if part)
    return text.strip()


def serial_key(maker_id: int | None, serial: str) -> str:
    """What may exist only once: maker and serial, without case and punctuation; "" for junk.

    One maker gives a serial once, so it is unique per maker; what firmware says in place of a
    serial is no serial and never makes two assets the same.
    """
    bare = re.sub(r"[^0-9A-Z]", "", serial.upper())
    if bare in JUNK or len(set(bare)) < 2 or COUNTING.startswith(bare):
        return ""
    return f"{maker_id or ''}:{bare}"
