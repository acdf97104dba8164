"""PIN and PUK: ciphertext at rest, masked on every page, revealed with a trace."""

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.core.serializers import deserialize, serialize
from django.db import connection
from django.urls import reverse

from assets.models import SimCard
from config.history import save_as
from config.secrets import MASK, Secret, Undecipherable, rotate
from tests.factories import AssetFactory, SimCardFactory
from tests.people.test_documents import sent_back

CANARY, PUK = "7391", "48213377"
OLD, NEW = "an-old-key-of-at-least-32-characters!", "a-new-key-of-at-least-32-characters!!"
pytestmark = pytest.mark.django_db


@pytest.fixture
def card(it):
    card = SimCardFactory.build(pin=CANARY, puk=PUK, asset=SimCardFactory().asset)
    SimCard.objects.all().delete()
    save_as(card, by=it, reason="from the letter")
    return card


def page(card, name="change"):
    return reverse(f"admin:assets_simcard_{name}", args=[card.pk])


def dump():
    """Everything that stands in the two tables."""
    with connection.cursor() as cursor:
        rows = []
        for table in ("assets_simcard", "assets_historicalsimcard"):
            cursor.execute(f"SELECT * FROM {table}")
            rows += cursor.fetchall()
    return repr(rows)


def test_the_tables_hold_no_plain_text(card):
    assert CANARY not in dump()
    assert PUK not in dump()
    assert SimCard.objects.get().pin.reveal() == CANARY
    assert card.history.get().puk.reveal() == PUK


def test_what_is_assigned_is_sealed_at_once():
    card = SimCard(pin=CANARY)
    assert (str(card.pin), repr(card.pin), f"{card.pin}") == (MASK, MASK, MASK)
    assert CANARY not in repr(vars(card))
    assert not card.puk


@pytest.mark.parametrize("name", ["change", "history"])
def test_no_page_shows_a_secret(card, client, superuser, name):
    card.pin = "5566"
    save_as(card, by=superuser, reason="changed")
    client.force_login(superuser)
    for address in (page(card, name), reverse("admin:assets_simcard_changelist")):
        text = client.get(address).content.decode()
        assert "5566" not in text
        assert CANARY not in text
        assert card.pin.token not in text


def test_an_empty_field_keeps_the_secret_and_a_dash_takes_it_away(card, client, it):
    client.force_login(it)
    form = client.get(page(card)).context["adminform"].form
    sent = {"asset": card.asset_id, "version": form.initial["version"], "pin": "", "puk": "-"}
    assert client.post(page(card), sent).status_code == 302
    card.refresh_from_db()
    assert (card.pin.reveal(), card.puk.reveal()) == (CANARY, "")


def test_the_history_says_that_a_secret_was_replaced_and_not_by_what(card, client, it):
    card.pin = "5566"
    save_as(card, by=it, reason="new card")
    client.force_login(it)
    text = client.get(page(card, "history")).content.decode()
    assert "replaced" in text


def test_revealing_asks_what_for_and_leaves_a_trace(card, client, it):
    client.force_login(it)
    address = page(card, "reveal")
    versions = card.history.count()
    assert CANARY not in client.get(address).content.decode()
    assert CANARY not in client.post(address, {"reason": ""}).content.decode()
    assert card.history.count() == versions

    response = client.post(address, {"reason": "locked out"})

    assert CANARY in response.content.decode()
    assert PUK in response.content.decode()
    assert "no-store" in response["Cache-Control"]
    trace = card.history.latest()
    assert (trace.history_user, trace.history_change_reason) == (it, "revealed: locked out")


def test_who_may_only_look_reveals_nothing(card, client, auditor):
    client.force_login(auditor)
    assert client.get(page(card)).status_code == 200
    assert "Reveal" not in client.get(page(card)).content.decode()
    assert client.post(page(card, "reveal"), {"reason": "x"}).status_code == 403
    assert card.history.count() == 1


def test_a_laptop_has_no_pin():
    with pytest.raises(ValidationError, match="is no SIM"):
        SimCard(asset=AssetFactory()).clean()


def test_keys_are_rotated_and_the_old_one_can_be_dropped(card, settings):
    settings.FIELD_KEYS = [NEW, *settings.FIELD_KEYS]
    versions = card.history.count()
    assert rotate() == SimCard.objects.count() + SimCard.history.count()
    settings.FIELD_KEYS = [NEW]
    assert SimCard.objects.get().pin.reveal() == CANARY
    assert card.history.get().pin.reveal() == CANARY
    assert card.history.count() == versions


def test_after_a_rotation_the_history_tells_of_no_replacement_that_was_none(
    card, client, it, settings
):
    save_as(card, by=it, reason="looked at")
    settings.FIELD_KEYS = [NEW, *settings.FIELD_KEYS]
    rotate()
    assert len({version.pin.token for version in card.history.all()}) == 1
    client.force_login(it)
    assert "replaced" not in client.get(page(card, "history")).content.decode()


def test_a_pin_typed_into_a_form_that_was_refused_comes_back(card, client, it):
    client.force_login(it)
    form = client.get(page(card)).context["adminform"].form
    sent = {"asset": card.asset_id, "version": form.initial["version"], "pin": "5566", "puk": ""}
    card.pin = "8080"
    save_as(card, by=it, reason="a new one meanwhile")
    response = client.post(page(card), sent)
    assert response.status_code == 200
    text = response.content.decode()
    assert 'value="5566"' in text
    assert "8080" not in text
    assert card.pin.token not in text
    sent["version"] = response.context["adminform"].form.data["version"]
    assert client.post(page(card), sent).status_code == 302
    card.refresh_from_db()
    assert (card.pin.reveal(), card.puk.reveal()) == ("5566", PUK)


def test_a_missing_key_shows_as_unreadable_and_rotates_nothing(card, client, it, settings):
    settings.FIELD_KEYS = [OLD]
    before = dump()
    with pytest.raises(Undecipherable):
        SimCard.objects.get().pin.reveal()
    with pytest.raises(CommandError, match="Nothing was written"):
        call_command("rotate_keys")
    assert dump() == before
    client.force_login(it)
    assert client.get(page(card)).status_code == 200
    response = client.post(page(card, "reveal"), {"reason": "locked out"})
    assert "not in FIELD_KEYS" in response.content.decode()


def test_two_seals_of_one_text_differ():
    assert Secret.of(CANARY).token != Secret.of(CANARY).token
    assert Secret.of(CANARY) != CANARY


def test_a_dump_that_is_loaded_again_gives_the_same_secret_and_holds_no_plain_text(card):
    dumped = serialize("json", SimCard.objects.all())
    assert CANARY not in dumped
    SimCard.objects.all().delete()
    for loaded in deserialize("json", dumped):
        loaded.save()
    assert SimCard.objects.get().pin.reveal() == CANARY


def test_what_is_typed_is_text_even_where_it_looks_sealed():
    typed = f"sealed:{Secret.of('another').token}"
    assert SimCard(pin=typed).pin.reveal() == typed


def test_the_page_of_a_sim_takes_its_pin_and_that_of_a_laptop_has_none(client, it):
    client.force_login(it)
    sim = AssetFactory(product__category__kind="sim")
    address = reverse("admin:assets_asset_change", args=[sim.pk])
    sent = sent_back(client.get(address)) | {
        "sim_card-TOTAL_FORMS": "1",
        "sim_card-0-pin": CANARY,
        "sim_card-0-puk": PUK,
    }
    assert client.post(address, sent).status_code == 302
    assert sim.sim_card.pin.reveal() == CANARY
    shown = client.get(address).content.decode()
    assert CANARY not in shown
    assert reverse("admin:assets_simcard_change", args=[sim.sim_card.pk]) in shown
    laptop = reverse("admin:assets_asset_change", args=[AssetFactory().pk])
    assert "sim_card" not in client.get(laptop).content.decode()
