"""Two clerks at the same moment: one wins, the other is told. On both databases."""

from contextlib import contextmanager
from threading import Barrier, Thread
from unittest.mock import patch

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError, connection, connections

from assets import lifecycle
from assets.lifecycle import one
from assets.models import Asset, Custody
from people.models import Message
from tests.factories import AssetFactory, CategoryFactory, PersonFactory, ProductFactory

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=False)
ROUNDS = 10


def at_once(*works):
    """Run each work in a thread of its own, started together; return what each gave or raised."""
    barrier, results = Barrier(len(works)), [None] * len(works)

    def run(index, work):
        try:
            barrier.wait()
            results[index] = work()
        except Exception as error:
            results[index] = error
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def two_clerks(asset):
    people = PersonFactory.create_batch(2)
    return at_once(
        *(lambda to=to: one(lifecycle.hand_over, asset, to=to, by=None) for to in people)
    )


def test_of_two_handovers_at_once_one_wins_and_the_other_is_told():
    for _ in range(ROUNDS):
        asset = AssetFactory()

        results = two_clerks(asset)

        refused = [it for it in results if isinstance(it, ValidationError)]
        assert len(refused) == 1, results
        assert "is in use" in refused[0].messages[0]
        asset.refresh_from_db()
        assert asset.custodies.open().get().holder == asset.holder
        assert Message.objects.filter(recipient=asset.holder).exists()
    assert Message.objects.count() == ROUNDS


@contextmanager
def unlocked():
    """The same moves without their lock: each reads first, then waits for the other."""
    barrier = Barrier(2)

    def read_without_lock(move, assets, **options):
        rows = list(Asset.objects.filter(pk__in=[asset.pk for asset in assets]))
        barrier.wait(timeout=5)
        return lifecycle.Outcome(done=[row for row in rows if lifecycle.MOVES[move].allows(row)])

    # Outside a transaction too, where SQLite takes its own lock at once.
    bare = lifecycle.hand_over.__wrapped__
    with (
        patch("assets.lifecycle.custody.locked", read_without_lock),
        patch.object(lifecycle, "hand_over", bare),
    ):
        yield


def test_without_the_lock_both_clerks_believe_to_have_won():
    asset = AssetFactory()
    with unlocked():
        results = two_clerks(asset)
    refused = [it for it in results if isinstance(it, ValidationError)]
    assert refused == []
    # Only the database's own constraint still stands between them: an error, not a sentence.
    assert [it for it in results if isinstance(it, (IntegrityError, OperationalError))]
    assert Custody.objects.open().filter(asset=asset).count() == 1


def test_new_assets_numbered_at_once_get_different_tags():
    product = ProductFactory(category=CategoryFactory(tag_prefix="LT"))

    def enter():
        fresh = [AssetFactory.build(tag="", product=product, holder=None) for _ in range(25)]
        return lifecycle.enter(fresh, by=None, reason="bought")

    results = at_once(*[enter] * 8)

    assert [it for it in results if isinstance(it, Exception)] == []
    assert Asset.objects.values("tag").distinct().count() == 200
    assert connection.vendor in ("sqlite", "postgresql")
