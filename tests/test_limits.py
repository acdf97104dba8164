"""Who searches, exports or prints far more often than any person does is answered by 429."""

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from config import limits
from config.limits import Limit
from tests.factories import AssetFactory, PersonFactory, UserFactory
from tests.rendering import bare

SEARCHED = [it for it in admin.site._registry.values() if it.search_fields]
ASSETS = reverse("admin:assets_asset_changelist")
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _once(monkeypatch):
    """One of each, in a time that does not end during a test."""
    for name in limits.LIMITS:
        monkeypatch.setitem(limits.LIMITS, name, Limit(1, 10**9))


@pytest.fixture
def ann(client, superuser):
    PersonFactory(user=superuser, email=superuser.email)
    client.force_login(superuser)
    return client


def statuses(client, *addresses):
    with bare():
        return [client.get(it).status_code for it in addresses]


def listed(model_admin):
    return reverse(f"admin:{model_admin.opts.app_label}_{model_admin.opts.model_name}_changelist")


@pytest.mark.parametrize("model_admin", SEARCHED, ids=lambda it: it.opts.label)
def test_every_list_is_searched_so_often_and_opened_as_often_as_one_likes(ann, model_admin):
    found = f"{listed(model_admin)}?q=nowhere"

    assert statuses(ann, found, found) == [200, 429]
    assert statuses(ann, listed(model_admin), listed(model_admin)) == [200, 200]


@pytest.mark.parametrize(
    "address",
    [
        f"{ASSETS}?q=nowhere",
        "/admin/search/?s=nowhere",
        "/admin/autocomplete/?app_label=assets&model_name=asset&field_name=product&term=nowhere",
        "/help/?q=nowhere",
    ],
)
def test_all_ways_of_searching_count_together(ann, address):
    """The palette looks through several lists at once, and counts once."""
    assert ann.get(address).status_code == 200
    assert statuses(ann, f"{ASSETS}?q=nowhere") == [429]


def test_exports_reports_and_labels_count_together(ann):
    asset = AssetFactory()
    files = [f"{ASSETS}export/csv/", "/admin/contracts/contract/report/notices/csv/"]
    chosen = {"_selected_action": [asset.pk], "action": "export_xlsx"}
    label = reverse("admin:assets_asset_step", args=[asset.pk, "print_labels"])
    layout = ann.get(label).context["form"].fields["layout"].choices[0][0]
    for first in files:
        limits.memory.clear()
        assert statuses(ann, first, *files) == [200, 429, 429]
    assert ann.post(ASSETS, chosen).status_code == 429
    assert ann.post(label, {"apply": "1", "layout": layout}).status_code == 429
    limits.memory.clear()
    assert ann.post(label, {"apply": "1", "layout": layout}).status_code == 200
    assert ann.post(ASSETS, chosen).status_code == 429


def test_the_page_says_what_to_do_and_another_user_is_not_kept_waiting(ann):
    other = Client()
    other.force_login(UserFactory(is_staff=True, is_superuser=True))
    statuses(ann, f"{ASSETS}?q=nowhere")

    page = ann.get(f"{ASSETS}?q=nowhere")

    assert page.status_code == 429
    assert "wait a few minutes" in page.text
    assert statuses(other, f"{ASSETS}?q=nowhere") == [200]


def test_a_limit_counts_anew_in_the_next_period(monkeypatch):
    now = 1_000_000_020
    monkeypatch.setattr(limits.time, "time", lambda: now)
    assert [limits.is_over("ann", Limit(2, 60)) for _ in range(3)] == [False, False, True]

    now += 60

    assert not limits.is_over("ann", Limit(2, 60))
