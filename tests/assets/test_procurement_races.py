"""Two clerks receive the last of an order at the same moment. On both databases."""

from unittest.mock import patch

import pytest
from django.core.exceptions import ValidationError

from assets import lifecycle, procurement
from assets.models import Asset, Order
from tests.assets.test_races import at_once
from tests.factories import AssetFactory, LocationFactory, OrderFactory, OrderLineFactory

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=False)
ROUNDS = 5


def awaited(quantity=1):
    order = OrderFactory(state="ordered", ordered_on="2026-11-03")
    return OrderLineFactory(order=order, quantity=quantity)


def test_of_two_who_receive_the_last_one_at_once_one_is_told():
    store = LocationFactory()
    for number in range(ROUNDS):
        line = awaited()

        results = at_once(
            *(
                lambda serial=serial, line=line: procurement.receive_line(
                    line, serials=[serial], location=store, by=None
                )
                for serial in (f"A{number}X", f"B{number}X")
            )
        )

        refused = [it for it in results if isinstance(it, ValidationError)]
        assert len(refused) == 1, results
        assert "is received: it cannot be received" in refused[0].messages[0]
        line.refresh_from_db()
        assert (line.received, line.order.state) == (1, "received")
        assert Asset.objects.filter(order_line=line).count() == 1


def test_without_the_lock_both_would_receive_it():
    """The same without the lock: each looks first, then both write."""
    store, line = LocationFactory(), awaited()

    def looked_already(move, order):
        return Order.objects.get(pk=order.pk)

    bare = procurement.receive_line.__wrapped__
    with (
        patch("assets.arrivals.locked", looked_already),
        patch("assets.arrivals.count", lambda *args, **options: None),
    ):
        results = [bare(line, quantity=1, location=store, by=None) for _ in range(2)]
    assert [len(it) for it in results] == [1, 1]
    assert Asset.objects.filter(order_line=line).count() == 2


def test_an_order_and_its_asset_received_at_once_count_once_each():
    store = LocationFactory()
    for _ in range(ROUNDS):
        line = awaited(quantity=2)
        asset = AssetFactory(product=line.product, state="planned")
        lifecycle.order([asset], order=line.order, by=None)

        results = at_once(
            lambda line=line: procurement.receive_line(line, quantity=1, location=store, by=None),
            lambda asset=asset: lifecycle.receive([asset], location=store, by=None),
        )

        assert [it for it in results if isinstance(it, Exception)] == [], results
        line.refresh_from_db()
        arrived = Asset.objects.filter(order_line=line, state="in_stock").count()
        assert line.received == arrived
        assert arrived in (1, 2)
