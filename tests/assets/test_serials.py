import pytest

from assets.serials import scanned_serial, serial_key


@pytest.mark.parametrize(
    "junk",
    [
        "To Be Filled By O.E.M.",
        "System Serial Number",
        "Chassis Serial Number",
        "Not Specified",
        "Not Present",
        "No Asset Tag",
        "No Asset Information",
        "Asset-1234567890",
        "MB-1234567890",
        "0000000000",
        "12345678901234567890123456789012",
        "XXXXXXXXXX",
        ".........",
        "<BAD INDEX>",
        "OEM_Serial",
        " " * 32,
        "None\r",
        "EEEEEEEE-EEEE-EEEE-EEEE-EEEEEEEEEEEE",
        "03000200-0400-0500-0006-000700080009",
    ],
)
def test_what_firmware_says_in_place_of_a_serial_is_no_key(junk):
    assert serial_key(1, junk) == ""


@pytest.mark.parametrize("serial", ["CNC819R159", "PF1ABCDE", "12345678901234567890124", "0000001"])
def test_a_serial_is_a_key_whatever_it_looks_like(serial):
    assert serial_key(1, f" {serial.lower()}\r") == f"1:{serial}"


@pytest.mark.parametrize(
    ("maker", "scanned", "serial"),
    [
        ("HP", "SCNC819R159", "CNC819R159"),
        ("Hewlett-Packard", "s5CG1234ABC\r", "5CG1234ABC"),
        ("HPE", "SGH123ABCD", "SGH123ABCD"),
        ("HPE", "SSGH123ABCD", "SGH123ABCD"),
        ("HP", "SCNC899R159", "SCNC899R159"),
        ("HP", "CNC819R159", "CNC819R159"),
        ("Dell", "SCNC819R159", "SCNC819R159"),
        ("LENOVO", "1S679021UKA87DND", "KA87DND"),
        ("IBM", "1S679021UKA87DND", "KA87DND"),
        ("Lenovo", "1S20L5CTO1WWPF1ABCDE", "PF1ABCDE"),
        ("Lenovo", "1S20L5CTO1WWPF1ABCD", "1S20L5CTO1WWPF1ABCD"),
        ("Samsung", "1S679021UKA87DND", "1S679021UKA87DND"),
    ],
)
def test_only_what_its_maker_prints_before_a_serial_is_taken_off(maker, scanned, serial):
    assert scanned_serial(scanned, maker) == serial
