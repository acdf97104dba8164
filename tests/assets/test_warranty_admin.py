"""Warranties and vendors' contacts in the back office."""

from datetime import date
from decimal import Decimal

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.urls import reverse

from assets.contacts import contacts_of
from assets.models import Warranty
from tests.factories import (
    AssetFactory,
    RepairFactory,
    VendorContactFactory,
    VendorFactory,
    WarrantyFactory,
)
from tests.importing import load
from tests.test_exports import content
from tests.test_record_pages import fields_of, page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("without_menus")]
LIST = reverse("admin:assets_warranty_changelist")
NEW = "warranties-2-0-"


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel("2026-11-24 12:00", tick=False):
        yield


@pytest.fixture
def clerk(client, it):
    client.force_login(it)
    return client


@pytest.fixture
def laptop():
    first, last = date(2024, 1, 1), date(2026, 12, 31)
    return AssetFactory(tag="LT-1", warranty_starts_on=first, warranty_ends_on=last)


def days(asset):
    asset.refresh_from_db()
    return asset.warranty_starts_on, asset.warranty_ends_on


def added(shown, **row):
    """What a browser sends that adds this warranty on the page of its asset."""
    values = {"kind": "extension", "currency": "EUR", **row}
    return {
        **shown,
        "warranties-2-TOTAL_FORMS": "1",
        **{NEW + name: value for name, value in values.items()},
    }


def words_of(response):
    return " ".join(response.content.decode().split())


def test_the_page_of_an_asset_says_which_one_counts(clerk, laptop):
    dell = VendorFactory(name="Dell")
    WarrantyFactory(
        asset=laptop, kind="extension", provider=dell, starts_on=date(2027, 7, 1), months=12
    )
    shown = words_of(clerk.get(page(laptop)))
    assert "Counts: the extension by Dell until 30 June 2028." in shown
    assert "Runs today: the warranty that it came with, until 31 December 2026." in shown
    assert "From 1 January 2027 to 30 June 2027 none runs." in shown


def test_one_that_is_added_on_the_page_of_its_asset_counts_at_once(clerk, it, laptop):
    sent = added(fields_of(clerk.get(page(laptop))), starts_on="2027-01-01", months="12")

    assert clerk.post(page(laptop), {**sent, "reason": "kept longer"}).status_code == 302

    made = laptop.warranties.get(kind="extension")
    assert made.ends_on == date(2027, 12, 31)
    assert days(laptop) == (date(2024, 1, 1), date(2027, 12, 31))
    version = laptop.history.first()
    assert (version.history_user, version.history_change_reason) == (it, "kept longer")


def test_one_that_is_corrected_or_deleted_on_that_page_settles_it_too(clerk, laptop):
    shown = fields_of(clerk.get(page(laptop)))
    sent = {**shown, "warranties-0-ends_on": "2027-02-28"}
    assert clerk.post(page(laptop), sent).status_code == 302
    assert days(laptop) == (date(2024, 1, 1), date(2027, 2, 28))

    sent = {**fields_of(clerk.get(page(laptop))), "warranties-0-DELETE": "on"}
    assert clerk.post(page(laptop), sent).status_code == 302
    assert days(laptop) == (None, None)


def test_finance_adds_one_with_what_it_costs_and_changes_nothing_else(client, finance, laptop):
    client.force_login(finance)
    shown = fields_of(client.get(page(laptop)))
    sent = added(shown, starts_on="2027-01-01", months="12", cost="120.00")
    assert client.post(page(laptop), {**sent, "hostname": "mine"}).status_code == 302
    assert laptop.warranties.get(kind="extension").cost == Decimal("120.00")
    laptop.refresh_from_db()
    assert laptop.hostname == ""


def test_who_may_only_look_adds_none(client, auditor, laptop):
    client.force_login(auditor)
    assert NEW not in client.get(page(laptop)).content.decode()
    assert client.post(page(laptop), added({}, ends_on="2030-01-01")).status_code == 403
    assert laptop.warranties.count() == 1


def test_its_cost_is_for_those_who_may_see_costs(client, service_desk, finance, laptop):
    row = WarrantyFactory(asset=laptop, cost="777.77")
    addresses = page(laptop), LIST, page(row)
    client.force_login(finance)
    assert all("777.77" in words_of(client.get(it)) for it in addresses)
    client.force_login(service_desk)
    assert not any("777.77" in words_of(client.get(it)) for it in addresses)


def test_who_may_not_see_warranties_is_not_told_of_them(client, service_desk, laptop):
    service_desk.groups.clear()
    service_desk.user_permissions.set(Permission.objects.filter(codename="view_asset"))
    client.force_login(service_desk)
    assert "Counts:" not in words_of(client.get(page(laptop)))


# --- Its days ---


@pytest.mark.parametrize(
    ("typed", "ends", "months"),
    [
        ({"months": "24"}, date(2025, 12, 31), 24),
        ({"ends_on": "2025-06-30"}, date(2025, 6, 30), None),
        ({"months": "24", "ends_on": "2025-12-31"}, date(2025, 12, 31), 24),
        ({"starts_on": "2024-02-01"}, date(2025, 1, 31), 12),
        ({"starts_on": "", "ends_on": "2025-06-30"}, date(2025, 6, 30), None),
    ],
)
def test_what_was_typed_last_gives_the_last_day(clerk, typed, ends, months):
    row = WarrantyFactory(starts_on=date(2024, 1, 1), months=12)
    sent = {**fields_of(clerk.get(page(row))), **typed}
    assert clerk.post(page(row), sent).status_code == 302
    row.refresh_from_db()
    assert (row.ends_on, row.months) == (ends, months)
    assert days(row.asset)[1] == ends


def test_months_and_a_last_day_that_do_not_agree_are_refused(clerk):
    row = WarrantyFactory(starts_on=date(2024, 1, 1), months=12)
    sent = {**fields_of(clerk.get(page(row))), "months": "24", "ends_on": "2025-06-30"}
    shown = words_of(clerk.post(page(row), sent))
    assert "24 months last from 1 January 2024 until 31 December 2025." in shown


def test_without_any_last_day_it_is_refused(clerk, laptop):
    sent = added(fields_of(clerk.get(page(laptop))), months="24")
    shown = words_of(clerk.post(page(laptop), sent))
    assert "Give its last day, or its first day and for how many months." in shown
    assert laptop.warranties.count() == 1


# --- The list ---


def test_the_list_is_narrowed_down_to_what_runs_today(clerk):
    for day, months, reference in [
        (date(2026, 1, 1), 12, "RUNS"),
        (date(2020, 1, 1), 12, "ENDED"),
        (date(2027, 1, 1), 12, "BEGINS"),
    ]:
        WarrantyFactory(starts_on=day, months=months, reference=reference)
    for chosen, found in [("runs", "RUNS"), ("ended", "ENDED"), ("begins", "BEGINS")]:
        shown = clerk.get(LIST, {"today": chosen}).content.decode()
        assert {it for it in ("RUNS", "ENDED", "BEGINS") if it in shown} == {found}


def test_one_is_added_in_the_list_and_deleted_there(clerk, laptop):
    add = reverse("admin:assets_warranty_add")
    sent = {
        **fields_of(clerk.get(add)),
        "asset": laptop.pk,
        "kind": "insurance",
        "starts_on": "2026-11-01",
        "months": "24",
    }
    assert clerk.post(add, sent).status_code == 302
    assert days(laptop) == (date(2024, 1, 1), date(2028, 10, 31))

    row = laptop.warranties.get(kind="insurance")
    assert clerk.post(page(row, "delete"), {"post": "yes"}).status_code == 302
    assert days(laptop) == (date(2024, 1, 1), date(2026, 12, 31))

    chosen = {"action": "delete_selected", "_selected_action": [laptop.warranties.get().pk]}
    assert clerk.post(LIST, {**chosen, "post": "yes"}).status_code == 302
    assert days(laptop) == (None, None)


def test_a_warranty_stays_with_its_asset(clerk, laptop):
    row, other = laptop.warranties.get(), AssetFactory()
    sent = {**fields_of(clerk.get(page(row))), "asset": other.pk, "reference": "4711"}
    assert clerk.post(page(row), sent).status_code == 302
    row.refresh_from_db()
    assert (row.asset, row.reference) == (laptop, "4711")


# --- Extending ---


def test_many_are_extended_from_the_list(client, finance, laptop):
    other, gone = AssetFactory(warranty_ends_on=date(2027, 1, 31)), AssetFactory(state="retired")
    client.force_login(finance)
    dell = VendorFactory(name="Dell")
    sent = {
        "action": "extend_warranty",
        "_selected_action": [laptop.pk, other.pk, gone.pk],
        "apply": "1",
        "months": "12",
        "provider": dell.pk,
        "cost": "80.00",
        "reason": "the budget for new ones is spent",
    }
    shown = words_of(client.post(reverse("admin:assets_asset_changelist"), sent, follow=True))

    assert "Extend warranty: 2 of 3 done." in shown
    assert "is retired: its warranty is not extended any more" in shown
    assert days(laptop)[1] == date(2027, 12, 31)
    assert days(other)[1] == date(2028, 1, 31)
    made = Warranty.objects.filter(kind="extension", provider=dell, cost="80.00")
    assert made.count() == 2


def test_a_wrong_currency_is_refused_where_it_stands(clerk, laptop):
    sent = {"apply": "1", "months": "12", "cost": "1", "currency": "eu"}
    step = reverse("admin:assets_asset_step", args=[laptop.pk, "extend_warranty"])
    assert "ISO 4217" in words_of(clerk.post(step, sent))
    assert laptop.warranties.count() == 1


# --- A repair that is claimed afterwards ---


def test_a_repair_is_not_claimed_afterwards_on_a_warranty_that_had_ended(clerk, laptop):
    repair = RepairFactory(asset=laptop, sent_on=date(2027, 1, 1))
    sent = {**fields_of(clerk.get(page(repair))), "on_warranty": "on"}
    assert "ended on 31 December 2026" in words_of(clerk.post(page(repair), sent))
    repair.sent_on = date(2026, 12, 31)
    repair.save()
    sent = {**fields_of(clerk.get(page(repair))), "on_warranty": "on"}
    assert clerk.post(page(repair), sent).status_code == 302


# --- Vendors ---


def test_a_vendor_has_contacts_and_an_address_and_is_found_by_them(clerk):
    vendor = VendorFactory(name="Elbsystem")
    VendorFactory(name="Another")
    sent = {
        **fields_of(clerk.get(page(vendor))),
        "address": "Am Sandtorkai 1\n20457 Hamburg",
        "contacts-TOTAL_FORMS": "1",
        "contacts-0-name": "Cora Lind",
        "contacts-0-email": "cora@elbsystem.example",
        "contacts-0-takes_notices": "on",
    }
    assert clerk.post(page(vendor), sent).status_code == 302
    vendor.refresh_from_db()
    assert vendor.address.splitlines() == ["Am Sandtorkai 1", "20457 Hamburg"]
    assert vendor.contacts.get().takes_notices
    for words in ("lind", "cora@elbsystem"):
        found = clerk.get(reverse("admin:assets_vendor_changelist"), {"q": words})
        assert found.url == page(vendor)


def test_who_takes_notices_comes_first_among_the_contacts():
    vendor = VendorFactory()
    names = [("Ben", False), ("Cora", True), ("Ada", False)]
    for name, takes_notices in names:
        VendorContactFactory(vendor=vendor, name=name, takes_notices=takes_notices)
    VendorContactFactory(name="Of another")
    assert [it.name for it in contacts_of(vendor)] == ["Cora", "Ada", "Ben"]


def test_the_address_of_a_vendor_is_in_his_spreadsheet_both_ways(clerk):
    load("vendors", ["vendor", "postal address"], ["Dell", "Unterschweinstiege 10, Frankfurt"])
    exported = clerk.get(reverse("admin:assets_vendor_export", args=["csv"]))
    assert b"Unterschweinstiege 10, Frankfurt" in content(exported)
