"""Twenty who want the last seat at the same moment. On both databases."""

from contextlib import contextmanager
from threading import Barrier
from unittest.mock import patch

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from contracts import licences, seats
from contracts.models import Licence, Seat
from people.models import Message
from tests.assets.test_races import at_once
from tests.factories import LicenceFactory, PersonFactory, ProductFactory, SeatFactory

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=False)
THREADS, ROUNDS = 20, 3


def many_for_the_last_seat():
    licence = LicenceFactory(seats=3)
    seats.assign_all(licence, PersonFactory.create_batch(2), by=None)
    people = PersonFactory.create_batch(THREADS)
    results = at_once(*(lambda to=to: seats.assign(licence, to=to, by=None) for to in people))
    return licence, results


def test_of_twenty_one_gets_the_last_seat_and_the_others_are_told():
    for _ in range(ROUNDS):
        licence, results = many_for_the_last_seat()
        won = [it for it in results if isinstance(it, Seat)]
        lost = [it for it in results if isinstance(it, ValidationError)]
        assert (len(won), len(lost)) == (1, THREADS - 1), results
        assert {it.messages[0].partition(":")[0] for it in lost} == {
            f"3 of the 3 seats of {licence} are taken"
        }
        assert licence.given_seats.taken().count() == 3


@contextmanager
def unlocked():
    """The same without the lock: each counts first, and then waits for the others."""
    barrier, counted = Barrier(THREADS), seats.rooms

    def count_and_wait(found):
        room = counted(found)
        barrier.wait(timeout=20)
        return room

    def read(found):
        keys = [licence.pk for licence in found]
        return {it.pk: it for it in Licence.objects.filter(pk__in=keys)}

    # Outside a transaction too, where SQLite takes its own lock at once.
    bare_all, bare = seats.assign_all.__wrapped__, seats.assign.__wrapped__
    with (
        patch.object(seats, "locked", read),
        patch.object(seats, "assign_all", bare_all),
        patch.object(seats, "assign", bare),
    ):
        yield count_and_wait


def test_without_the_lock_all_twenty_believe_to_have_won():
    licence = LicenceFactory(seats=3)
    seats.assign_all(licence, PersonFactory.create_batch(2), by=None)
    people = PersonFactory.create_batch(THREADS)
    with unlocked() as count_and_wait, patch.object(seats, "rooms", count_and_wait):
        results = at_once(*(lambda to=to: seats.assign(licence, to=to, by=None) for to in people))
    assert not [it for it in results if isinstance(it, ValidationError)], results
    assert licence.given_seats.taken().count() > 3


def test_the_same_person_twice_at_once_has_one_seat_and_is_told():
    licence, ada = LicenceFactory(), PersonFactory()
    results = at_once(*[lambda: seats.assign(licence, to=ada, by=None)] * 5)
    refused = [it for it in results if isinstance(it, ValidationError)]
    assert len(refused) == 4, results
    assert licence.given_seats.count() == 1


def test_who_reclaims_at_once_owes_one_mail():
    seat = SeatFactory(since="2020-01-01")
    results = at_once(*[lambda: seats.reclaim([seat], by=None)] * 4)
    assert sorted(len(it.done) for it in results) == [0, 0, 0, 1]
    assert Message.objects.count() == 1


def test_a_seat_taken_back_while_another_waits_for_it_goes_to_him():
    licence = LicenceFactory(seats=1)
    seat = seats.assign(licence, to=PersonFactory(), by=None)
    waiting = PersonFactory()

    def swap():
        with transaction.atomic():
            seats.take_back(seat, by=None)
            return seats.assign(licence, to=waiting, by=None)

    results = at_once(swap, lambda: seats.assign(licence, to=PersonFactory(), by=None))
    assert isinstance(results[0], Seat)
    assert isinstance(results[1], ValidationError)
    assert licence.given_seats.taken().get().person == waiting


def test_eight_who_enter_licences_at_once_get_different_numbers():
    product = ProductFactory()

    def enter():
        fresh = [Licence(product=product) for _ in range(5)]
        return licences.enter(fresh, by=None, reason="bought")

    results = at_once(*[enter] * 8)
    assert [it for it in results if isinstance(it, Exception)] == []
    assert Licence.objects.values("number").distinct().count() == 40
