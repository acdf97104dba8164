"""When two serial numbers are the same one."""

import re

# Seen in the firmware of real machines where the serial number should be.
JUNK = {
    "ASSET1234567890",
    "BADINDEX",
    "DEFAULTSTRING",
    "NA",
    "NOASSETINFORMATION",
    "NOASSETTAG",
    "NONE",
    "NOTAPPLICABLE",
    "NOTPRESENT",
    "NOTSPECIFIED",
    "NULL",
    "SYSTEMSERIALNUMBER",
    "TBD",
    "TOBEFILLEDBYOEM",
    "UNKNOWN",
}
COUNTING = "123456789012345678901234567890123456789012345678901234567890"


def serial_key(maker_id: int | None, serial: str) -> str:
    """What may exist only once: maker and serial, without case and punctuation; "" for junk.

    One maker gives a serial once, so it is unique per maker; what firmware says in place of a
    serial is no serial and never makes two assets the same.
    """
    bare = re.sub(r"[^0-9A-Z]", "", serial.upper())
    if bare in JUNK or len(set(bare)) < 2 or COUNTING.startswith(bare):
        return ""
    return f"{maker_id or ''}:{bare}"
