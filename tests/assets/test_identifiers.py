import re
from importlib import import_module

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from assets.codes import find_assets
from assets.identifiers import normalise, search_forms, shown, stored
from assets.models import Identifier
from tests.factories import AssetFactory, IdentifierFactory

migration = import_module("assets.migrations.0014_an_imeisv_is_an_imei")
KINDS = ["imei", "iccid", "eid", "phone", "mac", "uuid"]
IMEI = "354178036859789"
ICCID = "8991101200003204514"
LONG_ICCID = "89014103211118510720"
EID = "89034011560010000000000000000121"
UUID = "123e4567-e89b-12d3-a456-426614174000"


def refusal(kind, text):
    with pytest.raises(ValidationError) as refused:
        normalise(kind, text)
    (sentence,) = refused.value.messages
    return sentence


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("imei", IMEI, IMEI),
        ("imei", " 35-417803-685978-9 ", IMEI),
        ("imei", "35 417803 685978 9", IMEI),
        ("imei", "35/417803/685978/9", IMEI),
        ("imei", "35\u2011417803\u2013685978\u00a09", IMEI),
        ("imei", "３５４１７８０３６８５９７８９", IMEI),
        ("imei", "010179001234566", "010179001234566"),
        ("imei", "35-417803-685978", IMEI),
        ("imei", "35-417803-685978-20", IMEI),
        ("imei", "3541780368597820", IMEI),
        ("iccid", "8991 1012 0000 3204 514", ICCID),
        ("iccid", f"{ICCID}F", ICCID),
        ("iccid", f"{ICCID}f", ICCID),
        ("iccid", LONG_ICCID, LONG_ICCID),
        ("iccid", ICCID[:-1], ICCID),
        ("eid", "8903 4011 5600 1000 0000 0000 0000 0121", EID),
        ("eid", "89049032123451234512345678901235", "89049032123451234512345678901235"),
        ("phone", "+49 (0)30 1234567", "+49301234567"),
        ("phone", "(030) 123 45 67", "+49301234567"),
        ("phone", "0049 30/1234567", "+49301234567"),
        ("phone", "\u202a+49\u00a0171\u00a03920001\u202c", "+491713920001"),
        ("phone", "tel:+44-20-7946-0958", "+442079460958"),
        ("phone", "+39 06 1234567", "+39061234567"),
        ("mac", "00:1a:2b:3c:4d:5e", "001A2B3C4D5E"),
        ("mac", "00-1A-2B-3C-4D-5E", "001A2B3C4D5E"),
        ("mac", "001A.2B3C.4D5E", "001A2B3C4D5E"),
        ("mac", "001a2b3c4d5e", "001A2B3C4D5E"),
        ("mac", "1234567890E1", "1234567890E1"),
        ("uuid", UUID.upper(), UUID),
        ("uuid", f"{{{UUID}}}", UUID),
        ("uuid", f"URN:UUID:{UUID}", UUID),
        ("uuid", UUID.replace("-", ""), UUID),
    ],
)
def test_every_notation_becomes_the_one_that_is_stored(kind, text, value):
    assert normalise(kind, text) == value
    assert stored(kind, text) == value


@pytest.mark.parametrize(
    ("kind", "text", "why"),
    [
        ("imei", "354178036859781", "has a wrong digit"),
        ("imei", "3541780368597", "is no IMEI; accepted are the 15 digits that"),
        ("imei", "35417803685978912", "is no IMEI"),
        ("imei", "A0000012345678", "is no IMEI"),
        ("imei", "000000000000000", "has lost its IMEI"),
        ("iccid", "8991101200003204513", "has a wrong digit"),
        ("iccid", "89014103211118510721", "has a wrong digit"),
        ("iccid", "89911012000032045", "is no ICCID; accepted are 18 to 20 digits"),
        ("iccid", "7991101200003204514", "is no ICCID"),
        ("iccid", "899110120000320451A", "is no ICCID"),
        ("eid", EID[:-1] + "2", "has a wrong digit"),
        ("eid", EID[:-1], "is no EID; accepted are 32 digits"),
        ("phone", "unknown", "is no phone number; accepted are numbers with +"),
        ("phone", "0800 FLOWERS", "is no phone number"),
        ("phone", "030 1234567 ext. 5", "is no phone number"),
        ("phone", "+0 1234567", "is no phone number"),
        ("phone", "+1 212", "is too short or too long"),
        ("phone", "+1 212 555 0100 12345", "is too short or too long"),
        ("mac", "00:1A:2B:3C:4D", "is no MAC address; accepted are 12 hexadecimal digits"),
        ("mac", "00:1A:2B-3C-4D:5E", "is no MAC address"),
        ("mac", "00:1A:2B:3C:4D:5G", "is no MAC address"),
        ("uuid", UUID[:-1], "is no UUID; accepted are 32 hexadecimal digits"),
        ("uuid", f"{{{UUID}", "is no UUID"),
        ("uuid", "Not Present", "is no UUID"),
        ("serial", "ABC", "is no kind; accepted are imei, iccid"),
    ],
)
def test_what_is_none_is_refused_and_the_sentence_says_what_is_accepted(kind, text, why):
    sentence = refusal(kind, text)

    assert why in sentence
    assert "accepted" in sentence
    assert kind == "serial" or text in sentence


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("mac", "00:00:00:00:00:00"),
        ("mac", "FF-FF-FF-FF-FF-FF"),
        ("mac", "EEEE.EEEE.EEEE"),
        ("mac", "20:41:53:59:4E:FF"),
        ("uuid", "00000000-0000-0000-0000-000000000000"),
        ("uuid", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"),
        ("uuid", "EEEEEEEE-EEEE-EEEE-EEEE-EEEEEEEEEEEE"),
        ("uuid", "01010101-0101-0101-0101-010101010101"),
        ("uuid", "03000200-0400-0500-0006-000700080009"),
    ],
)
def test_what_many_devices_report_names_none_of_them(kind, text):
    assert "report" in refusal(kind, text)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", ["8.91234E+18", "8,91234e+18", "8.9e18", "9E+14"])
def test_what_a_spreadsheet_rounded_is_refused_with_the_way_out(kind, text):
    assert "has lost digits" in refusal(kind, text)
    assert "format the column as text" in refusal(kind, text)


def test_a_number_with_a_decimal_point_comes_from_a_spreadsheet():
    assert "was a number in a spreadsheet" in refusal("imei", f"{IMEI}.0")
    assert "format the column as text" in refusal("phone", "491713920001,00")


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("iccid", "899110120000320" + "000"),
        ("iccid", "899110120000320" + "0000"),
        ("iccid", "890141032111185" + "00000"),
        ("eid", "890340115600100" + "0" * 17),
    ],
)
def test_zeros_behind_the_fifteenth_digit_are_a_spreadsheets(kind, text):
    assert "has lost digits" in refusal(kind, text)


def test_of_an_imeisv_a_spreadsheet_loses_nothing_that_counts():
    assert normalise("imei", "3541780368597890") == normalise("imei", "3541780368597892") == IMEI


def test_a_number_that_does_end_in_zeros_is_written_in_groups():
    ends_in_zeros = next(
        f"{start}0000"
        for start in range(899110120000320, 899110120000330)
        if luhn.is_valid(f"{start}0000")
    )
    assert "in groups of four" in refusal("iccid", ends_in_zeros)
    assert normalise("iccid", shown("iccid", ends_in_zeros)) == ends_in_zeros


def test_nineteen_digits_that_fail_may_lack_their_check_digit_and_the_sentence_gives_it():
    assert "if it lacks its check digit, give 89911012000032045104" in refusal(
        "iccid", "8991101200003204510"
    )
    assert normalise("iccid", "89911012000032045104") == "89911012000032045104"


def test_without_plus_or_zero_nobody_knows_the_country():
    assert "begins with neither + nor 0" in refusal("phone", "491713920001")


def test_a_number_without_a_country_is_one_of_the_default_region(settings):
    settings.DEFAULT_REGION = "US"

    assert normalise("phone", "(212) 555-0100") == "+12125550100"
    assert normalise("phone", "011 49 30 1234567") == "+49301234567"


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("imei", IMEI, "35-417803-685978-9"),
        ("imei", "3568680000414120", "35-686800-004141-20"),
        ("iccid", ICCID, "8991 1012 0000 3204 514"),
        ("eid", EID, "8903 4011 5600 1000 0000 0000 0000 0121"),
        ("phone", "+49301234567", "+49 30 1234567"),
        ("mac", "001A2B3C4D5E", "00:1A:2B:3C:4D:5E"),
        ("uuid", UUID, UUID),
        ("mac", "UNKNOWN", "UNKNOWN"),
        ("phone", "UNKNOWN", "UNKNOWN"),
        ("", "A1", "A1"),
    ],
)
def test_people_read_them_in_groups(kind, value, text):
    assert shown(kind, value) == text


def test_what_is_refused_stays_as_it_is_and_never_turns_into_something_else():
    for text in (f"{IMEI}.0", "8.91234E+18", "35-417803-685978-1"):
        assert stored("imei", f" {text} ") == text
        assert stored("imei", stored("imei", text)) == text


def test_a_form_names_the_field_and_an_old_mistake_stops_no_other_change(db):
    mistake = IdentifierFactory.build(asset=AssetFactory(), kind="imei", value=f"{IMEI}.0")
    with pytest.raises(ValidationError, match="was a number in a spreadsheet") as refused:
        mistake.full_clean()
    assert list(refused.value.message_dict) == ["value"]

    mistake.save()
    mistake.full_clean()

    mistake.value = "354178036859781"
    with pytest.raises(ValidationError, match="has a wrong digit"):
        mistake.full_clean()


@pytest.mark.parametrize("kind", KINDS)
def test_two_notations_of_one_number_are_one_number(db, kind):
    first = IdentifierFactory(kind=kind)
    first.full_clean()
    second = IdentifierFactory.build(
        asset=first.asset, kind=kind, value=shown(kind, first.value).lower()
    )
    with pytest.raises(ValidationError, match="Another asset has this number already"):
        second.full_clean()


def test_a_phone_is_the_same_by_imei_and_by_imeisv(db):
    phone = AssetFactory()
    IdentifierFactory(asset=phone, kind="imei", value=f"{IMEI[:14]}20")

    with pytest.raises(ValidationError, match="Another asset has this number already"):
        IdentifierFactory.build(asset=AssetFactory(), kind="imei", value=IMEI).full_clean()
    codes = [IMEI, IMEI[:14], f"{IMEI[:14]}20", f"{IMEI[:14]}99"]
    assert find_assets(codes) == dict.fromkeys(codes, [phone])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("00-1a-2b-3c-4d-5e", "001A2B3C4D5E"),
        ("001a.2b3c", "001A2B3C4D5E"),
        ("35-417803-685978-9", IMEI),
        ("35-417803-685978", IMEI),
        ("35-417803", IMEI),
        (IMEI, "3541780368597820"),
        ("3541780368597820", IMEI),
        ("8991 1012 0000 3204 514F", ICCID),
        (ICCID[:-1], ICCID),
        ("8903 4011 5600 1000", EID),
        ("+49 (0)30 123", "+49301234567"),
        ("(030) 123", "+49301234567"),
        ("0049 30 1234567", "+49301234567"),
        ("49 30 1234567", "+49301234567"),
        ("301234567", "+49301234567"),
        (UUID.upper(), UUID),
        (f"{{{UUID}}}", UUID),
        ("67453e12-9be8-d312-a456-426614174000", UUID),
        (UUID[:13], UUID),
    ],
)
def test_any_notation_finds_what_is_stored(text, value):
    assert any(form in value for form in search_forms(text)), search_forms(text)


@pytest.mark.parametrize("text", ["", " ", "---", "+", "\x00", "a " * 1000])
def test_nothing_to_look_for_finds_nothing(text):
    assert search_forms(text) == set()


# --- Those of before an IMEISV became an IMEI ----------------------------------------------------


def shorten():
    migration.shorten(apps, None)


def old(value, **more):
    """An identifier as it was stored then."""
    row = IdentifierFactory(kind="imei", value="356938035643809", **more)
    Identifier.objects.filter(pk=row.pk).update(value=value)
    return row


def test_an_old_imeisv_becomes_the_imei_with_a_version(db):
    row, other = old(f"{IMEI[:14]}20"), IdentifierFactory(kind="iccid", value=ICCID)

    shorten()

    row.refresh_from_db()
    version = row.history.latest()
    assert (row.value, version.value, version.asset) == (IMEI, IMEI, row.asset)
    assert version.history_change_reason == "the IMEI of what was given as IMEISV"
    assert (version.history_type, version.history_user) == ("~", None)
    assert other.history.count() == 1


def test_beside_its_imei_an_old_imeisv_goes_and_that_of_another_asset_stays(db):
    phone = IdentifierFactory(kind="imei", value=IMEI).asset
    mine, doubtful = old(f"{IMEI[:14]}20", asset=phone), old(f"{IMEI[:14]}21")

    shorten()

    assert [it.value for it in phone.identifiers.all()] == [IMEI]
    assert Identifier.history.filter(id=mine.pk).latest().history_type == "-"
    doubtful.refresh_from_db()
    assert doubtful.value == f"{IMEI[:14]}21"
    with pytest.raises(ValidationError, match="Another asset has this number already"):
        doubtful.full_clean()


def test_of_two_old_imeisvs_the_first_is_the_phone_whatever_the_batch(db, monkeypatch):
    monkeypatch.setattr(migration, "BATCH", 1)
    first, second = old(f"{IMEI[:14]}20"), old(f"{IMEI[:14]}21")

    shorten()
    shorten()

    values = [Identifier.objects.get(pk=row.pk).value for row in (first, second)]
    assert values == [IMEI, f"{IMEI[:14]}21"]
    assert (first.history.count(), second.history.count()) == (2, 1)


DIGITS = st.text("0123456789", min_size=1)


@given(st.sampled_from(KINDS), st.text() | DIGITS | st.text("0123456789abcdefABCDEF:.-+ (){}"))
def test_whatever_is_typed_is_read_or_refused_in_words(kind, text):
    search_forms(text)
    kept = stored(kind, text)
    shown(kind, kept)
    try:
        value = normalise(kind, text)
    except ValidationError:
        assert refusal(kind, text).endswith(".")
    else:
        assert value == kept
        assert value in search_forms(text)


@given(st.integers(min_value=10**13, max_value=10**14 - 1))
def test_one_mistyped_digit_of_an_imei_is_noticed(body):
    whole = normalise("imei", str(body)) if len(set(str(body))) > 1 else IMEI
    for place, digit in enumerate(whole):
        wrong = whole[:place] + str((int(digit) + 1) % 10) + whole[place + 1 :]
        assert re.search("wrong digit|lost its IMEI", refusal("imei", wrong))


@given(st.integers(min_value=0, max_value=2**48 - 1))
def test_what_is_shown_is_read_back(number):
    mac = f"{number:012X}"
    try:
        value = normalise("mac", mac)
    except ValidationError:
        return
    assert value == mac == normalise("mac", shown("mac", value).lower())
