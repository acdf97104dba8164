from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from assets import lifecycle
from assets.admin.moves import PLAN, STEPS
from assets.lifecycle import MOVES, one
from assets.lifecycle.moves import diagram, listing
from assets.models import Asset, Custody
from people.models import Message
from tests.factories import (
    AssetFactory,
    CategoryFactory,
    LocationFactory,
    OrderFactory,
    OrderLineFactory,
    PersonFactory,
)
from tests.services import ROOT

State = Asset.State
pytestmark = pytest.mark.django_db


OPTIONS = {
    "order": lambda: {"order": OrderFactory(state="ordered", ordered_on=date(2026, 1, 5))},
    "receive": lambda: {"location": LocationFactory()},
    "inspect": lambda: {"passed": True},
    "hand_over": lambda: {"to": PersonFactory()},
    "lend": lambda: {"to": PersonFactory(), "due_back_on": timezone.localdate() + timedelta(7)},
    "extend_loan": lambda: {"due_back_on": timezone.localdate() + timedelta(7)},
    "move": lambda: {"location": LocationFactory()},
    "send_to_repair": lambda: {"fault": "The screen flickers."},
    "upgrade": lambda: {"what": "32 GB of memory"},
    "report_lost": lambda: {"reason": "left on a train"},
    "find": lambda: {"location": LocationFactory()},
    "retire": lambda: {"reason": "worn out"},
    "wipe": lambda: {"method": "purge", "wiped_by": "Ada Moss"},
    "dispose": lambda: {"method": "recycled"},
}
EXISTING = [move for move in MOVES if move != "plan"]


def options_of(move, asset):
    """What each move needs, beside who does it."""
    if move == "pair":
        return {"device": AssetFactory(state=asset.state, holder=asset.holder)}
    options = OPTIONS.get(move, dict)()
    if move == "order":
        OrderLineFactory(order=options["order"], product=asset.product)
    return options


def asset_in(state, move=""):
    holder = PersonFactory() if state in Asset.HELD else None
    inside = AssetFactory() if move == "unpair" and state not in ("planned", "ordered") else None
    asset = AssetFactory(state=state, holder=holder, installed_in=inside)
    if move == "extend_loan":
        asset.custodies.update(due_back_on=timezone.localdate())
    return asset


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("move", EXISTING)
def test_every_move_from_every_state_is_allowed_or_refused_in_words(move, state, it):
    asset = asset_in(state, move)
    versions = asset.history.count()

    outcome = getattr(lifecycle, move)([asset], by=it, **options_of(move, asset))

    asset.refresh_from_db()
    if state in MOVES[move].sources:
        assert (outcome.done, outcome.refused) == ([asset], [])
        assert asset.state in MOVES[move].leads_to(state)
        assert asset.history.latest().history_user == it
        assert asset.history.latest().history_change_reason
    else:
        assert outcome.done == []
        assert outcome.refused[0].startswith(f"{asset} is {state.label}")
        assert "Possible now: " in outcome.refused[0]
        assert asset.state == state
        assert asset.history.count() == versions


def test_a_handover_opens_a_custody_and_owes_one_mail_for_all_of_it(it):
    ada, assets = PersonFactory(location=LocationFactory()), AssetFactory.create_batch(3)

    lifecycle.hand_over(assets, to=ada, by=it, reason="starts today")

    assert set(Asset.objects.values_list("state", "holder", "location")) == {
        (State.IN_USE, ada.pk, ada.location_id)
    }
    assert [custody.holder for custody in Custody.objects.open()] == [ada] * 3
    message = Message.objects.get()
    assert message.recipient == ada
    assert all(asset.tag in message.text for asset in assets)
    assert {it.history_change_reason for it in Custody.history.all()} == {"starts today"}


def test_taking_back_closes_the_custody_and_keeps_it(it):
    ada = PersonFactory()
    asset = AssetFactory(holder=ada)

    one(lifecycle.take_back, asset, by=it)

    asset.refresh_from_db()
    assert (asset.state, asset.holder) == (State.IN_STOCK, None)
    assert asset.custodies.get().until is not None
    assert asset.custodies.held_on(timezone.localdate()).get().holder == ada


def test_one_refused_asset_does_not_stop_the_rest(it):
    retired, fine = AssetFactory(state=State.RETIRED), AssetFactory()

    outcome = lifecycle.hand_over([retired, fine], to=PersonFactory(), by=it)

    assert outcome.done == [fine]
    assert outcome.refused == [
        f"{retired} is retired: it cannot be handed over. It must be in stock."
        " Possible now: move, wipe, dispose of, label its state."
    ]


def test_a_refusal_names_the_holder(it):
    ada = PersonFactory(name="Ada Moss")
    asset = AssetFactory(holder=ada)
    with pytest.raises(ValidationError, match=r"is in use \(Ada Moss\): it cannot be handed over"):
        one(lifecycle.hand_over, asset, to=PersonFactory(), by=it)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "Say to whom or where"),
        ({"to": {"leaves_on": date(2020, 1, 1)}}, "left on 2020-01-01"),
        ({"to": {}, "due_back_on": date(2020, 1, 1)}, "has passed"),
    ],
)
def test_a_handover_to_nobody_or_too_late_is_refused(options, sentence, it):
    if "to" in options:
        options = {**options, "to": PersonFactory(**options["to"])}
    with pytest.raises(ValidationError, match=sentence):
        lifecycle.hand_over([AssetFactory()], by=it, **options)


def test_a_handover_to_a_place_needs_no_person(it):
    asset, room = AssetFactory(), LocationFactory()
    one(lifecycle.hand_over, asset, location=room, by=it)
    assert asset.custodies.get().location == room
    assert Message.objects.count() == 0


def test_retiring_needs_a_reason(it):
    with pytest.raises(ValidationError, match="Say why"):
        lifecycle.retire([AssetFactory()], reason=" ", by=it)


def test_new_assets_are_numbered_past_tags_that_exist(it):
    category = CategoryFactory(tag_prefix="LT")
    AssetFactory(tag="LT-000002")
    assets = [
        AssetFactory.build(tag="", product=AssetFactory(product__category=category).product)
        for _ in range(3)
    ]
    entered = lifecycle.enter(assets, by=it, reason="bought")
    assert [asset.tag for asset in entered] == ["LT-000001", "LT-000003", "LT-000004"]


def test_who_held_it_on_a_day_is_one_query(it, django_assert_num_queries):
    ada, asset = PersonFactory(), AssetFactory()
    one(lifecycle.hand_over, asset, to=ada, by=it)
    today = timezone.localdate()
    with django_assert_num_queries(1):
        held = list(Custody.objects.held_on(today).filter(asset=asset).select_related("holder"))
    assert [custody.holder for custody in held] == [ada]
    assert not Custody.objects.held_on(today - timedelta(1)).exists()


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"state": "in_stock", "holder": True}, "asset_is_held_only_while_somebody_answers_for_it"),
        ({"state": "in_use"}, "asset_in_use_is_somewhere"),
        ({"cost": -1}, "asset_cost_is_not_negative"),
        (
            {"warranty_starts_on": date(2026, 2, 1), "warranty_ends_on": date(2026, 1, 1)},
            "warranty_ends_after_it_starts",
        ),
    ],
)
def test_the_database_refuses_what_cannot_be(fields, constraint):
    if fields.pop("holder", None):
        fields["holder"] = PersonFactory()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        AssetFactory(**fields)


def test_the_database_refuses_a_second_open_custody():
    asset = AssetFactory(holder=PersonFactory())
    with pytest.raises(IntegrityError), transaction.atomic():
        Custody.objects.create(asset=asset, holder=PersonFactory(), since=timezone.now())


@pytest.mark.parametrize("junk", ["", " ", "None", "To be filled by O.E.M.", "0000000", "1234567"])
def test_what_firmware_says_in_place_of_a_serial_makes_no_two_assets_the_same(junk):
    product = AssetFactory(serial=junk).product
    AssetFactory(serial=junk, product=product)


def test_a_serial_is_unique_per_maker_in_any_notation():
    product = AssetFactory(serial="abc-12 3").product
    AssetFactory(serial="ABC123")  # another maker's
    with pytest.raises(IntegrityError), transaction.atomic():
        AssetFactory(serial="ABC123", product=product)


def test_the_diagram_and_the_table_in_the_docs_are_those_of_the_moves():
    text = (ROOT / "docs" / "lifecycle.md").read_text()
    assert diagram() in text
    assert listing() in text


def test_every_move_has_a_button_and_every_button_a_move():
    buttons = {step.name for step in [*STEPS, PLAN]} - {"fit"}
    assert buttons == set(MOVES)
