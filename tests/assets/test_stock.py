"""Cables, adapters and mice: in, out, back and counted."""

from datetime import date
from threading import Barrier
from unittest.mock import patch

import pytest
from django.core.exceptions import ValidationError
from django.db.models import Sum
from django.urls import reverse

from assets import stock
from assets.models import StockItem, StockMovement
from config import exports
from config.resources import kinds
from people.models import Message
from tests.assets.test_races import at_once
from tests.factories import (
    CategoryFactory,
    KitLineFactory,
    LocationFactory,
    PersonFactory,
    StockItemFactory,
    StockMovementFactory,
    UserFactory,
    VendorFactory,
)
from tests.importing import load, problems

pytestmark = pytest.mark.django_db
race = pytest.mark.django_db(transaction=True)


@pytest.fixture
def store():
    return LocationFactory(name="Store")


@pytest.fixture
def cable(store):
    return StockItemFactory(name="USB-C cable", location=store, quantity=12)


@pytest.fixture
def ada():
    return PersonFactory(name="Ada")


@pytest.fixture
def mailbox():
    return PersonFactory(name="IT", kind="shared", email="it@example.com", answers_for="it")


def ledger(item):
    rows = item.movements.order_by("pk")
    return list(rows.values_list("kind", "quantity", "balance", "person__name"))


def refused(move, *args, **options):
    with pytest.raises(ValidationError) as refusal:
        move(*args, **{"by": None, **options})
    return " ".join(refusal.value.messages)


# --- The moves -----------------------------------------------------------------------------------


def test_every_move_leaves_a_movement_with_what_lies_there_after_it(cable, ada, it):
    stock.deliver(cable, quantity=30, by=it, reason="delivery note 17")
    stock.issue(cable, quantity=3, to=ada, by=it)
    stock.give_back(cable, quantity=1, person=ada, by=it)
    stock.correct(cable, counted=38, by=it, reason="two were broken")

    cable.refresh_from_db()
    assert cable.quantity == 38
    assert ledger(cable) == [
        ("delivery", 30, 42, None),
        ("issue", -3, 39, "Ada"),
        ("return", 1, 40, "Ada"),
        ("correction", -2, 38, None),
    ]


def test_the_history_says_who_moved_it_and_why(cable, ada, it):
    movement = stock.issue(cable, quantity=3, to=ada, by=it, reason="new desk")

    for version in (cable.history.latest(), movement.history.get()):
        assert (version.history_user, version.history_change_reason) == (it, "new desk")
    assert movement.note == "new desk"


def test_what_is_not_explained_says_what_was_done(cable, ada, it):
    assert stock.issue(cable, quantity=3, to=ada, by=it).note == "handed out to Ada"
    assert stock.give_back(cable, quantity=1, person=ada, by=it).note == "returned by Ada"


def test_no_more_is_handed_out_than_lies_there(cable, ada):
    sentence = refused(stock.issue, cable, quantity=20, to=ada)

    assert sentence == "12 of USB-C cable (Store) lie there: 20 cannot be handed out."
    cable.refresh_from_db()
    assert cable.quantity == 12
    assert not cable.movements.exists()


@pytest.mark.parametrize(
    ("quantity", "beginning"),
    [(0, "None of USB-C cable (Store) lie there"), (1, "1 of USB-C cable (Store) lies there")],
)
def test_what_lies_there_is_told_in_words(store, ada, quantity, beginning):
    item = StockItemFactory(name="USB-C cable", location=store, quantity=quantity)
    assert refused(stock.issue, item, quantity=2, to=ada).startswith(beginning)


def test_the_last_one_can_be_handed_out(cable, ada):
    assert stock.issue(cable, quantity=12, to=ada, by=None).balance == 0


def test_a_stale_page_does_not_decide_how_many_lie_there(cable, ada):
    stale = StockItem.objects.get(pk=cable.pk)
    stock.issue(cable, quantity=10, to=ada, by=None)

    assert refused(stock.issue, stale, quantity=10, to=ada).startswith("2 of USB-C cable")


@pytest.mark.parametrize("quantity", [0, -1, stock.MOST + 1])
def test_only_a_sensible_number_is_booked(cable, ada, quantity):
    for move, more in ((stock.deliver, {}), (stock.issue, {"to": ada}), (stock.give_back, {})):
        sentence = refused(move, cable, quantity=quantity, **more)
        assert sentence == f"{quantity} cannot be booked: give a number from 1 to 1,000,000."


def test_no_place_keeps_more_than_a_place_can_keep(cable):
    sentence = refused(stock.deliver, cable, quantity=stock.MOST)
    assert sentence.startswith("1000012 of USB-C cable (Store) cannot lie there")
    cable.refresh_from_db()
    assert cable.quantity == 12


def test_nothing_is_handed_to_who_has_left(cable):
    gone = PersonFactory(name="Gone", leaves_on=date(2020, 1, 31))
    sentence = refused(stock.issue, cable, quantity=1, to=gone)
    assert sentence == "Gone left on 2020-01-31: nothing can be handed out."


def test_who_has_left_can_still_bring_it_back(cable, ada):
    stock.issue(cable, quantity=2, to=ada, by=None)
    ada.leaves_on = date(2020, 1, 31)
    ada.save()
    assert stock.give_back(cable, quantity=2, person=ada, by=None).balance == 12


def test_nobody_brings_back_more_than_he_got(cable, ada):
    stock.issue(cable, quantity=2, to=ada, by=None)
    stock.give_back(cable, quantity=1, person=ada, by=None)

    sentence = refused(stock.give_back, cable, quantity=2, person=ada)
    assert sentence.startswith("Ada has 1 of USB-C cable (Store): 2 cannot come back.")
    bob = PersonFactory(name="Bob")
    assert refused(stock.give_back, cable, quantity=1, person=bob).startswith("Bob has none of")


def test_what_was_never_booked_out_comes_back_from_nobody(cable):
    assert stock.give_back(cable, quantity=4, by=None).balance == 16


@pytest.mark.parametrize("reason", ["", "   "])
def test_a_correction_says_why(cable, reason):
    sentence = refused(stock.correct, cable, counted=3, reason=reason)
    assert sentence == "Say why the quantity is corrected."


def test_a_count_that_agrees_corrects_nothing(cable):
    sentence = refused(stock.correct, cable, counted=12, reason="counted")
    assert sentence == "12 of USB-C cable (Store) lie there already: there is nothing to correct."


@pytest.mark.parametrize("counted", [-1, stock.MOST + 1])
def test_a_count_is_a_number_that_can_lie_there(cable, counted):
    sentence = refused(stock.correct, cable, counted=counted, reason="counted")
    assert sentence.startswith(f"{counted} of USB-C cable (Store) cannot lie there")


# --- The minimum ---------------------------------------------------------------------------------


def test_it_is_told_once_each_time_an_item_reaches_its_minimum(cable, ada, mailbox):
    cable.minimum, cable.reorder_quantity = 10, 50
    cable.part_number, cable.supplier = "UC-1", VendorFactory(name="Acme")
    cable.save()

    stock.issue(cable, quantity=1, to=ada, by=None)
    assert not Message.objects.exists()
    stock.issue(cable, quantity=1, to=ada, by=None)
    stock.issue(cable, quantity=1, to=ada, by=None)

    message = Message.objects.get()
    assert (message.recipient, message.subject) == (
        mailbox,
        "Order more: USB-C cable (Store), 10 left",
    )
    for words in ("the minimum is 10", "Order so many: 50", "Supplier: Acme", "UC-1"):
        assert words in message.text
    assert reverse("admin:assets_stockitem_change", args=[cable.pk]) in message.text

    stock.deliver(cable, quantity=50, by=None)
    stock.correct(cable, counted=2, by=None, reason="a box was empty")
    assert Message.objects.count() == 2


def test_an_item_without_a_minimum_is_never_low(cable, ada, mailbox):
    stock.issue(cable, quantity=12, to=ada, by=None)
    assert not Message.objects.exists()


def test_a_refused_move_owes_no_mail(cable, ada, mailbox):
    cable.minimum = 12
    cable.save()
    refused(stock.issue, cable, quantity=13, to=ada)
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    ("quantity", "minimum", "low"), [(5, 5, True), (4, 5, True), (6, 5, False), (0, 0, False)]
)
def test_low_is_at_or_below_a_minimum_that_is_set(quantity, minimum, low):
    item = StockItemFactory(quantity=quantity, minimum=minimum)
    assert item.is_low is low
    assert StockItem.objects.low().exists() is low


# --- Two clerks at once --------------------------------------------------------------------------


def two_clerks_take_four_of_five():
    item, people = StockItemFactory(quantity=5), PersonFactory.create_batch(2)
    takes = [lambda to=to: stock.issue(item, quantity=4, to=to, by=None) for to in people]
    results = at_once(*takes)
    item.refresh_from_db()
    return item, [it for it in results if isinstance(it, Exception)]


@race
def test_of_two_clerks_at_once_the_second_is_told_what_is_left():
    for _ in range(10):
        item, errors = two_clerks_take_four_of_five()
        assert [type(error) for error in errors] == [ValidationError]
        assert errors[0].messages == [f"1 of {item} lies there: 4 cannot be handed out."]
        assert item.quantity == 1
        assert item.movements.get().balance == 1


@race
def test_without_the_lock_both_hand_out_the_same_pieces():
    barrier = Barrier(2)

    def read_without_lock(item):
        found = StockItem.objects.select_related("location").get(pk=item.pk)
        barrier.wait(timeout=5)
        return found

    # Outside a transaction too, where SQLite takes its own lock at once.
    bare = patch.object(stock, "issue", stock.issue.__wrapped__)
    with bare, patch.object(stock, "_locked", read_without_lock):
        item, errors = two_clerks_take_four_of_five()

    assert errors == []
    assert item.quantity == 1
    assert item.movements.aggregate(total=Sum("quantity")) == {"total": -8}


# --- The back office -----------------------------------------------------------------------------


def page(item, step):
    return reverse("admin:assets_stockitem_step", args=[item.pk, step])


def text_of(response):
    return response.content.decode()


def test_the_service_desk_hands_out_three_cables(client, service_desk, cable, ada):
    client.force_login(service_desk)
    shown = text_of(client.get(reverse("admin:assets_stockitem_change", args=[cable.pk])))
    assert page(cable, "issue") in shown

    sent = {"apply": "1", "to": ada.pk, "quantity": "3", "reason": ""}
    done = client.post(page(cable, "issue"), sent, follow=True)

    assert "Hand out: " in text_of(done)
    movement = StockMovement.objects.get()
    assert (movement.person, movement.balance) == (ada, 9)
    assert movement.history.get().history_user == service_desk


def test_a_refused_step_keeps_what_was_typed(client, it, cable, ada):
    client.force_login(it)
    sent = {"apply": "1", "to": ada.pk, "quantity": "20", "reason": "for the fair"}

    response = client.post(page(cable, "issue"), sent)

    assert "12 of USB-C cable (Store) lie there" in text_of(response)
    assert "for the fair" in text_of(response)


def test_a_form_asks_for_a_number_and_for_the_reason_of_a_correction(client, it, cable):
    client.force_login(it)
    for counted, reason in (("-1", "x"), ("x", "x"), ("", "x"), ("3", ""), ("9" * 30, "x")):
        sent = {"apply": "1", "counted": counted, "reason": reason}
        assert client.post(page(cable, "correct"), sent).status_code == 200
    assert not StockMovement.objects.exists()


def test_of_many_items_the_short_one_does_not_stop_the_others(client, it, cable, ada, store):
    mouse = StockItemFactory(name="Mouse", location=store, quantity=0)
    client.force_login(it)
    sent = {
        "action": "issue",
        "_selected_action": [cable.pk, mouse.pk],
        "apply": "1",
        "to": ada.pk,
        "quantity": "1",
    }

    done = client.post(reverse("admin:assets_stockitem_changelist"), sent, follow=True)

    assert "None of Mouse (Store) lie there: 1 cannot be handed out." in text_of(done)
    assert StockMovement.objects.get().item == cable


def test_each_item_is_corrected_by_itself(client, it, cable):
    client.force_login(it)
    sent = {"action": "correct", "_selected_action": [cable.pk], "apply": "1", "counted": "0"}
    client.post(
        reverse("admin:assets_stockitem_changelist"), {**sent, "reason": "all of them"}, follow=True
    )
    assert not StockMovement.objects.exists()


@pytest.mark.parametrize("who", ["finance", "auditor"])
def test_who_only_looks_moves_nothing(request, client, who, cable, ada):
    client.force_login(request.getfixturevalue(who))
    item = reverse("admin:assets_stockitem_change", args=[cable.pk])
    assert client.get(item).status_code == 200
    assert "/step/" not in text_of(client.get(item))
    for step in ("deliver", "issue", "give_back", "correct"):
        sent = {"apply": "1", "to": ada.pk, "quantity": "1", "counted": "1", "reason": "x"}
        assert client.post(page(cable, step), sent).status_code == 403
    assert not StockMovement.objects.exists()


def test_the_list_marks_and_filters_what_is_low(client, service_desk, cable, store):
    StockItemFactory(name="Mouse", location=store, quantity=1, minimum=5)
    client.force_login(service_desk)
    address = reverse("admin:assets_stockitem_changelist")

    everything = client.get(address)
    low = client.get(address, {"low": "yes"})

    assert "low: order more" in text_of(everything)
    assert [str(it) for it in low.context["cl"].result_list] == ["Mouse (Store)"]
    assert len(everything.context["cl"].result_list) == 2


def test_the_page_of_an_item_shows_its_latest_movements_and_leads_to_all(client, it, cable):
    StockMovementFactory(item=cable, note="the oldest", moved_at="2020-01-01T00:00Z")
    for _ in range(50):
        StockMovementFactory(item=cable)
    StockMovementFactory(note="of another item")
    client.force_login(it)

    shown = text_of(client.get(reverse("admin:assets_stockitem_change", args=[cable.pk])))
    assert shown.count("person") > 10
    assert "the oldest" not in shown
    everything = f"{reverse('admin:assets_stockmovement_changelist')}?item={cable.pk}"
    assert everything in shown
    found = client.get(everything).context["cl"]
    assert found.result_count == 51


def test_saving_an_item_with_many_movements_changes_what_was_changed(client, it, cable):
    StockMovementFactory.create_batch(52, item=cable)
    client.force_login(it)
    address = reverse("admin:assets_stockitem_change", args=[cable.pk])
    form = client.get(address).context["adminform"].form
    sent = {field.html_name: field.value() or "" for field in form}
    movements = {"movements-TOTAL_FORMS": "50", "movements-INITIAL_FORMS": "50"}

    saved = client.post(address, {**sent, **movements, "minimum": "4", "quantity": "99"})

    assert saved.status_code == 302, saved.context["errors"]
    cable.refresh_from_db()
    assert (cable.minimum, cable.quantity) == (4, 12)


def test_a_new_item_begins_with_what_lies_there(client, it, store):
    client.force_login(it)
    address = reverse("admin:assets_stockitem_add")
    form = client.get(address).context["adminform"].form
    sent = {field.html_name: field.value() or "" for field in form}
    movements = {"movements-TOTAL_FORMS": "0", "movements-INITIAL_FORMS": "0"}
    given = {"name": "Dock", "location": store.pk, "lies_there": "7", "minimum": "2"}

    saved = client.post(address, {**sent, **movements, **given})

    assert saved.status_code == 302, saved.context["errors"]
    item = StockItem.objects.get()
    assert item.quantity == 7
    assert ledger(item) == [("correction", 7, 7, None)]
    assert item.history.get().history_user == it


def test_who_may_add_items_but_book_nothing_begins_at_nought(client, store):
    from django.contrib.auth.models import Permission

    user = UserFactory(is_staff=True)
    names = ["add_stockitem", "view_stockitem", "view_location"]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(user)
    given = {"name": "Dock", "location": store.pk, "minimum": "0", "currency": "EUR"}
    movements = {"movements-TOTAL_FORMS": "0", "movements-INITIAL_FORMS": "0"}
    address = reverse("admin:assets_stockitem_add")

    refusal = client.post(address, {**given, **movements, "lies_there": "7"})
    assert (refusal.status_code, StockItem.objects.count()) == (403, 0)
    assert client.post(address, {**given, **movements}).status_code == 302
    assert StockItem.objects.get().quantity == 0


def test_what_it_costs_is_for_those_who_may_see_costs(client, service_desk, finance, cable):
    cable.unit_cost = "7.77"
    cable.save()
    address = reverse("admin:assets_stockitem_change", args=[cable.pk])
    client.force_login(service_desk)
    assert "7.77" not in text_of(client.get(address))
    client.force_login(finance)
    assert "7.77" in text_of(client.get(address))


def test_an_item_in_use_is_not_deleted(client, it, cable):
    KitLineFactory(item=cable)
    client.force_login(it)
    address = reverse("admin:assets_stockitem_delete", args=[cable.pk])
    client.post(address, {"post": "yes"})
    assert StockItem.objects.filter(pk=cable.pk).exists()


# --- Spreadsheets --------------------------------------------------------------------------------

HEADER = ["Item", "Part No", "Store", "Qty", "Min", "Price"]


def test_a_spreadsheet_fills_a_new_store(store, it):
    report = load("stock", HEADER, ["Mouse", "M-1", "Store", "40", "10", "€9.90"], by=it)

    assert report.summary == "1 created, 0 updated, 0 unchanged, 0 refused", problems(report)
    item = StockItem.objects.get()
    assert (item.quantity, item.minimum, str(item.unit_cost), item.currency) == (
        40,
        10,
        "9.90",
        "EUR",
    )
    assert ledger(item) == [("correction", 40, 40, None)]


def test_a_spreadsheet_leaves_the_quantity_of_what_is_there(cable, it):
    row = ["USB-C CABLE", "", "Store", "99", "3", ""]
    report = load("stock", HEADER, row, by=it)

    cable.refresh_from_db()
    assert (cable.quantity, cable.minimum) == (12, 3)
    assert any("steps on the item's page" in note for note in report.notes)
    assert not cable.movements.exists()


@pytest.mark.parametrize("quantity", ["-3", "many", "2000000", "1.5"])
def test_a_quantity_that_is_none_is_refused(store, quantity):
    report = load("stock", HEADER, ["Mouse", "", "Store", quantity, "", ""])
    assert len(problems(report)) == 1
    assert not StockItem.objects.exists()


def test_one_item_in_two_rows_is_refused(store):
    rows = [["Mouse", "", "Store", "1", "", ""], ["mouse", "", "Store", "2", "", ""]]
    assert problems(load("stock", HEADER, *rows))
    assert not StockItem.objects.exists()


def test_a_row_without_a_place_is_refused(store):
    report = load("stock", ["item", "qty"], ["Mouse", "1"])
    assert "is missing" in problems(report)[0]


def test_an_import_asks_for_the_permission_of_the_step(store):
    from django.contrib.auth.models import Permission

    user = UserFactory(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="add_stockitem"))
    report = load("stock", HEADER, ["Mouse", "", "Store", "40", "", ""], by=user)
    assert "you may not book stock" in problems(report)[0]


def test_who_may_not_change_costs_imports_none(cable, it):
    report = load("stock", HEADER, ["USB-C cable", "", "Store", "", "", "9"], by=it)
    assert "you may not change what things cost" in problems(report)[0]


@pytest.mark.parametrize("extension", ["csv", "xlsx"])
def test_what_is_exported_and_imported_again_changes_nothing(cable, extension, tmp_path):
    cable.category, cable.supplier = CategoryFactory(), VendorFactory()
    cable.part_number, cable.unit_cost = "00123", "9.90"
    cable.save()
    StockItemFactory(name="=1+1", quantity=2)
    kind = exports.FORMATS[extension]
    content = b"".join(exports.export(kinds()["stock"], StockItem.objects.all(), kind))

    from io import BytesIO

    from config import tables
    from config.resources import run

    report = run(kinds()["stock"], tables.read(BytesIO(content), f"stock.{extension}"))
    assert report.summary == "0 created, 0 updated, 2 unchanged, 0 refused", problems(report)
