"""Seats and their use from spreadsheets: in, out, and never more than bought but as reported."""

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from config import exports
from config.resources import kinds
from contracts import seats
from contracts.models import Licence, Seat
from tests.factories import (
    AssetFactory,
    LicenceFactory,
    LocationFactory,
    PersonFactory,
    ProductFactory,
    SeatFactory,
)
from tests.importing import load, problems, queries

pytestmark = pytest.mark.django_db
SEATS = ["licence", "email", "since", "taken back"]
USE = ["tool", "email", "last used"]


def ago(days):
    return timezone.localdate() - timedelta(days)


@pytest.fixture
def licence():
    product = ProductFactory(maker=None, name="Drawing")
    return LicenceFactory(number="L-1", seats=2, product=product)


@pytest.fixture
def ada():
    return PersonFactory(name="Ada", email="ada@example.com")


@pytest.fixture
def bob():
    return PersonFactory(name="Bob", email="bob@example.com")


# --- Seats ---------------------------------------------------------------------------------------


def test_a_row_gives_a_seat_out_and_a_day_takes_it_back(licence, ada, it):
    report = load("seats", SEATS, ["L-1", ada.email, "2024-05-01", ""], by=it)
    seat = Seat.objects.get()
    assert report.summary == "1 created, 0 updated, 0 unchanged, 0 refused"
    assert (seat.person, seat.since, seat.until) == (ada, date(2024, 5, 1), None)
    assert seat.history.get().history_user == it

    report = load("seats", SEATS, ["L-1", ada.email, "2024-05-01", "2024-06-30"], by=it)
    seat.refresh_from_db()
    assert report.summary == "0 created, 1 updated, 0 unchanged, 0 refused"
    assert seat.until == date(2024, 6, 30)


@pytest.mark.parametrize("row", [["2024-05-01", ""], ["", ""], ["2024-05-01", "2024-06-30"]])
def test_the_same_file_twice_changes_nothing(licence, ada, row):
    load("seats", SEATS, ["L-1", ada.email, *row])
    report = load("seats", SEATS, ["L-1", ada.email, *row])
    assert report.summary == "0 created, 0 updated, 1 unchanged, 0 refused"
    assert Seat.history.count() == 1


def test_a_seat_of_the_past_is_kept_beside_the_one_of_today(licence, ada):
    SeatFactory(licence=licence, person=ada, since=ago(9))
    load("seats", SEATS, ["L-1", ada.email, "2020-01-01", "2020-12-31"])
    assert licence.given_seats.count() == 2
    assert licence.given_seats.taken().count() == 1


def test_by_its_product_where_there_is_one_licence_of_it(licence, ada):
    load("seats", SEATS, ["drawing", ada.email, "", ""])
    LicenceFactory(number="L-2", product=licence.product)
    report = load("seats", SEATS, ["drawing", ada.email, "", ""])
    assert "could be L-1, L-2: give one of these" in problems(report)[0]


def test_no_file_gives_out_more_than_was_bought(licence, ada, bob):
    PersonFactory(email="eve@example.com", name="Eve")
    rows = [["L-1", f"{name}@example.com", "", ""] for name in ("ada", "bob", "eve")]
    report = load("seats", SEATS, *rows, skip_refused=True)
    assert report.summary == "2 created, 0 updated, 0 unchanged, 1 refused"
    assert "row 4: 2 of the 2 seats of" in problems(report)[0]
    assert licence.given_seats.taken().count() == 2


def test_what_the_file_takes_back_it_can_give_to_another(licence, ada, bob):
    licence.seats = 1
    licence.save()
    SeatFactory(licence=licence, person=ada, since=ago(9))
    back = ["L-1", ada.email, "", ago(1).isoformat()]
    report = load("seats", SEATS, back, ["L-1", bob.email, "", ""])
    assert report.summary == "1 created, 1 updated, 0 unchanged, 0 refused"
    assert licence.given_seats.taken().get().person == bob


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (["L-9", "ada@example.com", "", ""], "is no licence that is there"),
        (["L-1", "nobody@example.com", "", ""], "is no person that is there"),
        (["L-1", "", "", ""], "L-1 Drawing is per person: name the person"),
        (["L-1", "ada@example.com", "2099-01-01", ""], "is still to come"),
        (["L-1", "ada@example.com", "", "2020-01-01"], "say when it was given too"),
        (["L-1", "ada@example.com", "2020-01-02", "2020-01-01"], "taken back before it was given"),
        (["L-1", "gone@example.com", "", ""], "left on"),
    ],
)
def test_what_cannot_be_is_refused_in_words(licence, ada, row, problem):
    PersonFactory(email="gone@example.com", leaves_on=ago(3))
    report = load("seats", SEATS, row)
    assert problem in problems(report)[0]
    assert not Seat.objects.exists()


def test_what_was_taken_back_is_not_taken_back_on_another_day(licence, ada):
    SeatFactory(licence=licence, person=ada, since=ago(9), until=ago(2))
    row = ["L-1", ada.email, ago(9).isoformat(), ago(1).isoformat()]
    assert "already" in problems(load("seats", SEATS, row))[0]


def test_devices_by_name_and_sites_by_path():
    laptop, berlin = AssetFactory(hostname="ws-7"), LocationFactory(name="Berlin")
    LicenceFactory(number="D-1", metric="device")
    LicenceFactory(number="S-1", metric="site")
    header = ["licence", "device", "site"]
    load("seats", header, ["D-1", "WS-7", ""], ["S-1", "", "Berlin"])
    assert {seat.holder for seat in Seat.objects.all()} == {laptop, berlin}


def test_a_file_cannot_say_that_a_seat_is_reported_and_so_exceed_what_was_bought(licence, ada):
    licence.seats = 0
    licence.save()
    header = ["licence", "email", "is reported"]
    report = load("seats", header, ["L-1", ada.email, "yes"])
    assert "0 of the 0 seats" in problems(report)[0]


@pytest.mark.parametrize("extension", ["csv", "xlsx"])
def test_an_export_imported_again_changes_nothing(licence, ada, bob, extension):
    import io

    from config import tables
    from config.resources import run

    seats.assign(licence, to=ada, by=None)
    SeatFactory(licence=licence, person=bob, since=ago(9), until=ago(2), last_used_on=ago(5))
    SeatFactory(licence=licence, person=ada, since=ago(99), until=ago(50))
    SeatFactory(asset=AssetFactory(), licence__metric="device", is_reported=True)
    data = b"".join(
        exports.export(kinds()["seats"], Seat.objects.all(), exports.FORMATS[extension])
    )
    report = run(kinds()["seats"], tables.read(io.BytesIO(data), f"seats.{extension}"))
    assert report.summary == "0 created, 0 updated, 4 unchanged, 0 refused", problems(report)
    assert not report.ignored
    assert not [note for note in report.notes if "another" in note]


def test_who_may_not_give_seats_out_cannot_by_a_file(licence, ada, auditor):
    report = load("seats", SEATS, ["L-1", ada.email, "", ""], by=auditor)
    assert "you may not give out seats or take them back" in problems(report)[0]
    report = load("seat-use", USE, ["L-1", ada.email, "2024-01-01"], by=auditor)
    assert "you may not give out seats" in problems(report)[0]


def test_the_queries_do_not_grow_with_the_rows():
    LicenceFactory(number="L-1", seats=None)
    people = PersonFactory.create_batch(33)
    few = queries("seats", [SEATS, *(["L-1", it.email, "", ""] for it in people[:3])])
    assert queries("seats", [SEATS, *(["L-1", it.email, "", ""] for it in people[3:])]) == few


# --- Use -----------------------------------------------------------------------------------------


def test_use_moves_the_last_day_forwards_only(licence, ada):
    seat = SeatFactory(licence=licence, person=ada, since=ago(99), last_used_on=ago(40))
    for day, expected in ((ago(50), ago(40)), (ago(9), ago(9)), (ago(20), ago(9))):
        load("seat-use", USE, ["Drawing", ada.email, day.isoformat()])
        seat.refresh_from_db()
        assert seat.last_used_on == expected
    assert seat.history.count() == 2


def test_of_many_uses_of_one_the_latest_counts(licence, ada, bob):
    SeatFactory(licence=licence, person=ada, since=ago(99))
    days = [ago(30), ago(3), ago(20)]
    rows = [["L-1", person.email, day.isoformat()] for day in days for person in (ada, bob)]
    load("seat-use", USE, *rows)
    assert {seat.person: seat.last_used_on for seat in Seat.objects.all()} == {
        ada: ago(3),
        bob: ago(3),
    }


def test_who_has_no_seat_gets_one_that_is_marked_even_beyond_what_was_bought(licence, ada, bob):
    seats.assign_all(licence, PersonFactory.create_batch(2), by=None)
    report = load("seat-use", USE, *(["L-1", it.email, "2026-01-05"] for it in (ada, bob)))
    assert report.summary == "2 created, 0 updated, 0 unchanged, 0 refused"
    assert set(Seat.objects.filter(is_reported=True).values_list("person", "since")) == {
        (ada.pk, date(2026, 1, 5)),
        (bob.pk, date(2026, 1, 5)),
    }
    assert Licence.objects.over_allocated().with_taken().get().taken == 4


def test_the_same_report_twice_changes_nothing(licence, ada):
    for _ in range(2):
        report = load("seat-use", USE, ["L-1", ada.email, "2026-01-05"])
    assert report.summary == "0 created, 0 updated, 1 unchanged, 0 refused"
    assert Seat.history.count() == 1


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (["L-1", "nobody@example.com", "2026-01-05"], "is no person that is there"),
        (["L-1", "ada@example.com", "2099-01-05"], "is still to come"),
        (["L-1", "ada@example.com", ""], "is missing"),
        (["Paint", "ada@example.com", "2026-01-05"], "is no licence that is there"),
    ],
)
def test_what_is_nobody_or_no_use_is_refused_and_nobody_is_made(licence, ada, row, problem):
    report = load("seat-use", USE, row, create_missing=True)
    assert problem in problems(report)[0]
    assert not Seat.objects.exists()


def test_of_two_licences_of_a_tool_the_one_he_has_is_meant(licence, ada):
    other = LicenceFactory(number="L-2", product=licence.product)
    seat = seats.assign(other, to=ada, since=ago(9), by=None)
    load("seat-use", USE, ["Drawing", ada.email, ago(1).isoformat()])
    seat.refresh_from_db()
    assert seat.last_used_on == ago(1)


def test_where_a_row_names_who_and_on_what_the_metric_decides(licence, ada):
    laptop = AssetFactory(hostname="ws-7")
    LicenceFactory(number="D-1", metric="device")
    header = ["licence", "account", "device", "last used"]
    rows = [[number, ada.email, "ws-7", "2026-01-05"] for number in ("L-1", "D-1")]
    load("seat-use", header, *rows)
    assert {seat.licence.number: seat.holder for seat in Seat.objects.all()} == {
        "L-1": ada,
        "D-1": laptop,
    }


# --- In the back office --------------------------------------------------------------------------


def upload(client, name, text):
    file = SimpleUploadedFile("use.csv", text.encode())
    return client.post(reverse(name), {"file": file, "order": ""})


def test_a_report_of_use_comes_in_by_its_own_pages(client, it, licence, ada):
    client.force_login(it)
    listed = client.get(reverse("admin:contracts_seat_changelist")).content.decode()
    assert reverse("admin:contracts_seat_import_seat_use") in listed

    text = f"tool,email,last used\nDrawing,{ada.email},2026-01-05\n"
    preview = upload(client, "admin:contracts_seat_import_seat_use", text)
    assert preview.status_code == 302
    assert "/import-seat-use/" in preview.url
    assert "Import the use of seats: use.csv" in client.get(preview.url).content.decode()
    assert not Seat.objects.exists()
    # The same job is no import of seats, which has pages of its own.
    assert client.get(preview.url.replace("import-seat-use", "import")).status_code == 404

    client.post(preview.url, {"confirm": "1"})
    seat = Seat.objects.get()
    assert (seat.person, seat.is_reported) == (ada, True)
    assert seat.history.get().history_user == it


def test_subscriptions_are_offered_to_who_may_import_contracts_and_licences(
    client, it, finance, administrator
):
    address = reverse("admin:contracts_licence_import_subscriptions")
    for user, may in ((it, False), (finance, False), (administrator, True)):
        client.force_login(user)
        listed = client.get(reverse("admin:contracts_licence_changelist")).content.decode()
        assert (address in listed) == may
        assert client.get(address).status_code == (200 if may else 403)
