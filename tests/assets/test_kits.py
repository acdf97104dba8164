"""What somebody gets on the first day, handed over in one step."""

from contextlib import nullcontext
from datetime import date
from types import SimpleNamespace
from unittest.mock import patch

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from assets import kits, lifecycle, stock
from assets.models import Asset, Custody, Handover, Kit, KitLine, StockMovement
from people.models import Message
from tests.assets.test_races import at_once, unlocked
from tests.factories import (
    AssetFactory,
    KitFactory,
    KitLineFactory,
    LocationFactory,
    OrderFactory,
    OrderLineFactory,
    PersonFactory,
    ProductFactory,
    StockItemFactory,
    VendorFactory,
)

pytestmark = pytest.mark.django_db
race = pytest.mark.django_db(transaction=True)


@pytest.fixture
def berlin():
    return LocationFactory(name="Berlin")


@pytest.fixture
def store(berlin):
    return LocationFactory(name="Store", parent=berlin, kind="store")


@pytest.fixture
def laptop():
    return ProductFactory(name="Latitude 7410", maker=VendorFactory(name="Dell"))


@pytest.fixture
def cable(store):
    return StockItemFactory(name="USB-C cable", location=store, quantity=12)


@pytest.fixture
def kit(laptop, cable):
    """A laptop and two cables."""
    kit = KitFactory(name="Engineer")
    KitLineFactory(kit=kit, product=laptop)
    KitLineFactory(kit=kit, item=cable, quantity=2)
    return kit


@pytest.fixture
def ada():
    return PersonFactory(name="Ada")


def refused(kit, **options):
    with pytest.raises(ValidationError) as refusal:
        kits.hand_over(kit, **{"by": None, **options})
    return refusal.value.messages


# --- The step ------------------------------------------------------------------------------------


def test_a_new_colleague_gets_all_of_it_with_one_mail(kit, laptop, cable, ada, it):
    phone = ProductFactory()
    KitLineFactory(kit=kit, product=phone)
    first, second = AssetFactory(product=laptop), AssetFactory(product=phone)

    given = kits.hand_over(kit, to=ada, by=it)

    assert set(given.assets) == {first, second}
    for asset in (first, second):
        asset.refresh_from_db()
        assert (asset.state, asset.holder) == ("in_use", ada)
        assert asset.custodies.open().get().handover == Handover.objects.get()
    cable.refresh_from_db()
    assert cable.quantity == 10
    movement = StockMovement.objects.get()
    assert (movement.person, movement.quantity) == (ada, -2)
    assert Message.objects.get().recipient == ada
    assert str(given) == f"Engineer to Ada: {first}, {second}, 2 × USB-C cable"


def test_everything_is_signed_with_actor_and_reason(kit, laptop, ada, it):
    asset = AssetFactory(product=laptop)
    kits.hand_over(kit, to=ada, by=it)
    for version in (asset.history.latest(), StockMovement.history.get(), Custody.history.get()):
        assert version.history_user == it
        assert version.history_change_reason == "kit Engineer handed over to Ada"


def test_the_oldest_purchase_goes_first_and_what_has_no_date_last(kit, laptop, ada):
    undated = AssetFactory(product=laptop)
    younger = AssetFactory(product=laptop, purchased_on="2024-05-01")
    older = AssetFactory(product=laptop, purchased_on="2022-05-01")

    order = [kits.hand_over(kit, to=ada, by=None).assets[0] for _ in range(3)]

    assert order == [older, younger, undated]


def test_only_what_lies_free_in_stock_is_taken(kit, laptop, ada):
    for state in Asset.State:
        if state not in (Asset.State.IN_STOCK, *Asset.HELD):
            AssetFactory(product=laptop, state=state)
    AssetFactory(product=laptop, holder=PersonFactory())
    AssetFactory(product=laptop, installed_in=AssetFactory())

    assert refused(kit, to=ada) == ["Dell Latitude 7410: 1 needed, none in stock; 1 on order."]


def test_what_is_installed_in_a_device_goes_along(kit, laptop, ada):
    module = AssetFactory(installed_in=AssetFactory(product=laptop))
    kits.hand_over(kit, to=ada, by=None)
    module.refresh_from_db()
    assert module.holder == ada


def test_lines_for_the_same_thing_add_up(kit, laptop, cable, ada):
    KitLineFactory(kit=kit, product=laptop, quantity=2)
    KitLineFactory(kit=kit, item=cable)
    AssetFactory.create_batch(4, product=laptop)

    given = kits.hand_over(kit, to=ada, by=None)

    assert len(given.assets) == 3
    assert [it.quantity for it in given.movements] == [-3]


def test_all_that_is_short_is_told_and_nothing_is_handed_over(kit, laptop, cable, ada):
    stock.correct(cable, counted=1, by=None, reason="counted")
    phone = ProductFactory(name="Phone", maker=None)
    KitLineFactory(kit=kit, product=phone, quantity=3)
    AssetFactory(product=phone)
    asset = AssetFactory(product=laptop)

    assert refused(kit, to=ada) == [
        "Phone: 3 needed, 1 in stock.",
        "USB-C cable (Berlin / Store): 2 needed, 1 in stock.",
    ]

    asset.refresh_from_db()
    assert (asset.state, asset.holder) == ("in_stock", None)
    assert not Message.objects.exists()
    assert not StockMovement.objects.filter(kind="issue").exists()


def test_what_is_on_order_is_told(kit, laptop, ada):
    ordered = OrderFactory(state="ordered", ordered_on=date(2024, 5, 1))
    line = OrderLineFactory(order=ordered, product=laptop, quantity=5, received=3)
    AssetFactory(product=laptop, state="ordered", order_line=line)  # counted by its line
    OrderLineFactory(product=laptop, quantity=7)  # a draft

    assert kits.shortages(kit) == ["Dell Latitude 7410: 1 needed, none in stock; 2 on order."]


def test_a_refusal_of_the_last_line_undoes_the_first(kit, laptop, ada):
    asset = AssetFactory(product=laptop)
    refusal = ValidationError("Somebody was faster.")

    with patch.object(stock, "issue", side_effect=refusal):
        assert refused(kit, to=ada) == ["Somebody was faster."]

    asset.refresh_from_db()
    assert asset.state == "in_stock"
    assert not Custody.objects.exists()
    assert not Message.objects.exists()


def test_an_empty_kit_hands_over_nothing(ada):
    assert refused(KitFactory(name="Empty"), to=ada) == [
        "Empty lists nothing: add its products and stock items first."
    ]


def test_nobody_who_has_left_gets_a_kit(kit, laptop):
    AssetFactory(product=laptop)
    gone = PersonFactory(name="Gone", leaves_on=date(2020, 1, 31))
    assert refused(kit, to=gone) == ["Gone left on 2020-01-31: nothing can be handed over."]


def test_a_kit_of_stock_items_alone_is_handed_over(cable, ada):
    kit = KitLineFactory(item=cable, quantity=12).kit
    assert kits.hand_over(kit, to=ada, by=None).movements[0].balance == 0


# --- From one store ------------------------------------------------------------------------------


def test_only_what_lies_at_the_place_or_inside_it_is_taken(kit, laptop, berlin, store, ada):
    AssetFactory(product=laptop, location=LocationFactory(name="Berlin 2"))
    AssetFactory(product=laptop)
    here = AssetFactory(product=laptop, location=LocationFactory(name="Rack 1", parent=store))

    assert kits.hand_over(kit, to=ada, location=berlin, by=None).assets == [here]
    assert refused(kit, to=ada, location=berlin) == [
        "Dell Latitude 7410: 1 needed, none in stock at Berlin."
    ]


def test_another_store_gives_its_own_pieces_of_the_same_name(kit, laptop, cable, ada):
    munich = LocationFactory(name="Munich")
    AssetFactory(product=laptop, location=munich)
    StockItemFactory(name="USB-C cable", location=munich, part_number="other", quantity=50)
    few = StockItemFactory(name="usb-c cable", location=munich, quantity=1)
    desk = LocationFactory(name="Desk", parent=munich)
    many = StockItemFactory(name="USB-C cable", location=desk, quantity=9)

    given = kits.hand_over(kit, to=ada, location=munich, by=None)

    assert [it.item for it in given.movements] == [many]
    few.refresh_from_db()
    cable.refresh_from_db()
    assert (few.quantity, cable.quantity) == (1, 12)


def test_what_another_store_does_not_keep_is_told(kit, laptop, ada):
    munich = LocationFactory(name="Munich")
    AssetFactory(product=laptop, location=munich)
    assert refused(kit, to=ada, location=munich) == ["USB-C cable: 2 needed, not kept at Munich."]


def test_the_item_that_the_line_names_wins_over_a_fuller_one(kit, laptop, cable, berlin, ada):
    AssetFactory(product=laptop, location=berlin)
    StockItemFactory(name="USB-C cable", location=berlin, quantity=99)
    given = kits.hand_over(kit, to=ada, location=berlin, by=None)
    assert [it.item for it in given.movements] == [cable]


def test_a_place_whose_name_has_a_wildcard_is_that_place_alone(kit, laptop, ada):
    odd = LocationFactory(name="B%")
    AssetFactory(product=laptop, location=LocationFactory(name="Room", parent=LocationFactory()))
    assert len(kits.shortages(kit, odd)) == 2


def test_what_is_short_is_found_with_a_constant_number_of_queries(kit, berlin):
    def count():
        with CaptureQueriesContext(connection) as captured:
            kits.shortages(kit, berlin)
        return len(captured)

    one = count()
    for _ in range(5):
        KitLineFactory(kit=kit)
        KitLineFactory(kit=kit, item=StockItemFactory())
    assert count() == one
    assert len(kits.shortages(kit, berlin)) == 11


# --- Two clerks at once --------------------------------------------------------------------------


def engineers_kit(count):
    """A kit with one laptop and one mouse, and so many of both in stock."""
    kit, product = KitFactory(), ProductFactory()
    KitLineFactory(kit=kit, product=product)
    KitLineFactory(kit=kit, item=StockItemFactory(quantity=count))
    AssetFactory.create_batch(count, product=product)
    return kit


def clerks(kit, count):
    people = PersonFactory.create_batch(count)
    return at_once(*(lambda to=to: kits.hand_over(kit, to=to, by=None) for to in people))


@race
def test_clerks_at_once_never_give_the_same_laptop_and_all_get_one():
    results = clerks(engineers_kit(6), 6)

    assert [it for it in results if isinstance(it, Exception)] == []
    assert len({given.assets[0].pk for given in results}) == 6
    assert Custody.objects.open().count() == 6


@race
def test_of_two_clerks_for_the_last_laptop_the_second_is_told():
    for _ in range(5):
        results = clerks(engineers_kit(1), 2)
        (error,) = [it for it in results if isinstance(it, Exception)]
        assert isinstance(error, ValidationError), error
        assert "1 needed, none in stock" in error.messages[0]
    assert StockMovement.objects.count() == Message.objects.count() == 5


@race
def test_without_the_lock_of_the_handover_both_choose_the_last_laptop():
    # Outside a transaction too, where SQLite takes its own lock at once.
    bare = SimpleNamespace(atomic=nullcontext, set_rollback=bool)
    with (
        unlocked(),
        patch.object(kits, "hand_over", kits.hand_over.__wrapped__),
        patch.object(kits, "transaction", bare),
    ):
        results = clerks(engineers_kit(1), 2)
    # The constraint on the custody is all that is left: an error for the clerk.
    assert [it for it in results if isinstance(it, (IntegrityError, OperationalError))], results


@pytest.fixture
def taken(kit, laptop):
    """A laptop that somebody else took; two more lie there, and the kit needs both."""
    KitLineFactory(kit=kit, product=laptop)
    AssetFactory.create_batch(2, product=laptop)
    return AssetFactory(product=laptop, holder=PersonFactory(name="Bob"))


def chosen_too_late(taken, times):
    """The handover, which is asked for the laptop that was taken, so many times."""
    hand_over, left = lifecycle.hand_over, iter(range(times))

    def late(assets, **options):
        late_by_one = [assets[0], taken] if next(left, None) is not None else assets
        return hand_over(late_by_one, **options)

    return patch.object(lifecycle, "hand_over", late)


def test_where_somebody_was_faster_the_choice_is_made_anew(kit, taken, ada):
    with chosen_too_late(taken, 3):
        given = kits.hand_over(kit, to=ada, by=None)

    assert len(given.assets) == ada.assets.count() == 2
    assert Custody.objects.open().filter(holder=ada).count() == 2
    assert Message.objects.filter(recipient=ada).count() == Handover.objects.count() == 1


def test_what_somebody_takes_before_the_choice_is_not_left_out(kit, laptop, ada):
    last = AssetFactory(product=laptop)
    count_short = kits._short

    def taken_after_the_count(wanted):
        sentences = count_short(wanted)
        if not Custody.objects.exists():
            lifecycle.hand_over([last], to=PersonFactory(), by=None)
        return sentences

    with patch.object(kits, "_short", taken_after_the_count):
        assert refused(kit, to=ada) == ["Dell Latitude 7410: 1 needed, none in stock."]
    assert not StockMovement.objects.exists()


def test_where_somebody_is_always_faster_it_is_said(kit, taken, ada):
    with chosen_too_late(taken, 100):
        (sentence,) = refused(kit, to=ada)
    assert "is in use (Bob): it cannot be handed over" in sentence
    assert not ada.assets.exists()
    assert not Message.objects.exists()


# --- The back office -----------------------------------------------------------------------------


def step(kit):
    return reverse("admin:assets_kit_step", args=[kit.pk, "hand_over"])


def page(kit):
    return reverse("admin:assets_kit_change", args=[kit.pk])


def text_of(response):
    return response.content.decode()


def test_the_page_tells_what_is_short_before_the_click(client, service_desk, kit, laptop):
    client.force_login(service_desk)
    short = text_of(client.get(page(kit)))
    assert "Dell Latitude 7410: 1 needed, none in stock." in short
    AssetFactory(product=laptop)
    assert "Nothing: all of it is in stock." in text_of(client.get(page(kit)))
    assert step(kit) in short


def test_the_service_desk_hands_over_a_kit(client, service_desk, kit, laptop, ada):
    asset = AssetFactory(product=laptop)
    client.force_login(service_desk)

    done = client.post(step(kit), {"apply": "1", "to": ada.pk, "reason": "first day"}, follow=True)

    told = f"Hand over kit: Engineer to Ada: {asset}, 2 × USB-C cable."
    assert told in [str(message) for message in done.context["messages"]]
    asset.refresh_from_db()
    assert asset.holder == ada
    assert asset.history.latest().history_change_reason == "first day"


def test_a_kit_that_is_short_keeps_the_form_and_says_what(client, it, kit, berlin, ada):
    client.force_login(it)
    sent = {"apply": "1", "to": ada.pk, "location": berlin.pk, "reason": "first day"}
    response = client.post(step(kit), sent)
    assert "Dell Latitude 7410: 1 needed, none in stock at Berlin." in text_of(response)
    assert "first day" in text_of(response)


def test_of_two_kits_the_short_one_does_not_stop_the_other(client, it, kit, cable, ada):
    small = KitLineFactory(item=cable).kit
    client.force_login(it)
    sent = {"action": "hand_over", "_selected_action": [kit.pk, small.pk], "apply": "1"}

    address = reverse("admin:assets_kit_changelist")
    done = client.post(address, {**sent, "to": ada.pk}, follow=True)

    assert "Engineer: Dell Latitude 7410: 1 needed, none in stock." in text_of(done)
    assert StockMovement.objects.get().quantity == -1


@pytest.mark.parametrize("who", ["finance", "auditor"])
def test_who_only_looks_hands_over_no_kit(request, client, who, kit, laptop, ada):
    AssetFactory(product=laptop)
    client.force_login(request.getfixturevalue(who))
    assert client.get(page(kit)).status_code == 200
    assert client.post(step(kit), {"apply": "1", "to": ada.pk}).status_code == 403
    assert not StockMovement.objects.exists()


def empty_forms(client, address):
    """What a browser sends of the page as it is."""
    context = client.get(address).context
    forms = [context["adminform"].form]
    for wrapped in context["inline_admin_formsets"]:
        forms += [wrapped.formset.management_form, *wrapped.formset.forms]
    fields = [field for form in forms for field in form]
    return {field.html_name: "" if field.value() is None else field.value() for field in fields}


def new_line(sent, **values):
    """The same with one line more, in the table of new lines."""
    prefix = "lines-2" if "lines-2-TOTAL_FORMS" in sent else "lines"
    line = {f"{prefix}-0-{name}": value for name, value in values.items()}
    return {**sent, f"{prefix}-TOTAL_FORMS": "1", f"{prefix}-INITIAL_FORMS": "0", **line}


def test_it_puts_a_kit_together_and_changes_how_many(client, it, kit, laptop, cable):
    client.force_login(it)
    sent = empty_forms(client, page(kit))
    mouse = StockItemFactory(name="Mouse")
    more = new_line({**sent, "lines-1-quantity": "5"}, item=mouse.pk, quantity="1")

    saved = client.post(page(kit), more)

    assert saved.status_code == 302, saved.context["errors"]
    lines = list(kit.lines.values_list("product", "item", "quantity"))
    assert lines == [(laptop.pk, None, 1), (None, cable.pk, 5), (None, mouse.pk, 1)]
    assert KitLine.history.latest().history_user == it


def test_only_who_may_add_lines_is_offered_new_ones(client, it, auditor, kit):
    client.force_login(auditor)
    assert "new lines" not in text_of(client.get(page(kit))).lower()
    client.force_login(it)
    assert "new lines" in text_of(client.get(page(kit))).lower()


def test_a_line_is_taken_out_of_a_kit(client, it, kit, laptop):
    client.force_login(it)
    sent = {**empty_forms(client, page(kit)), "lines-1-DELETE": "on"}
    assert client.post(page(kit), sent).status_code == 302
    assert kit.lines.get().product == laptop


@pytest.mark.parametrize("both", [True, False])
def test_a_line_is_for_a_product_or_for_a_stock_item(client, it, kit, laptop, cable, both):
    client.force_login(it)
    chosen = {"product": laptop.pk, "item": cable.pk} if both else {}
    sent = new_line(empty_forms(client, page(kit)), **chosen, quantity="3")
    refusal = client.post(page(kit), sent)
    assert refusal.status_code == 200
    assert "Choose either a product or a stock item." in text_of(refusal)
    assert kit.lines.count() == 2


def test_a_line_is_for_at_least_one(client, it, kit):
    client.force_login(it)
    sent = {**empty_forms(client, page(kit)), "lines-1-quantity": "0"}
    assert client.post(page(kit), sent).status_code == 200
    assert kit.lines.last().quantity == 2


def test_a_new_kit_is_made_with_its_lines(client, it, laptop):
    client.force_login(it)
    address = reverse("admin:assets_kit_add")
    sent = new_line(empty_forms(client, address), product=laptop.pk, quantity="1")
    saved = client.post(address, {**sent, "name": "Manager"})
    assert saved.status_code == 302, saved.context["errors"]
    assert Kit.objects.get().lines.get().product == laptop
