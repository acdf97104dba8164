"""Seats: who gets one, who does not and why, what is taken back, and what it costs."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from config.money import Money
from contracts import licences, seats
from contracts.models import Licence, Seat
from contracts.seat_costs import cost_per_seat, unused_cost
from people.models import Message
from tests.factories import (
    AssetFactory,
    ContractFactory,
    LicenceFactory,
    LocationFactory,
    PersonFactory,
    ProductFactory,
    SeatFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def today():
    return timezone.localdate()


def ago(days):
    return today() - timedelta(days)


@pytest.fixture
def licence():
    return LicenceFactory(seats=2, product=ProductFactory(maker=None, name="Drawing"))


def refusal(licence, to, **options):
    with pytest.raises(ValidationError) as caught:
        seats.assign(licence, to=to, by=None, **options)
    [sentence] = caught.value.messages
    return sentence


# --- Given out -----------------------------------------------------------------------------------


def test_a_seat_is_given_out_and_the_history_says_by_whom_and_why(licence, it):
    ada = PersonFactory()
    seat = seats.assign(licence, to=ada, by=it, reason="new here")
    version = seat.history.get()
    assert (seat.person, seat.since, seat.until) == (ada, today(), None)
    assert (version.history_user, version.history_change_reason) == (it, "new here")


def test_no_more_than_bought(licence):
    for _ in range(2):
        seats.assign(licence, to=PersonFactory(), by=None)
    sentence = refusal(licence, PersonFactory(name="Eve"))
    assert sentence == (
        f"2 of the 2 seats of {licence} are taken: Eve cannot have one. Take one back, or buy more."
    )
    assert licence.given_seats.taken().count() == 2


def test_what_was_taken_back_can_be_given_to_another(licence):
    first, _ = (seats.assign(licence, to=PersonFactory(), by=None) for _ in range(2))
    seats.take_back(first, by=None)
    seats.assign(licence, to=PersonFactory(), by=None)
    assert licence.given_seats.taken().count() == 2


def test_where_no_number_was_bought_there_is_no_limit():
    licence = LicenceFactory(seats=None)
    outcome = seats.assign_all(licence, PersonFactory.create_batch(30), by=None)
    assert (len(outcome.done), outcome.refused) == (30, [])


def test_many_at_once_get_what_is_there_and_each_of_the_others_is_named(licence):
    people = PersonFactory.create_batch(4)
    outcome = seats.assign_all(licence, people, by=None)
    assert [seat.person for seat in outcome.done] == people[:2]
    for person, sentence in zip(people[2:], outcome.refused, strict=True):
        assert f"{person} cannot have one" in sentence


def test_the_queries_for_many_do_not_grow(licence, django_assert_num_queries):
    licence.seats = None
    licence.save()
    for count in (2, 40):
        people = PersonFactory.create_batch(count)
        with django_assert_num_queries(7):
            assert len(seats.assign_all(licence, people, by=None).done) == count


@pytest.mark.parametrize(
    ("metric", "fitting", "word"),
    [
        ("person", PersonFactory, "per person"),
        ("device", AssetFactory, "per device"),
        ("site", LocationFactory, "per site"),
    ],
)
def test_the_holder_fits_the_metric(metric, fitting, word):
    licence = LicenceFactory(metric=metric)
    assert seats.assign(licence, to=fitting(), by=None).holder
    for other in {PersonFactory, AssetFactory, LocationFactory} - {fitting}:
        assert word in refusal(licence, other())


def test_nobody_has_two_seats_of_one_licence(licence):
    ada = PersonFactory(name="Ada")
    seats.assign(licence, to=ada, by=None)
    assert refusal(licence, ada) == f"Ada has a seat of {licence} already."
    outcome = seats.assign_all(licence, [bob := PersonFactory(), bob], by=None)
    assert (len(outcome.done), len(outcome.refused)) == (1, 1)


def test_what_has_ended_is_refused_and_its_last_day_is_still_good(licence):
    licence.ends_on = today()
    licence.save()
    seats.assign(licence, to=PersonFactory(), by=None)
    licence.ends_on = ago(1)
    licence.save()
    assert f"ended on {ago(1)}" in refusal(licence, PersonFactory())


def test_a_licence_without_an_end_ends_with_its_contract(licence):
    licence.contract = ContractFactory(ends_on=ago(1))
    licence.save()
    assert f"ended on {ago(1)}" in refusal(licence, PersonFactory())
    licence.ends_on = today()
    licence.save()
    assert seats.assign(licence, to=PersonFactory(), by=None)


def test_leavers_and_disabled_people_are_refused_and_the_last_day_is_still_good(licence):
    assert "left on" in refusal(licence, PersonFactory(leaves_on=ago(1)))
    off = PersonFactory(user=UserFactory(is_active=False))
    assert "may no longer sign in" in refusal(licence, off)
    assert seats.assign(licence, to=PersonFactory(leaves_on=today()), by=None)


@pytest.mark.parametrize("state", ["disposed", "retired", "rejected"])
def test_what_is_out_of_service_is_refused(state):
    licence = LicenceFactory(metric="device")
    asset = AssetFactory(state=state)
    assert f"{asset} is {asset.get_state_display()}" in refusal(licence, asset)


def test_who_left_after_he_was_chosen_is_refused_all_the_same(licence):
    ada = PersonFactory()
    stale = type(ada).objects.get(pk=ada.pk)
    ada.leaves_on = ago(3)
    ada.save()
    assert "left on" in refusal(licence, stale)


def test_a_seat_that_may_not_be_given_to_another_is_used_up(licence):
    licence.is_reassignable = False
    licence.save()
    ada, bob = PersonFactory(name="Ada"), PersonFactory(name="Bob")
    for person in (ada, bob):
        seats.take_back(seats.assign(licence, to=person, by=None), by=None)
    sentence = refusal(licence, PersonFactory(name="Eve"))
    assert "2 of the 2 seats" in sentence
    assert "used up, and none may be given to another: Eve cannot have one" in sentence
    assert seats.assign(licence, to=ada, by=None).person == ada


def test_a_day_to_come_is_refused(licence):
    assert "still to come" in refusal(licence, PersonFactory(), since=ago(-1))


def test_fewer_seats_than_are_taken_are_accepted_and_shown(licence):
    seats.assign_all(licence, PersonFactory.create_batch(2), by=None)
    licence.seats = 1
    licence.full_clean()
    licence.save()
    assert Licence.objects.over_allocated().get() == licence
    assert "2 of the 1 seats" in refusal(licence, PersonFactory())


# --- Taken back ----------------------------------------------------------------------------------


def test_a_seat_is_taken_back_once(licence, it):
    seat = seats.assign(licence, to=PersonFactory(), by=None)
    back = seats.take_back(seat, by=it, reason="moved to sales")
    assert back.until == today()
    assert back.history.first().history_change_reason == "moved to sales"
    with pytest.raises(ValidationError, match="was taken back on .* already"):
        seats.take_back(seat, by=it)


@pytest.mark.parametrize("days", [-1, 11])
def test_a_seat_is_taken_back_on_a_day_on_which_it_was_held(licence, days):
    seat = SeatFactory(licence=licence, since=ago(10))
    with pytest.raises(ValidationError, match="cannot be taken back on"):
        seats.take_back(seat, until=ago(days), by=None)
    assert seats.take_back(seat, until=ago(10), by=None).until == ago(10)


def test_idle_seats_are_reclaimed_with_one_mail_that_names_them(it):
    ada = PersonFactory(name="Ada")
    drawing, writing = (
        SeatFactory(
            person=ada,
            licence__product=ProductFactory(maker=None, name=name),
            since=ago(400),
            last_used_on=day,
        )
        for name, day in (("Drawing", date(2025, 5, 3)), ("Writing", None))
    )
    other = SeatFactory(since=ago(400))

    outcome = seats.reclaim([drawing, writing, other], by=it, reason="before the renewal")

    assert (len(outcome.done), outcome.refused) == (3, [])
    assert not Seat.objects.taken().exists()
    mail = Message.objects.get(recipient=ada)
    assert mail.subject == "Taken back: 2 licences"
    assert "- Drawing, last used on 3 May 2025" in mail.text
    assert f"- Writing, no use known since {ago(400):%-d %B %Y}" in mail.text
    assert "/report/" in mail.text
    assert Message.objects.count() == 2
    assert drawing.history.first().history_change_reason == "before the renewal"


def test_the_mail_about_a_device_goes_to_who_holds_it():
    ada = PersonFactory()
    laptop = AssetFactory(holder=ada, state="in_use")
    seat = SeatFactory(licence__metric="device", asset=laptop, since=ago(99))
    seats.reclaim([seat], by=None)
    assert laptop.tag in Message.objects.get(recipient=ada).text


def test_who_has_left_is_mailed_nothing():
    seats.reclaim([SeatFactory(person__leaves_on=ago(9), since=ago(99))], by=None)
    assert not Message.objects.exists()
    assert not Seat.objects.taken().exists()


def test_what_came_into_use_or_back_meanwhile_is_not_reclaimed():
    idle = SeatFactory(since=ago(99))
    used = SeatFactory(since=ago(99))
    fresh = SeatFactory(since=ago(seats.IDLE_DAYS))
    gone = SeatFactory(since=ago(99))
    seats.record_use(used.licence, {used.person: ago(1)}, by=None)
    seats.take_back(gone, by=None)

    outcome = seats.reclaim([idle, used, fresh, gone], by=None)

    assert outcome.done == [idle]
    assert "was used on" in outcome.refused[0]
    assert "was given on" in outcome.refused[1]
    assert "already" in outcome.refused[2]
    assert Message.objects.get().recipient == idle.person


# --- Used ----------------------------------------------------------------------------------------


def test_use_moves_forwards_only(licence):
    seat = SeatFactory(licence=licence, since=ago(99), last_used_on=ago(9))
    assert not seats.record_use(licence, {seat.person: ago(50)}, by=None).done
    assert not seats.record_use(licence, {seat.person: ago(9)}, by=None).done
    [moved] = seats.record_use(licence, {seat.person: ago(2)}, by=None).done
    assert moved.last_used_on == ago(2)
    assert seat.history.count() == 2  # one as it was made, one as it moved


def test_who_uses_it_without_a_seat_is_shown_even_beyond_what_was_bought(licence):
    seats.assign_all(licence, PersonFactory.create_batch(2), by=None)
    eve = PersonFactory()
    [seat] = seats.record_use(licence, {eve: ago(2)}, by=None).done
    assert (seat.person, seat.is_reported, seat.since) == (eve, True, ago(2))
    assert Licence.objects.over_allocated().with_taken().get().taken == 3


@pytest.mark.parametrize(("used", "given", "idle"), [(31, 99, True), (30, 99, False),
                                                     (None, 31, True), (None, 30, False),
                                                     (99, 30, False)])  # fmt: skip
def test_idle_means_the_same_of_one_seat_and_of_a_list(used, given, idle):
    seat = SeatFactory(since=ago(given), last_used_on=ago(used) if used else None)
    assert Seat.objects.idle(30, today()).exists() == idle
    assert seats.is_idle(seat, today(), 30) == idle


# --- What a seat costs ---------------------------------------------------------------------------


def test_a_licences_own_cost_is_divided_by_its_seats():
    licence = LicenceFactory(seats=8, annual_cost=1000, currency="USD")
    assert cost_per_seat(licence) == Money(Decimal(125), "USD")
    assert unused_cost(licence, used=5) == Money(Decimal(375), "USD")
    assert unused_cost(licence, used=9) == Money(Decimal(0), "USD")


def test_else_its_contracts_cost_is_shared_by_the_seats_of_its_licences():
    contract = ContractFactory(annual_cost=Decimal(1000), currency="EUR")
    first, second = (LicenceFactory(contract=contract, seats=n) for n in (6, 4))
    assert cost_per_seat(first) == cost_per_seat(second) == Money(Decimal(100), "EUR")


def test_what_has_a_cost_of_its_own_in_the_contract_is_not_paid_twice():
    contract = ContractFactory(annual_cost=Decimal(1000), currency="EUR")
    own = LicenceFactory(contract=contract, seats=4, annual_cost=Decimal(400), currency="EUR")
    other = LicenceFactory(contract=contract, seats=6)
    assert cost_per_seat(own) == cost_per_seat(other) == Money(Decimal(100), "EUR")


@pytest.mark.parametrize(
    "fields",
    [
        {"seats": None, "annual_cost": 10},
        {"seats": 0, "annual_cost": 10},
        {"seats": 10},
        {"seats": 10, "annual_cost": 10, "ends_on": date(2020, 1, 1)},
    ],
)
def test_where_it_cannot_be_told_nothing_is_told(fields):
    assert cost_per_seat(LicenceFactory(**fields)) is None


def test_two_currencies_of_one_contract_are_never_subtracted():
    contract = ContractFactory(annual_cost=Decimal(1000), currency="EUR")
    LicenceFactory(contract=contract, seats=4, annual_cost=Decimal(400), currency="USD")
    assert cost_per_seat(LicenceFactory(contract=contract, seats=6)) is None


# --- Numbers -------------------------------------------------------------------------------------


def test_who_has_no_number_gets_the_next_free_one():
    LicenceFactory(number="lic-000002")
    product = ProductFactory()
    fresh = [
        Licence(product=product),
        Licence(product=product, number="L-7"),
        Licence(product=product),
    ]
    licences.enter(fresh, by=None, reason="bought")
    assert [it.number for it in fresh] == ["LIC-000001", "L-7", "LIC-000003"]
