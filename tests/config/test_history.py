"""Many rows written where they lie leave the same versions as when they are read and written."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from config import history
from config.history import update_all_as, update_set_as
from contracts.models import Spend
from tests.factories import SpendFactory, VendorFactory

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 31, 10, 30, tzinfo=UTC)
OF_THE_VERSION = {"history_id", "id", "reference"}


def versions(rows):
    latest = Spend.history.filter(history_type="~", id__in=[row.pk for row in rows])
    return [
        {name: value for name, value in version.items() if name not in OF_THE_VERSION}
        for version in latest.order_by("id").values()
    ]


@pytest.fixture
def two_sets():
    """Twice the same three lines, but for their references."""
    said = [
        {"supplier": 'Café "Zoë" GmbH', "amount": Decimal("-12.50"), "text": "100 % 'off'"},
        {"supplier": "B", "amount": Decimal("1.10")},
        {"supplier": "C", "amount": Decimal(3), "account": "6815"},
    ]
    return [[SpendFactory(**it) for it in said] for _ in range(2)]


@pytest.mark.parametrize("signed", [True, False])
def test_a_version_has_the_columns_that_the_rows_written_one_by_one_have(two_sets, finance, signed):
    ours, theirs = two_sets
    vendor, by = VendorFactory(), finance if signed else None

    for row in theirs:
        row.vendor, row.matched = vendor, Spend.Matched.BY_HAND
    update_all_as(theirs, ["vendor", "matched"], by=by, reason="100 % sure", at=AT)
    count = update_set_as(
        Spend.objects.filter(pk__in=[row.pk for row in ours]),
        by=by,
        reason="100 % sure",
        at=AT,
        vendor=vendor,
        matched=Spend.Matched.BY_HAND,
    )

    assert count == 3
    assert versions(ours) == versions(theirs)
    assert versions(ours)[0]["history_user_id"] == (finance.pk if signed else None)
    assert versions(ours)[0]["supplier_key"] == "cafe zoe"
    assert versions(ours)[0]["history_date"] == AT
    assert {row.vendor for row in Spend.objects.all()} == {vendor}


def test_a_value_may_be_computed_from_the_row(two_sets):
    update_set_as(Spend.objects.all(), by=None, reason="doubled", amount=F("amount") * 2)

    first = Spend.objects.order_by("pk").first()
    assert first.amount == first.history.latest().amount == Decimal(-25)


def test_the_rows_that_no_longer_fit_once_written_are_all_written(two_sets, monkeypatch):
    monkeypatch.setattr(history, "SET", 2)

    count = update_set_as(Spend.objects.filter(account=""), by=None, reason="coded", account="6815")

    assert count == 4
    assert Spend.objects.filter(account="6815").count() == 6
    assert Spend.history.filter(history_type="~").count() == 4


def test_where_nothing_fits_nothing_is_written(two_sets):
    assert update_set_as(Spend.objects.none(), by=None, reason="x", account="1") == 0
    assert not Spend.history.filter(history_type="~").exists()


def test_many_rows_take_as_many_statements_as_few(two_sets):
    def statements(rows):
        with CaptureQueriesContext(connection) as captured:
            update_set_as(rows, by=None, reason="coded", account="6815")
        return len(captured)

    few = statements(Spend.objects.filter(pk=two_sets[0][0].pk))
    assert statements(Spend.objects.all()) == few
