"""The numbers by which others know an asset: for each kind one stored notation, and its checks.

They arrive as people type them, as suppliers list them and as spreadsheets mangle them. A digit
that got lost or mistyped is refused and never guessed: on it hangs which SIM is in which phone.
"""

import re
import unicodedata
import uuid
from collections.abc import Callable

import phonenumbers
from django.conf import settings
from django.core.exceptions import ValidationError
from phonenumbers import PhoneNumberFormat, ValidationResult
from stdnum import luhn
from stdnum.util import clean

from config.cells import ROUNDED

LONGEST = 60  # characters; no notation of any kind needs more
AS_TEXT = "format the column as text there, enter it again and export again"
IN_A_SPREADSHEET = f"was a number in a spreadsheet, where digits get lost; {AS_TEXT}"
MISTYPED = "has a wrong digit, as its check digit does not fit the others"
IMEIS = "accepted are the 15 digits that *#06# shows, 14 without check digit, or 16 as IMEISV"
ICCIDS = "accepted are 18 to 20 digits that begin with 89, as printed on the SIM"
EIDS = "accepted are 32 digits, as the phone shows them"
MACS = "accepted are 12 hexadecimal digits, such as 00:1A:2B:3C:4D:5E"
UUIDS = "accepted are 32 hexadecimal digits, such as 123e4567-e89b-12d3-a456-426614174000"

# Addresses that Windows, VPN clients and virtual machines give to an adapter of every computer.
SHARED_MACS = {
    "005056C00001",  # VMware's networks of the host
    "005056C00008",
    "02004E435049",  # NCP's VPN client
    "0A0027000000",  # VirtualBox's network of the host
    "204153594EFF",  # Windows' adapters for dialling in
    "24B620524153",
    "33506F453030",
    "505054503030",
}
# What boards carry whose maker never gave them a UUID.
SHARED_UUIDS = {
    "00010203-0405-0607-0809-0a0b0c0d0e0f",
    "03000200-0400-0500-0006-000700080009",
    "12345678-1234-5678-90ab-cddeefaabbcc",
    "6ab5b300-538d-1014-9fb5-b0684d007b53",
    "deadbeef-dead-beef-dead-beefdeadbeef",
}


def normalise(kind: str, text: str) -> str:
    """The one notation in which an identifier of this kind is stored.

    IMEI: 15 digits; 14 get the check digit that follows from them; 16 are an IMEISV, whose last
    two count software versions and give way to the check digit, so that a phone has one number
    however it is given. ICCID: 19 or 20 digits; 18 come from a list
    without check digits and get theirs. EID: 32 digits. Phone: E.164; a number without country
    code is one of DEFAULT_REGION. MAC: 12 hexadecimal digits, upper-case. UUID: lower-case, with
    dashes.

    Raises ValidationError with a sentence: the value, what is wrong, what is accepted.
    """
    try:
        return read(kind, text)
    except KeyError:
        raise ValidationError(f"{kind} is no kind; accepted are {', '.join(READERS)}.") from None
    except ValueError as error:
        raise ValidationError(f"{NAMES[kind]} {_tidy(text)[:LONGEST]} {error}.") from error


def read(kind: str, text: str) -> str:
    """As `normalise`, for whoever gives the name of the kind and the value.

    Raises ValueError with what is wrong and what is accepted, KeyError for an unknown kind.
    """
    tidy = _tidy(text)
    _refuse_what_a_spreadsheet_rounded(tidy)
    return READERS[kind](tidy)


def stored(kind: str, text: str) -> str:
    """`normalise`; what it refuses stays as it is, so that it is refused again. Never raises."""
    try:
        return normalise(kind, text)
    except ValidationError:
        return _tidy(text)


def shown(kind: str, value: str) -> str:
    """A stored identifier as people read it; what is not one of its kind as it stands."""
    if kind == "imei" and re.fullmatch(r"[0-9]{15,16}", value):
        return "-".join([value[:2], value[2:8], value[8:14], value[14:]])
    if kind in ("iccid", "eid") and re.fullmatch(r"[0-9]{18,32}", value):
        return " ".join(re.findall(".{1,4}", value))
    if kind == "mac" and re.fullmatch(r"[0-9A-F]{12}", value):
        return ":".join(re.findall("..", value))
    if kind == "phone" and (number := _parsed(value)):
        return str(phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL))
    return value


def search_forms(text: str) -> set[str]:
    """What to look for in stored values, anywhere in them, when somebody types `text`.

    Whole or begun, in any notation and of any kind: "00-1a-2b" finds the MAC address 001A2B…,
    "+49 (0)30 123" the number +4930123…, an IMEISV the IMEI of the same phone. Never raises;
    empty where nothing stored could match.
    """
    tidy = _tidy(text)
    if len(tidy) > LONGEST:
        return set()
    bare = re.sub(r"[^0-9A-Z+]", "", tidy.upper())
    forms = {tidy, bare} | _phone_forms(tidy)
    for read in READERS.values():
        try:
            forms.add(read(tidy))
        except ValueError:
            continue
    if re.fullmatch(r"[0-9]{15,16}", bare):
        forms.add(bare[:14])
    if re.fullmatch(r"[0-9A-F]{32}", bare):
        # Windows and Linux show the first half of some boards' UUID in opposite byte order.
        forms |= {str(uuid.UUID(bare)), str(uuid.UUID(bytes_le=bytes.fromhex(bare)))}
    return {form for form in forms if re.search(r"\w", form)}


def _tidy(text: str) -> str:
    """With ASCII's dashes, spaces and digits, and without the unseen signs that copying brings."""
    plain = unicodedata.normalize("NFKC", str(clean(text)))
    return "".join(
        sign for sign in plain if sign in "\t\n\r" or unicodedata.category(sign)[0] != "C"
    ).strip()


def _refuse_what_a_spreadsheet_rounded(text: str) -> None:
    """A double holds 15 digits: of longer numbers a spreadsheet makes the rest zeros.

    Only bare digits come from a number: what stands in groups is text and may end in zeros. Of the
    16 digits of an IMEISV the last is lost, which is none of its IMEI.
    """
    if re.fullmatch(r"\d+(?:[.,]\d+)?e\+\d+|\d+[.,]\d+e\d+", text, re.IGNORECASE):
        raise ValueError(ROUNDED)
    if re.fullmatch(r"\d{5,}[.,]0{1,2}", text):
        raise ValueError(IN_A_SPREADSHEET)
    if re.fullmatch(r"\d{15}0{3,}", text):
        raise ValueError(f"{ROUNDED}; if it does end in zeros, write it in groups of four digits")


def _digits(text: str) -> str:
    return re.sub(r"[\s./-]", "", text)


def _imei(text: str) -> str:
    digits = _digits(text)
    if not re.fullmatch(r"[0-9]{14,16}", digits):
        raise ValueError(f"is no IMEI; {IMEIS}")
    if len(set(digits)) == 1:
        raise ValueError(f"is what a phone shows that has lost its IMEI; {IMEIS}")
    if len(digits) == 15 and not luhn.is_valid(digits):
        raise ValueError(f"{MISTYPED}; {IMEIS}")
    return digits[:14] + str(luhn.calc_check_digit(digits[:14]))


def _iccid(text: str) -> str:
    """Checked by ITU-T E.118: 19 digits, or 20 of some operators, the last by Luhn's formula.

    Nineteen that fail may be twenty without the check digit, or mistyped: whoever knows says so.
    """
    digits = re.sub(r"[Ff]{1,2}$", "", _digits(text))  # fills the last byte on the card
    if not re.fullmatch(r"89[0-9]{16,18}", digits):
        raise ValueError(f"is no ICCID; {ICCIDS}")
    if len(digits) == 18:
        return digits + str(luhn.calc_check_digit(digits))
    if luhn.is_valid(digits):
        return digits
    whole = digits + str(luhn.calc_check_digit(digits))
    missing = f"; if it lacks its check digit, give {whole}" if len(digits) == 19 else ""
    raise ValueError(f"{MISTYPED}{missing}; {ICCIDS}")


def _eid(text: str) -> str:
    """Checked by GSMA SGP.29: the number leaves 1 when divided by 97. It need not begin with 89."""
    digits = _digits(text)
    if not re.fullmatch(r"[0-9]{32}", digits):
        raise ValueError(f"is no EID; {EIDS}")
    if int(digits) % 97 != 1:
        raise ValueError(f"has a wrong digit, as its check digits do not fit the others; {EIDS}")
    return digits


def _phone(text: str) -> str:
    """Checked for its length only: countries open ranges before any library knows of them."""
    region = settings.DEFAULT_REGION
    accepted = f"accepted are numbers with + and country code, or as dialled in {region}"
    number = _parsed(text)
    if number is None:
        raise ValueError(f"is no phone number; {accepted}")
    # Where numbers are dialled with a 0, one without has lost it, or its +, in a spreadsheet.
    if phonenumbers.ndd_prefix_for_region(region, False) == "0" and not re.match(
        r"(?:tel:)?\W*[+0]", text
    ):
        raise ValueError(f"begins with neither + nor 0, so its country is unknown; {accepted}")
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        raise ValueError(f"is too short or too long for its country; {accepted}")
    return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))


def _parsed(text: str) -> phonenumbers.PhoneNumber | None:
    if not re.fullmatch(r"(?:tel:)?[0-9+\s()./-]+", text):
        return None
    try:
        return phonenumbers.parse(text, settings.DEFAULT_REGION)
    except phonenumbers.NumberParseException:
        return None


def _phone_forms(text: str) -> set[str]:
    """In E.164 what may be a phone number, or the beginning of one, with its + or without."""
    if len(re.sub(r"\D", "", text)) < 5:
        return set()
    numbers = [_parsed(text), _parsed(f"+{text}")]
    e164 = PhoneNumberFormat.E164
    return {str(phonenumbers.format_number(number, e164)) for number in numbers if number}


def _mac(text: str) -> str:
    pairs = r"(?:[0-9a-f]{2}([: -]))(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}"
    fours = r"[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}"
    if not re.fullmatch(rf"{pairs}|{fours}|[0-9a-f]{{12}}", text, re.IGNORECASE):
        raise ValueError(f"is no MAC address; {MACS}")
    digits = re.sub(r"[^0-9A-F]", "", text.upper())
    if digits in SHARED_MACS or _repeats_one_byte(digits):
        raise ValueError(f"is an address that many devices report as theirs; {MACS}")
    return digits


def _uuid(text: str) -> str:
    form = r"(?:urn:uuid:)?(\{)?[0-9a-f]{8}(-?)(?:[0-9a-f]{4}\2){3}[0-9a-f]{12}(?(1)\})"
    if not re.fullmatch(form, text, re.IGNORECASE):
        raise ValueError(f"is no UUID; {UUIDS}")
    value = str(uuid.UUID(text.lower()))
    if value in SHARED_UUIDS or _repeats_one_byte(value.replace("-", "")):
        raise ValueError(f"is what boards report that never got a UUID of their own; {UUIDS}")
    return value


def _repeats_one_byte(digits: str) -> bool:
    return len(set(re.findall("..", digits))) == 1


READERS: dict[str, Callable[[str], str]] = {
    "imei": _imei,
    "iccid": _iccid,
    "eid": _eid,
    "phone": _phone,
    "mac": _mac,
    "uuid": _uuid,
}
NAMES = {
    "imei": "IMEI",
    "iccid": "ICCID",
    "eid": "EID",
    "phone": "Phone number",
    "mac": "MAC address",
    "uuid": "UUID",
}
