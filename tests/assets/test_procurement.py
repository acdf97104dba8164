"""Orders: placed with open eyes, received serial by serial, cancelled."""

from datetime import date, timedelta
from decimal import Decimal
from unittest.mock import patch

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from assets import lifecycle, procurement
from assets.models import Asset, Order
from assets.precaution import warnings
from tests.factories import (
    AssetFactory,
    CategoryFactory,
    LocationFactory,
    OrderFactory,
    OrderLineFactory,
    ProductFactory,
    VendorFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def store():
    return LocationFactory(name="Store Berlin")


@pytest.fixture
def latitude():
    return ProductFactory(name="Latitude", category=CategoryFactory(name="Laptop", tag_prefix="LT"))


def placed(product=None, quantity=3, ordered_on=date(2026, 11, 3), **fields):
    product = product or ProductFactory()
    order = OrderFactory(state="ordered", ordered_on=ordered_on, number="PO-1001")
    return OrderLineFactory(order=order, product=product, quantity=quantity, **fields)


# --- Placing -------------------------------------------------------------------------------------


def test_an_order_is_placed_on_a_day_and_its_history_says_by_whom(it):
    order = OrderLineFactory().order

    procurement.place(order, by=it)

    order.refresh_from_db()
    assert (order.state, order.ordered_on) == ("ordered", timezone.localdate())
    assert order.history.latest().history_user == it


@pytest.mark.parametrize(
    ("state", "sentence"),
    [("ordered", "is ordered: it cannot be placed. It must be draft."), ("cancelled", "cancelled")],
)
def test_only_a_draft_is_placed(it, state, sentence):
    order = OrderFactory(state=state, ordered_on=date(2026, 11, 3))

    with pytest.raises(ValidationError, match=sentence):
        procurement.place(order, by=it)


def test_an_order_without_a_line_is_not_placed(it):
    with pytest.raises(ValidationError, match="has no line"):
        procurement.place(OrderFactory(), by=it)


def test_no_order_is_placed_tomorrow(it):
    tomorrow = timezone.localdate() + timedelta(1)
    with pytest.raises(ValidationError, match="has not come yet"):
        procurement.place(OrderLineFactory().order, ordered_on=tomorrow, by=it)


# --- Warnings ------------------------------------------------------------------------------------


def test_unused_stock_is_named_by_place_before_more_is_ordered(it, latitude, store):
    headquarters = LocationFactory(name="HQ")
    AssetFactory.create_batch(2, product=latitude, location=store)
    AssetFactory(product=latitude, location=headquarters)
    AssetFactory(product=latitude, state="retired")
    AssetFactory.create_batch(2, product__category=latitude.category)
    order = OrderLineFactory(product=latitude).order

    sentences = warnings(order)

    assert sentences == [
        f"3 {latitude} lie in stock unused (Store Berlin 2, HQ 1).",
        "2 others of the category Laptop lie in stock unused.",
    ]
    with pytest.raises(ValidationError, match="lie in stock unused"):
        procurement.place(order, by=it)
    assert procurement.place(order, all_the_same=True, by=it).state == "ordered"


@pytest.mark.parametrize(
    ("quantity", "fields", "warned"),
    [
        (20, {}, True),
        (15, {}, True),
        (14, {}, False),
        (27, {}, False),
        (20, {"state": "received", "ordered_on": date(2026, 9, 25)}, True),
        (20, {"state": "received", "ordered_on": date(2026, 9, 24)}, False),
        (20, {"state": "partly", "ordered_on": date(2026, 1, 1)}, True),
        (20, {"state": "cancelled"}, False),
        (20, {"state": "draft", "ordered_on": None}, False),
    ],
)
def test_a_second_order_for_as_many_of_the_same_looks_like_a_duplicate(
    latitude, quantity, fields, warned
):
    fields = {"state": "ordered", "ordered_on": date(2026, 11, 3), **fields}
    OrderLineFactory(
        order=OrderFactory(number="PO-1001", **fields), product=latitude, quantity=quantity
    )
    order = OrderLineFactory(product=latitude, quantity=20).order

    sentences = warnings(order, date(2026, 11, 24))

    assert bool(sentences) == warned
    if quantity == 20 and fields["ordered_on"] == date(2026, 11, 3) and warned:
        assert sentences == [
            "PO-1001 of 3 November 2026 orders 20 of the same; it looks like a duplicate."
        ]


def test_warnings_take_as_many_queries_for_many_lines(django_assert_num_queries, latitude):
    order = OrderLineFactory(product=latitude).order
    for _ in range(5):
        OrderLineFactory(order=order)
        AssetFactory(product=latitude)
    with django_assert_num_queries(3):
        assert warnings(order)


# --- Receiving -----------------------------------------------------------------------------------


def test_what_is_received_becomes_assets_with_all_that_the_order_knows(it, latitude, store):
    line = placed(latitude, unit_cost=Decimal("999.50"), warranty_months=36)

    assets = procurement.receive_line(
        line, serials=["SN1", "SN2"], location=store, received_on=date(2026, 11, 20), by=it
    )

    line.refresh_from_db()
    asset = Asset.objects.get(serial="SN1")
    assert [it.serial for it in assets] == ["SN1", "SN2"]
    assert (asset.tag, asset.state, asset.location) == ("LT-000001", "in_stock", store)
    assert (asset.product, asset.order_line, asset.order_number) == (latitude, line, "PO-1001")
    assert (asset.supplier, asset.purchased_on) == (line.order.supplier, date(2026, 11, 3))
    assert (asset.in_service_on, asset.placed_on) == (date(2026, 11, 20),) * 2
    assert (asset.cost, asset.currency) == (Decimal("999.50"), line.order.currency)
    assert asset.warranty_starts_on == date(2026, 11, 20)
    assert asset.warranty_ends_on == date(2029, 11, 19)
    assert asset.history.get().history_user == it
    assert (line.received, line.order.state) == (2, "partly")


def test_an_order_is_received_once_nothing_is_outstanding(it, store):
    line = placed(quantity=1)
    other = OrderLineFactory(order=line.order, quantity=2)

    procurement.receive_line(line, quantity=1, location=store, by=it)
    assert Order.objects.get().state == "partly"
    procurement.receive_line(other, quantity=2, location=store, by=it)

    assert Order.objects.get().state == "received"
    with pytest.raises(ValidationError, match="is received: it cannot be received"):
        procurement.receive_line(other, quantity=1, location=store, by=it)


def test_without_months_on_the_line_the_product_says_how_long_its_warranty_is(it, store):
    line = placed(ProductFactory(warranty_months=1))
    [asset] = procurement.receive_line(
        line, quantity=1, location=store, received_on=date(2026, 11, 5), by=it
    )
    assert asset.warranty_ends_on == date(2026, 12, 4)


def test_no_months_mean_no_warranty(it, store):
    line = placed(ProductFactory(warranty_months=24), warranty_months=0)
    [asset] = procurement.receive_line(line, quantity=1, location=store, by=it)
    assert (asset.warranty_starts_on, asset.warranty_ends_on) == (None, None)


def test_what_must_be_inspected_waits_for_it(it, store):
    line = placed(ProductFactory(category__needs_inspection=True))
    [asset] = procurement.receive_line(line, quantity=1, location=store, by=it)
    assert asset.state == "received"


def test_what_is_rejected_is_awaited_anew_and_its_replacement_received(it, store):
    line = placed(ProductFactory(category__needs_inspection=True), quantity=2)
    broken, fine = procurement.receive_line(line, serials=["SN1", "SN2"], location=store, by=it)
    assert Order.objects.get().state == "received"

    lifecycle.inspect([broken], passed=False, remark="Cracked.", by=it)
    lifecycle.inspect([fine], passed=True, by=it)

    line.refresh_from_db()
    assert (line.received, line.outstanding, Order.objects.get().state) == (1, 1, "partly")
    assert line.history.latest().history_change_reason == "rejected: Cracked."
    procurement.receive_line(line, serials=["SN3"], location=store, by=it)
    assert Order.objects.get().state == "received"


def test_an_order_that_was_cancelled_awaits_nothing_in_place_of_what_is_rejected(it, store):
    line = placed(ProductFactory(category__needs_inspection=True), quantity=2)
    [broken] = procurement.receive_line(line, serials=["SN1"], location=store, by=it)
    procurement.cancel(line.order, reason="too late", by=it)
    lifecycle.inspect([broken], passed=False, remark="Cracked.", by=it)
    assert Order.objects.get().state == "cancelled"


def test_what_came_on_no_order_is_rejected_all_the_same(it):
    product = ProductFactory(category__needs_inspection=True)
    asset = AssetFactory(product=product, state="received")
    assert lifecycle.inspect([asset], passed=False, remark="Cracked.", by=it).done == [asset]


def test_planned_assets_arrive_before_new_ones_are_made(it, latitude, store):
    line = placed(latitude)
    planned = AssetFactory.create_batch(2, product=latitude, state="planned")
    lifecycle.order(planned, order=line.order, by=it)

    procurement.receive_line(line, serials=["SN1", "SN2", "SN3"], location=store, by=it)

    line.refresh_from_db()
    states = Asset.objects.order_by("pk").values_list("pk", "serial", "state")
    assert list(states)[:2] == [
        (planned[0].pk, "SN1", "in_stock"),
        (planned[1].pk, "SN2", "in_stock"),
    ]
    assert Asset.objects.count() == 3
    assert (line.received, line.order.state) == (3, "received")


def test_what_a_maker_prints_before_the_serial_on_a_carton_is_left_out(it, store):
    product = ProductFactory(maker=VendorFactory(name="HP", is_maker=True))
    line = placed(product, quantity=1)
    (asset,) = procurement.receive_line(line, serials=["SCNC819R159"], location=store, by=it)
    assert asset.serial == "CNC819R159"


def test_a_planned_asset_with_a_serial_of_its_own_is_the_one_that_arrives(it, latitude, store):
    line = placed(latitude)
    first = AssetFactory(product=latitude, state="planned")
    named = AssetFactory(product=latitude, state="planned", serial="SN-7")
    lifecycle.order([first, named], order=line.order, by=it)

    procurement.receive_line(line, serials=["sn7"], location=store, by=it)

    assert Asset.objects.get(state="in_stock") == named
    assert Asset.objects.get(state="ordered") == first


@pytest.mark.parametrize("by_its_own_step", [True, False])
def test_an_asset_in_whose_place_another_came_is_planned_again(
    it, latitude, store, by_its_own_step
):
    line = placed(latitude, quantity=2)
    waiting = {"product": latitude, "state": "ordered", "order_line": line}
    first, second = (AssetFactory(serial=it, **waiting) for it in ("AAA-1", "BBB-2"))
    procurement.receive_line(line, serials=["CCC-3"], location=store, by=it)
    assert {Asset.objects.get(pk=each.pk).state for each in (first, second)} == {"ordered"}

    if by_its_own_step:
        lifecycle.receive([first], location=store, by=it)
    else:
        procurement.receive_line(line, serials=["AAA-1"], location=store, by=it)

    second.refresh_from_db()
    line.order.refresh_from_db()
    assert (line.order.state, second.state, second.serial) == ("received", "planned", "BBB-2")
    assert (second.order_line, second.supplier, second.order_number) == (None, None, "")
    version = second.history.latest()
    assert version.history_user == it
    assert "is complete without it" in version.history_change_reason
    lifecycle.one(lifecycle.receive, second, location=store, by=it)


def test_what_waits_for_another_line_of_the_order_waits_on(it, latitude, store):
    line = placed(latitude, quantity=1)
    other = OrderLineFactory(order=line.order, product=latitude, quantity=1)
    waiting = AssetFactory(product=latitude, state="ordered", order_line=other)

    procurement.receive_line(line, serials=["CCC-3"], location=store, by=it)

    waiting.refresh_from_db()
    assert (waiting.state, waiting.order_line) == ("ordered", other)


def test_an_ordered_asset_received_by_its_own_step_counts_on_its_line(it, latitude, store):
    line = placed(latitude, quantity=1)
    asset = AssetFactory(product=latitude, state="planned")
    lifecycle.order([asset], order=line.order, by=it)

    lifecycle.receive([asset], location=store, by=it)

    line.refresh_from_db()
    assert (line.received, line.order.state) == (1, "received")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"serials": ["A1", "A2", "a-1"]}, "A1, as a-1, is there twice"),
        ({"serials": ["A1", "A1"]}, "A1 is there twice"),
        ({"serials": ["KNOWN"]}, "KNOWN is on the register already: T-"),
        ({"serials": ["N/A"]}, '"N/A" is no serial number'),
        ({"serials": ["3.56E+14"]}, '"3.56E\\+14" has lost digits, Excel took it for a number'),
        ({"serials": ["#N/A"]}, '"#N/A" is what Excel shows where a formula failed'),
        ({"serials": ["X1" * 61]}, "longer than 120 characters"),
        ({"serials": ["A1", "A2", "A3", "A4"]}, "3 more are awaited, so 4 cannot be received"),
        ({"quantity": 4}, "3 more are awaited, so 4 cannot be received"),
        ({}, "Scan the serials"),
        ({"quantity": 0}, "Scan the serials"),
        ({"quantity": -1}, "Scan the serials"),
        ({"serials": ["A1"], "quantity": 2}, "There are 1 serials, and the quantity is 2"),
        ({"quantity": 1, "received_on": date(2026, 11, 2)}, "nothing was received before"),
        ({"quantity": 1, "received_on": date(2999, 1, 1)}, "has not come yet"),
    ],
)
def test_what_cannot_be_received_is_refused_in_words_and_changes_nothing(
    it, store, options, sentence
):
    line = placed()
    AssetFactory(product=line.product, serial="KNOWN")

    with pytest.raises(ValidationError, match=sentence):
        procurement.receive_line(line, location=store, by=it, **options)

    line.refresh_from_db()
    assert (line.received, Asset.objects.count()) == (0, 1)


@pytest.mark.parametrize("state", ["draft", "cancelled"])
def test_nothing_is_received_of_what_was_not_ordered(it, store, state):
    line = OrderLineFactory(order__state=state)
    with pytest.raises(ValidationError, match="It must be ordered or partly received"):
        procurement.receive_line(line, quantity=1, location=store, by=it)


def test_a_paste_and_a_scan_are_read_alike():
    text = "SN1\r\nSN2, SN3;SN4\tSN5\n\n  \x1dSN6\x04 \n"
    assert procurement.serials_in(text) == ["SN1", "SN2", "SN3", "SN4", "SN5", "SN6"]


def test_a_thousand_serials_take_few_queries(it, latitude, store, django_assert_max_num_queries):
    line = placed(latitude, quantity=1000)
    serials = [f"SN{number:05}" for number in range(1000)]
    with django_assert_max_num_queries(120):
        procurement.receive_line(line, serials=serials, location=store, by=it)
    assert Asset.objects.count() == Asset.history.count() == 1000


def test_the_same_serial_received_by_two_lines_at_once_is_told_to_the_second(it, store):
    """Whoever comes second has looked before the first wrote: the database refuses, in words."""
    line = placed()
    AssetFactory(product=line.product, serial="SN1")
    with (
        patch("assets.receiving.checked_serials", lambda line, serials: list(serials)),
        pytest.raises(ValidationError, match="came onto the register a moment ago"),
    ):
        procurement.receive_line(line, serials=["SN1"], location=store, by=it)


# --- Cancelling ----------------------------------------------------------------------------------


def test_what_was_received_of_a_cancelled_order_stays_and_the_rest_is_planned_again(
    it, latitude, store
):
    line = placed(latitude)
    planned = AssetFactory.create_batch(2, product=latitude, state="planned")
    lifecycle.order(planned, order=line.order, by=it)
    procurement.receive_line(line, serials=["SN1"], location=store, by=it)

    procurement.cancel(line.order, by=it, reason="sold out")

    there, waits = Asset.objects.order_by("pk")
    assert (there.state, there.order_line) == ("in_stock", line)
    assert (waits.state, waits.order_line, waits.order_number) == ("planned", None, "")
    assert waits.history.latest().history_change_reason.endswith("was cancelled: sold out")
    assert Order.objects.get().state == "cancelled"


@pytest.mark.parametrize("state", ["received", "cancelled"])
def test_what_is_over_is_not_cancelled(it, state):
    order = OrderFactory(state=state, ordered_on=date(2026, 11, 3))
    with pytest.raises(ValidationError, match="cannot be cancelled"):
        procurement.cancel(order, by=it, reason="why not")


def test_cancelling_needs_a_reason(it):
    with pytest.raises(ValidationError, match="Say why"):
        procurement.cancel(OrderFactory(), by=it, reason=" ")


# --- In the back office --------------------------------------------------------------------------


def page(order, step=""):
    name = "step" if step else "change"
    return reverse(f"admin:assets_order_{name}", args=[order.pk, *([step] if step else [])])


def test_a_clerk_writes_an_order_places_it_and_receives_it_by_scanning(client, it, latitude, store):
    client.force_login(it)
    supplier = VendorFactory()
    form = {"number": "PO-1", "supplier": supplier.pk, "currency": "EUR", "notes": ""}
    lines = {"0-product": latitude.pk, "0-quantity": 2, "0-unit_cost": "900"}
    counts = {"TOTAL_FORMS": 1, "INITIAL_FORMS": 0}
    form |= {f"lines-{name}": value for name, value in (lines | counts).items()}
    assert client.post(reverse("admin:assets_order_add"), form).status_code == 302
    order = Order.objects.get()

    placing = {"apply": "1", "ordered_on": "2026-11-20"}
    assert client.post(page(order, "place"), placing).status_code == 302
    assert "2 × " in client.get(page(order, "receive")).text
    scan = {"apply": "1", "line": order.lines.get().pk, "serials": "SN1\r\nSN2\r\n"}
    scan |= {"location": store.pk, "received_on": "2026-11-23"}
    assert client.post(page(order, "receive"), scan).status_code == 302

    order.refresh_from_db()
    assert order.state == "received"
    assert set(Asset.objects.values_list("serial", "cost")) == {("SN1", 900), ("SN2", 900)}
    shown = client.get(page(order)).text
    address = reverse("admin:assets_asset_changelist") + f"?order_line__order={order.pk}"
    assert address in shown
    assert "2 assets" in shown
    assert client.get(address).status_code == 200


def test_a_draft_says_what_lies_unused_and_is_placed_only_with_a_tick(client, it, latitude):
    AssetFactory(product=latitude)
    order = OrderLineFactory(product=latitude).order
    client.force_login(it)
    assert "lies in stock unused" in client.get(page(order)).text

    form = {"apply": "1", "ordered_on": "2026-11-20"}
    refused = client.post(page(order, "place"), form)
    assert "lies in stock unused" in refused.text
    assert Order.objects.get().state == "draft"

    assert client.post(page(order, "place"), form | {"all_the_same": "on"}).status_code == 302
    assert Order.objects.get().state == "ordered"


def test_a_draft_gets_another_line_beside_the_one_it_has(client, it, latitude):
    line = OrderLineFactory(quantity=3)
    client.force_login(it)
    sent = {}
    shown = client.get(page(line.order)).context
    forms = [shown["adminform"].form]
    for inline in shown["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    for form in forms:
        values = {field.html_name: field.value() for field in form}
        sent |= {name: "" if value is None else value for name, value in values.items()}
    new = {"lines-2-0-product": latitude.pk, "lines-2-0-quantity": 5, "lines-0-quantity": 4}

    assert client.post(page(line.order), sent | new).status_code == 302

    assert list(line.order.lines.values_list("product", "quantity")) == [
        (line.product_id, 4),
        (latitude.pk, 5),
    ]


def test_without_a_warning_there_is_no_tick(client, it):
    client.force_login(it)
    assert "all_the_same" not in client.get(page(OrderLineFactory().order, "place")).text


def test_a_serial_on_the_register_is_refused_on_the_page_that_keeps_what_was_scanned(
    client, it, store
):
    line = placed()
    known = AssetFactory(product=line.product, serial="KNOWN")
    client.force_login(it)
    form = {"apply": "1", "line": line.pk, "serials": "KNOWN\nNEW", "location": store.pk}
    shown = client.post(page(line.order, "receive"), form | {"received_on": "2026-11-23"}).text
    assert f"KNOWN is on the register already: {known}" in shown
    assert "KNOWN\nNEW</textarea>" in shown


def test_the_lines_of_a_placed_order_stay_as_they_are(client, it):
    line = placed(quantity=3)
    client.force_login(it)
    shown = client.get(page(line.order))
    assert "0 of 3" in shown.text
    form = {"number": "PO-1001", "version": line.order.history.latest().history_id}
    form |= {"lines-TOTAL_FORMS": 1, "lines-INITIAL_FORMS": 1, "lines-0-id": line.pk}
    form |= {"lines-0-quantity": 99, "lines-0-DELETE": "on"}

    client.post(page(line.order), form)

    line.refresh_from_db()
    assert line.quantity == 3


def test_the_number_of_a_placed_order_stays_that_of_its_assets(client, it, store):
    order = placed(quantity=2).order
    (asset,) = procurement.receive_line(order.lines.get(), quantity=1, location=store, by=it)
    client.force_login(it)
    version = order.history.latest().history_id
    form = {"number": "PO-2", "notes": "by ship", "version": version}
    form |= {"lines-TOTAL_FORMS": 0, "lines-INITIAL_FORMS": 0}

    client.post(page(order), form)

    order.refresh_from_db()
    assert (order.number, order.notes) == (asset.order_number, "by ship")


def test_a_form_from_before_the_placing_is_refused(client, it):
    line = OrderLineFactory(quantity=3)
    order = line.order
    version = order.history.latest().history_id
    procurement.place(order, by=it)
    client.force_login(it)
    form = {"number": "PO-9", "version": version, "currency": "EUR"}
    form |= {"lines-TOTAL_FORMS": 0, "lines-INITIAL_FORMS": 0}

    shown = client.post(page(order), form)

    assert "is ordered since you opened it" in shown.text
    assert Order.objects.get().number == order.number


@pytest.mark.parametrize("state", ["ordered", "received", "cancelled"])
def test_what_was_placed_is_never_deleted(client, superuser, state):
    order = OrderFactory(state=state, ordered_on=date(2026, 11, 3))
    client.force_login(superuser)
    client.post(reverse("admin:assets_order_delete", args=[order.pk]), {"post": "yes"})
    chosen = {"action": "delete_selected", "_selected_action": order.pk, "post": "yes"}
    client.post(reverse("admin:assets_order_changelist"), chosen)
    assert Order.objects.exists()


def test_a_draft_is_deleted_with_its_lines(client, it):
    order = OrderLineFactory().order
    client.force_login(it)
    client.post(reverse("admin:assets_order_delete", args=[order.pk]), {"post": "yes"})
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    ("who", "places", "receives", "sees_costs"),
    [
        ("it", 200, 200, True),
        ("finance", 200, 403, True),
        ("service_desk", 403, 403, False),
        ("auditor", 403, 403, True),
    ],
)
def test_each_role_has_its_part_in_orders(client, request, who, places, receives, sees_costs):
    line = placed(unit_cost=Decimal("777.25"))
    client.force_login(request.getfixturevalue(who))
    assert client.get(page(line.order, "place")).status_code == places
    assert client.get(page(line.order, "receive")).status_code == receives
    for address in (page(line.order), reverse("admin:assets_order_changelist")):
        shown = client.get(address)
        assert shown.status_code == 200
        assert ("777" in shown.text or "2,331" in shown.text) == sees_costs


def test_orders_are_exported_with_their_lines(client, finance):
    line = placed(quantity=3)
    client.force_login(finance)
    answer = client.get(reverse("admin:assets_order_export", args=["csv"]))
    text = b"".join(answer.streaming_content).decode()
    assert "PO-1001" in text
    assert f"3 × {line.product}" in text
