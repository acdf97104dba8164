"""The buttons of an asset: each opens its form, for one and for many, and breaks on nothing."""

import pytest
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils.timezone import localdate

from assets.lifecycle import MOVES
from assets.models import Asset, Inspection
from people.documents import documents_of
from tests.factories import AssetFactory, CategoryFactory, PersonFactory
from tests.people.test_documents import PNG
from tests.rendering import bare, unrendered

STEPS = {step.name: step for step in admin.site._registry[Asset].steps}
LIST = "admin:assets_asset_changelist"
pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk(client, it):
    client.force_login(it)
    return client


def asset_for(step):
    """One that the step is offered for."""
    sources = MOVES[step].sources if step in MOVES else (Asset.State.IN_STOCK,)
    state = sources[0]
    holder = PersonFactory() if state in Asset.HELD else None
    category = CategoryFactory(checklist="Display", needs_inspection=step == "inspect", slots=1)
    inside = AssetFactory() if step == "unpair" else None
    asset = AssetFactory(
        state=state,
        holder=holder,
        installed_in=inside,
        product__category=category,
        operating_system="Windows 11",
        warranty_ends_on=localdate(),
    )
    if step == "extend_loan":
        asset.custodies.update(due_back_on=localdate())
    return asset


def page(asset, step):
    return reverse("admin:assets_asset_step", args=[asset.pk, step])


@pytest.mark.parametrize("step", STEPS)
def test_each_step_is_a_button_with_a_form_of_its_own(step, clerk):
    asset = asset_for(step)
    change = reverse("admin:assets_asset_change", args=[asset.pk])
    with unrendered():  # a part shows how all links of a page are rendered
        links = clerk.get(change).context_data["step_links"]
    assert page(asset, step) in [link["url"] for link in links]
    shown = clerk.get(page(asset, step))  # in the theme
    assert shown.status_code == 200
    assert STEPS[step].label in shown.content.decode()


@pytest.mark.parametrize("step", [name for name, step in STEPS.items() if step.in_bulk])
def test_each_step_is_taken_in_bulk_from_the_list(step, clerk):
    chosen = {"action": step, "_selected_action": [asset_for(step).pk, asset_for(step).pk]}
    with bare():
        asked = clerk.post(reverse(LIST), chosen)
    assert asked.status_code == 200
    assert "step-page" in asked.content.decode()


@pytest.mark.parametrize("step", STEPS)
def test_an_empty_or_hostile_form_ends_in_a_sentence_and_never_in_an_error(step, clerk):
    fields = STEPS[step].form.base_fields
    for value in ("x" * 5000, "", "-1", "99999999999999999999", "\x00", "0000-99-99"):
        sent = {"apply": "1", **dict.fromkeys(fields, value)}
        # The page around a refused form is the same for all of them and rendered for the first;
        # of the others it is the form that is rendered, with what was sent and what is wrong.
        with unrendered() if value != "x" * 5000 else bare():
            response = clerk.post(page(asset_for(step), step), sent)
        assert response.status_code in (200, 302), value
        if response.status_code == 200:
            assert str(response.context_data["form"])


@pytest.mark.parametrize("step", STEPS)
def test_who_may_only_look_takes_no_step(step, client, auditor):
    client.force_login(auditor)
    asset = asset_for(step)
    allowed = STEPS[step].permission == "assets.view_asset"
    assert client.get(page(asset, step)).status_code == (200 if allowed else 403)
    versions = asset.history.count()
    client.post(page(asset, step), {"apply": "1"})
    client.post(reverse(LIST), {"action": step, "_selected_action": asset.pk, "apply": "1"})
    assert asset.history.count() == versions


def test_what_was_not_lent_has_no_button_to_extend_the_loan(clerk):
    given = AssetFactory(holder=PersonFactory())
    with unrendered():
        response = clerk.get(reverse("admin:assets_asset_change", args=[given.pk]))
    links = [link["url"] for link in response.context_data["step_links"]]
    assert page(given, "take_back") in links
    assert page(given, "extend_loan") not in links


def test_a_part_has_no_button_for_what_its_device_does(clerk):
    sim = AssetFactory(installed_in=AssetFactory())
    response = clerk.get(reverse("admin:assets_asset_change", args=[sim.pk]))
    text = response.content.decode()
    assert page(sim, "hand_over") not in text
    assert page(sim, "unpair") in text
    links = response.context_data["step_links"]
    assert len(links) > 4  # some of them under "More"
    assert all(f'href="{link["url"]}"' in text for link in links)


def test_photos_of_an_inspection_are_kept_with_it(clerk):
    asset = asset_for("inspect")
    photos = [SimpleUploadedFile(f"{name}.png", PNG) for name in ("front", "back")]
    sent = {"apply": "1", "passed": "no", "remark": "Cracked.", "photos": photos}
    assert clerk.post(page(asset, "inspect"), sent).status_code == 302
    inspection = Inspection.objects.get()
    assert inspection.points == [{"point": "Display", "passed": False}]
    assert {it.name for it in documents_of(inspection)} == {"front.png", "back.png"}


def test_one_photo_of_many_assets_is_kept_whole_with_each_inspection(clerk):
    chosen = [asset_for("inspect") for _ in range(2)]
    sent = {
        **{"action": "inspect", "_selected_action": [it.pk for it in chosen], "apply": "1"},
        **{"passed": "no", "remark": "Wet.", "photos": [SimpleUploadedFile("crate.png", PNG)]},
    }
    assert clerk.post(reverse(LIST), sent).status_code == 302
    photos = [documents_of(it).get().file.read() for it in Inspection.objects.all()]
    assert photos == [PNG, PNG]


def test_a_photo_that_is_none_stops_the_inspection_and_says_why(clerk):
    asset = asset_for("inspect")
    sent = {
        "apply": "1",
        "passed": "yes",
        "points": ["Display"],
        "photos": [SimpleUploadedFile("front.png", b"<html>")],
    }
    response = clerk.post(page(asset, "inspect"), sent)
    assert "front.png is no PNG file" in response.content.decode()
    asset.refresh_from_db()
    assert asset.state == Asset.State.RECEIVED
    assert not Inspection.objects.exists()


def test_a_sim_is_fitted_from_the_page_of_the_phone(clerk):
    phone = asset_for("fit")
    sim = AssetFactory(product__category__kind="sim")
    sent = {"apply": "1", "part": sim.pk}
    assert clerk.post(page(phone, "fit"), sent).status_code == 302
    sim.refresh_from_db()
    assert sim.installed_in == phone
