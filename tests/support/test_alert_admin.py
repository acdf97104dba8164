"""The ledger of alerts in the back office."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from support.ledger import raise_due
from support.models import Alert
from tests.factories import AssetFactory

TODAY = date(2026, 11, 24)
LIST = reverse("admin:support_alert_changelist")
pytestmark = pytest.mark.django_db


def warranties(number, days=5):
    return [AssetFactory(warranty_ends_on=TODAY + timedelta(days)) for _ in range(number)]


@pytest.mark.parametrize("role", ["it", "finance", "service_desk", "auditor"])
def test_staff_see_what_was_raised_and_open_the_record(client, request, role):
    client.force_login(request.getfixturevalue(role))
    (asset,) = warranties(1)
    raise_due(TODAY)

    page = client.get(LIST).text

    assert str(asset) in page
    assert reverse("admin:assets_asset_change", args=[asset.pk]) in page


def test_the_link_of_a_digest_shows_what_it_counted(client, it):
    client.force_login(it)
    warranties(1, days=-100)
    warranties(1, days=5)
    raise_due(TODAY)
    lapsed = Alert.objects.get(state="lapsed")

    page = client.get(
        LIST,
        {
            "rule__exact": "warranty",
            "state__exact": "lapsed",
            "recipient__id__exact": lapsed.recipient_id,
        },
    )

    assert list(page.context["cl"].result_list) == [lapsed]


def test_the_ledger_is_written_by_nobody(client, administrator):
    client.force_login(administrator)
    warranties(1)
    raise_due(TODAY)
    page = reverse("admin:support_alert_change", args=[Alert.objects.get().pk])

    assert client.get(page).status_code == 200
    assert client.post(page, {"state": "moot"}).status_code == 403


def test_ten_alerts_take_as_many_queries_as_one(client, it):
    client.force_login(it)
    counts = []
    client.get(LIST)
    for number in (1, 9):
        warranties(number)
        raise_due(TODAY)
        with CaptureQueriesContext(connection) as queries:
            client.get(LIST)
        counts.append(len(queries))

    assert counts[0] == counts[1]
