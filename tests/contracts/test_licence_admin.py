"""Licences and seats in the back office, and every figure of their pages counted a second way."""

import re
from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from config.secrets import rotate
from contracts import seats
from contracts.models import Licence, Seat
from people.models import Message
from tests.factories import (
    AssetFactory,
    ContractFactory,
    LicenceFactory,
    PersonFactory,
    ProductFactory,
    SeatFactory,
    UserFactory,
)
from tests.importing import load, problems
from tests.rendering import unrendered
from tests.test_record_pages import fields_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("without_menus")]
KEY = "QX7-CANARY-99"


def ago(days):
    return timezone.localdate() - timedelta(days)


def page(record, name="change", *more):
    opts = record._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_{name}", args=[record.pk, *more])


def listed(name):
    return reverse(f"admin:contracts_{name}_changelist")


def text_of(response):
    """The page as read: tags gone, spaces single."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


@pytest.fixture
def ann(client, it):
    client.force_login(it)
    return client


@pytest.fixture
def licence():
    product = ProductFactory(maker=None, name="Drawing")
    return LicenceFactory(number="L-1", seats=2, product=product, annual_cost=300, currency="EUR")


# --- The list and the page -----------------------------------------------------------------------


def test_the_list_says_taken_of_bought_and_what_is_too_many_in_words(ann, licence):
    SeatFactory.create_batch(5, licence=licence)
    SeatFactory(licence=licence, until=timezone.localdate())
    fine = LicenceFactory(number="L-2", seats=7)
    unlimited = LicenceFactory(number="L-3", seats=None)
    SeatFactory(licence=unlimited)

    text = text_of(ann.get(listed("licence")))

    open_ = Counter(it.licence_id for it in Seat.objects.all() if it.until is None)
    assert f"{open_[licence.pk]} / 2 {open_[licence.pk] - 2} more than bought" in text
    assert "0 / 7" in text
    assert "1 / as needed" in text
    assert text.count("more than bought") == 2  # the filter's own words, and the one licence
    filtered = ann.get(listed("licence"), {"over": "yes"})
    assert [it.pk for it in filtered.context["cl"].result_list] == [licence.pk]
    assert fine.pk != unlimited.pk


def test_what_a_vendor_counts_beyond_what_was_bought_is_shown_too(ann, licence):
    licence.reported_in_use, licence.reported_on = 6, ago(3)
    licence.save()
    SeatFactory(licence=licence)
    text = text_of(ann.get(page(licence)))
    assert "1 of 2 seats are taken." in text
    assert f"6 were reported in use on {ago(3):%-d %B %Y}, 4 more than were bought." in text
    assert [it.pk for it in Licence.objects.over_allocated()] == [licence.pk]


def test_the_page_shows_the_first_seats_and_leads_to_all_of_them(ann, licence):
    SeatFactory.create_batch(25, licence=licence)
    response = ann.get(page(licence))
    text = response.content.decode()
    [inline] = [
        it.formset for it in response.context["inline_admin_formsets"] if it.formset.model is Seat
    ]
    assert len(inline.forms) == 20
    link = f"{listed('seat')}?licence__id__exact={licence.pk}&given=now"
    assert link.replace("&", "&amp;") in text
    assert ann.get(link).context["cl"].result_count == 25


def test_a_new_licence_gets_the_next_number_and_its_key_is_sealed(ann):
    product = ProductFactory()
    shown = fields_of(ann.get(reverse("admin:contracts_licence_add")))
    data = {**shown, "product": product.pk, "seats": 4, "key": KEY, "number": ""}
    assert ann.post(reverse("admin:contracts_licence_add"), data).status_code == 302
    licence = Licence.objects.get()
    assert (licence.number, licence.key.reveal()) == ("LIC-000001", KEY)


def test_what_it_is_per_stays_while_seats_are_taken(ann, licence):
    seat = SeatFactory(licence=licence)
    changed = {**fields_of(ann.get(page(licence))), "metric": "device"}
    refused = ann.post(page(licence), changed)
    assert "1 of its seats are taken otherwise: take them back first." in text_of(refused)
    header = ["number", "product", "metric"]
    report = load("licences", header, ["L-1", "Drawing", "per device"])
    assert "take them back first" in problems(report)[0]
    seats.take_back(seat, by=None)
    assert ann.post(page(licence), changed).status_code == 302


def test_panels_stand_on_the_pages_of_person_device_and_contract(ann, licence):
    ada, laptop = PersonFactory(), AssetFactory()
    seats.assign(licence, to=ada, by=None)
    device = LicenceFactory(number="D-1", metric="device", contract=ContractFactory())
    seats.assign(device, to=laptop, by=None)
    assert "L-1 Drawing" in text_of(ann.get(page(ada)))
    assert "D-1" in text_of(ann.get(page(laptop)))
    assert "D-1" not in text_of(ann.get(page(ada)))
    assert "1 / 10" in text_of(ann.get(page(device.contract)))


# --- The key -------------------------------------------------------------------------------------


def test_a_key_is_revealed_to_who_may_with_a_trace(client, it, finance, service_desk, licence):
    licence.key = KEY
    licence.save()
    for user in (finance, service_desk):
        client.force_login(user)
        assert client.post(page(licence, "reveal"), {"reason": "x"}).status_code == 403
    client.force_login(it)
    response = client.post(page(licence, "reveal"), {"reason": "new machine"})
    assert KEY in response.content.decode()
    trace = licence.history.latest()
    assert (trace.history_user, trace.history_change_reason) == (it, "revealed: new machine")


def test_the_rotation_covers_keys_and_their_history(licence, settings):
    licence.key = KEY
    licence.save()
    new = "a-new-key-of-at-least-32-characters!!"
    settings.FIELD_KEYS = [new, *settings.FIELD_KEYS]
    rotate()
    settings.FIELD_KEYS = [new]
    assert Licence.objects.get().key.reveal() == KEY
    assert licence.history.first().key.reveal() == KEY


# --- Steps ---------------------------------------------------------------------------------------


def test_many_people_get_seats_at_once_and_who_gets_none_is_named(ann, licence):
    ada, bob, eve = (PersonFactory(name=n, email=f"{n}@example.com") for n in ("Ada", "Bob", "Eve"))
    data = {"apply": 1, "person": ada.pk, "others": "bob@example.com\n\nEve\nAda", "since": ""}
    response = ann.post(page(licence, "step", "assign"), data, follow=True)
    assert {seat.person for seat in licence.given_seats.all()} == {ada, bob}
    assert "2 of the 2 seats of L-1 Drawing are taken: Eve cannot have one" in text_of(response)
    assert eve.seats.count() == 0


def test_a_line_that_names_nobody_is_said_and_nothing_is_given_out(ann, licence):
    PersonFactory(email="ada@example.com")
    data = {"apply": 1, "others": "ada@example.com\nnobody"}
    response = ann.post(page(licence, "step", "assign"), data)
    assert response.status_code == 200
    assert "“nobody” is no person that is there" in text_of(response)
    assert not Seat.objects.exists()


def test_the_form_asks_for_what_the_metric_is_about(ann):
    licence = LicenceFactory(metric="device")
    laptop = AssetFactory(hostname="ws-7")
    form = ann.get(page(licence, "step", "assign")).context["form"]
    assert {"asset", "others"} <= set(form.fields)
    assert not {"person", "location"} & set(form.fields)
    ann.post(page(licence, "step", "assign"), {"apply": 1, "others": "ws-7"})
    assert licence.given_seats.get().asset == laptop


def test_seats_are_taken_back_by_name_and_who_has_none_is_named(ann, licence):
    ada, bob = PersonFactory(name="Ada"), PersonFactory(name="Bob")
    seats.assign(licence, to=ada, by=None)
    data = {"apply": 1, "others": "Ada\nBob", "reason": "project over"}
    response = ann.post(page(licence, "step", "take_back"), data, follow=True)
    assert not licence.given_seats.taken().exists()
    assert f"Bob has no seat of {licence}." in text_of(response)
    assert bob.seats.count() == 0


def test_idle_seats_of_a_licence_are_reclaimed_in_one_step(ann, licence):
    idle = SeatFactory(licence=licence, since=ago(200), last_used_on=ago(91))
    used = SeatFactory(licence=licence, since=ago(200), last_used_on=ago(89))
    ann.post(page(licence, "step", "reclaim"), {"apply": 1, "days": "90", "reason": ""})
    assert list(licence.given_seats.taken()) == [used]
    assert Message.objects.get().recipient == idle.person
    refused = ann.post(page(licence, "step", "reclaim"), {"apply": 1, "days": "90"})
    assert "No seat of it has been unused for 90 days." in text_of(refused)


@pytest.mark.parametrize("step", ["take_back", "reclaim"])
def test_seats_in_bulk_and_a_refused_one_stops_no_other(ann, step):
    idle = SeatFactory.create_batch(3, since=ago(99))
    gone = SeatFactory(since=ago(99), until=ago(1))
    chosen = {"action": step, "_selected_action": [it.pk for it in [*idle, gone]]}
    response = ann.post(listed("seat"), {**chosen, "apply": 1, "reason": "cut"}, follow=True)
    assert not Seat.objects.taken().exists()
    assert f"was taken back on {ago(1)} already" in text_of(response)
    assert Message.objects.count() == (3 if step == "reclaim" else 0)


def test_the_service_desk_gives_out_and_takes_back_and_the_auditor_does_not(
    client, service_desk, auditor, licence
):
    ada = PersonFactory()
    client.force_login(auditor)
    data = {"apply": 1, "person": ada.pk}
    assert client.post(page(licence, "step", "assign"), data).status_code == 403
    client.force_login(service_desk)
    assert client.post(page(licence, "step", "assign"), data).status_code == 302
    seat = licence.given_seats.get()
    client.force_login(auditor)
    assert client.post(page(seat, "step", "take_back"), {"apply": 1}).status_code == 403
    chosen = {"action": "take_back", "_selected_action": [seat.pk], "apply": 1}
    client.post(listed("seat"), chosen)
    assert licence.given_seats.taken().exists()


def test_a_seat_is_never_changed_by_hand(client, superuser):
    seat = SeatFactory()
    client.force_login(superuser)
    assert client.get(reverse("admin:contracts_seat_add")).status_code == 403
    client.post(page(seat), {"until": "2026-01-01", "_save": 1})
    assert client.post(page(seat, "delete"), {"post": "yes"}).status_code == 403
    assert Seat.objects.taken().exists()


# --- Filters -------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [30, 60, 90, 180])
def test_the_filter_for_idle_seats_agrees_with_a_count_by_hand(ann, days):
    for used in (None, 10, 31, 61, 91, 181):
        for given in (20, 45, 75, 120, 400):
            SeatFactory(since=ago(given), last_used_on=ago(used) if used else None)
    SeatFactory(since=ago(999), until=ago(1))
    expected = {
        seat.pk
        for seat in Seat.objects.all()
        if seat.until is None
        and (timezone.localdate() - max(seat.since, seat.last_used_on or seat.since)).days > days
    }
    with unrendered():
        found = ann.get(listed("seat"), {"idle": days}).context_data["cl"].queryset
    assert {seat.pk for seat in found} == expected
    assert expected


def test_the_filter_for_leavers_finds_who_left_and_who_is_switched_off(ann):
    left = SeatFactory(person__leaves_on=ago(1))
    off = SeatFactory(person__user=UserFactory(is_active=False))
    SeatFactory(person__leaves_on=timezone.localdate())
    SeatFactory(person__leaves_on=ago(1), since=ago(9), until=ago(1))
    found = ann.get(listed("seat"), {"leavers": "yes"}).context["cl"].queryset
    assert set(found) == {left, off}


# --- Reports -------------------------------------------------------------------------------------


def report(client, model, slug, **asked):
    response = client.get(reverse(f"admin:contracts_{model}_report", args=[slug]), asked)
    assert response.status_code == 200
    return response


def exported(client, model, slug, **asked):
    import csv
    import io

    address = reverse(f"admin:contracts_{model}_report_export", args=[slug, "csv"])
    data = b"".join(client.get(address, asked).streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(data)))


@pytest.fixture
def estate(licence):
    """Own costs, a contract shared by two, another currency, too many seats, none known."""
    contract = ContractFactory(annual_cost=Decimal(1000), currency="USD")
    shared = [LicenceFactory(contract=contract, seats=n, number=f"C-{n}") for n in (6, 4)]
    free = LicenceFactory(seats=None, number="F-1", annual_cost=50)
    for each in (licence, *shared, free):
        SeatFactory.create_batch(2, licence=each, since=ago(200), last_used_on=ago(100))
        SeatFactory(licence=each, since=ago(200), last_used_on=ago(5))
    return [licence, *shared, free]


def a_seat(licence):
    """The formula once more, by hand: own cost, else the contract's by its licences' seats."""
    if not licence.seats:
        return None
    if licence.annual_cost is not None:
        return Decimal(licence.annual_cost) / licence.seats
    all_ = sum(it.seats for it in Licence.objects.filter(contract=licence.contract))
    return licence.contract.annual_cost / all_


def test_idle_seats_say_what_reclaiming_saves_and_it_adds_up(ann, estate):
    response = report(ann, "seat", "idle-seats")
    sums = Counter()
    for licence in estate:
        idle = licence.given_seats.filter(until=None, last_used_on__lt=ago(90)).count()
        taken = licence.given_seats.filter(until=None).count()
        each = a_seat(licence)
        if each is None:
            continue
        # What is paid for goes down only below what was bought.
        freed = min(idle, max(0, licence.seats - (taken - idle)))
        currency = licence.contract.currency if licence.contract else licence.currency
        sums[currency] += each * freed
    text = text_of(response)
    for currency, amount in sums.items():
        assert f"{amount:,.2f} {currency}" in text
    assert sums == {"EUR": Decimal(150), "USD": Decimal(400)}

    rows = exported(ann, "seat", "idle-seats")
    assert len(rows) == 8
    written = Counter()
    for row in rows:
        if row["Saves a year"]:
            written[row[next(k for k in row if "urrency" in k)]] += Decimal(row["Saves a year"])
    assert written == sums


def test_the_days_of_idle_seats_are_chosen_in_the_address(ann, estate):
    assert len(exported(ann, "seat", "idle-seats", days=180)) == 0
    assert len(exported(ann, "seat", "idle-seats", days=60)) == 8


def test_an_idle_seat_is_reclaimed_from_the_report_by_who_may(ann, client, auditor, estate):
    step = page(Seat.objects.filter(last_used_on__lt=ago(90)).first(), "step", "reclaim")
    assert step in report(ann, "seat", "idle-seats").content.decode()
    assert ann.post(step, {"apply": 1}).status_code == 302
    client.force_login(auditor)
    assert "/step/reclaim/" not in report(client, "seat", "idle-seats").content.decode()


def test_seats_of_leavers_are_listed_with_a_button(ann):
    left = SeatFactory(person__name="Gone Girl", person__leaves_on=ago(30))
    SeatFactory(person__name="Still Here")
    response = report(ann, "seat", "seats-of-leavers")
    text = text_of(response)
    assert "Gone Girl" in text
    assert "Still Here" not in text
    assert page(left, "step", "take_back") in response.content.decode()


def test_the_use_of_licences_is_what_the_rows_say(ann, estate):
    rows = {row["Licence"]: row for row in exported(ann, "licence", "licence-usage")}
    for licence in estate:
        row, given = rows[str(licence)], list(licence.given_seats.all())
        used = [it for it in given if not it.until and it.last_used_on >= ago(90)]
        assert row["Bought"] == ("" if licence.seats is None else str(licence.seats))
        assert row["Taken"] == str(len([it for it in given if not it.until]))
        assert row["Used in 90 days"] == str(len(used))
        each = a_seat(licence)
        expected = each * max(0, licence.seats - len(used)) if each is not None else ""
        assert (Decimal(row["Unused a year"]) if row["Unused a year"] else "") == expected


def test_the_queries_of_the_reports_do_not_grow(ann, estate):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def count():
        found = []
        for model, slug in (("seat", "idle-seats"), ("seat", "seats-of-leavers"),
                            ("licence", "licence-usage")):  # fmt: skip
            with CaptureQueriesContext(connection) as captured:
                report(ann, model, slug)
            found.append(len(captured))
        return found

    def add():
        contract = ContractFactory(annual_cost=10)
        SeatFactory(since=ago(300), person__leaves_on=ago(2), licence__contract=contract)

    add()
    count()
    few = count()
    for _ in range(6):
        add()
    assert count() == few
