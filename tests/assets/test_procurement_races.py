"""Two clerks receive the last of an order at the same moment. On both databases."""

from threading import Barrier
from unittest.mock import patch

import pytest
from django.core.exceptions import ValidationError

from assets import lifecycle, procurement, receiving
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


def test_without_the_lock_nobody_is_told():
    """Each has looked before the other writes, as it would be if the order were not locked."""
    store, line, barrier = LocationFactory(), awaited(), Barrier(2)
    count = receiving._count

    def looked(*args):
        counted = count(*args)
        barrier.wait(timeout=5)
        return counted

    def receive():
        return receiving.receive_line.__wrapped__(line, quantity=1, location=store, by=None)

    with (
        patch("assets.arrivals.locked", lambda move, order: Order.objects.get(pk=order.pk)),
        patch("assets.receiving._waiting", lambda line, serials: []),
        patch("assets.receiving._count", looked),
    ):
        results = at_once(receive, receive)

    assert not [it for it in results if "It must be ordered" in str(it)], results
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
