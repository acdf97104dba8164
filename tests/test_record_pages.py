"""What every record's page promises: nothing lost, nothing given away, nothing gone back on."""

import re

import pytest
from django.contrib.contenttypes.models import ContentType
from django.urls import reverse

from assets import lifecycle
from assets.models import Asset
from people.models import Person, User
from tests.factories import (
    AssetFactory,
    DepartmentFactory,
    LocationFactory,
    PersonFactory,
    ProductFactory,
    UserFactory,
    VendorAliasFactory,
    VendorFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("without_menus")]


def page(record, name="change", *more):
    opts = record._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_{name}", args=[record.pk, *more])


def fields_of(response):
    """What a browser would send back if its user changed nothing."""
    data = {}
    context = response.context
    forms = [context["adminform"].form]
    for wrapped in context["inline_admin_formsets"]:
        forms += [wrapped.formset.management_form, *wrapped.formset.forms]
    for form in forms:
        for field in form:
            value = field.value()
            if value is not None and value is not False:
                data[field.html_name] = value.pk if hasattr(value, "pk") else value
    return data


@pytest.fixture
def ann(client, it):
    client.force_login(it)
    return client


@pytest.fixture
def ben(administrator):
    from django.test import Client

    client = Client()
    client.force_login(administrator)
    return client


def test_a_stale_form_is_refused_with_the_difference_and_loses_nothing(ann, ben, administrator):
    asset = AssetFactory(hostname="old", notes="")
    shown = fields_of(ann.get(page(asset)))
    theirs = fields_of(ben.get(page(asset)))
    assert ben.post(page(asset), {**theirs, "hostname": "theirs"}).status_code == 302

    refused = ann.post(page(asset), {**shown, "notes": "mine"})

    text = refused.content.decode()
    assert refused.status_code == 200
    assert f"{administrator} changed this record" in text
    assert "was “old”, is now “theirs”" in text
    again = fields_of(refused)
    assert (again["notes"], again["hostname"]) == ("mine", "theirs")

    assert ann.post(page(asset), again).status_code == 302
    asset.refresh_from_db()
    assert (asset.hostname, asset.notes) == ("theirs", "mine")


def test_where_both_changed_one_field_the_second_decides_knowingly(ann, ben):
    asset = AssetFactory(hostname="old")
    shown = fields_of(ann.get(page(asset)))
    ben.post(page(asset), {**fields_of(ben.get(page(asset))), "hostname": "theirs"})

    refused = ann.post(page(asset), {**shown, "hostname": "mine"})
    assert "is now “theirs”" in refused.content.decode()
    assert fields_of(refused)["hostname"] == "mine"

    ann.post(page(asset), fields_of(refused))
    asset.refresh_from_db()
    assert asset.hostname == "mine"


def test_a_form_without_the_version_it_shows_is_refused(ann):
    asset = AssetFactory(hostname="old")
    sent = {**fields_of(ann.get(page(asset))), "hostname": "new"}
    sent.pop("version")
    assert "Open the record again" in ann.post(page(asset), sent).content.decode()
    asset.refresh_from_db()
    assert asset.hostname == "old"


def test_saving_a_form_does_not_undo_a_handover_made_meanwhile(ann, it):
    asset, ada = AssetFactory(), PersonFactory()
    shown = fields_of(ann.get(page(asset)))
    lifecycle.hand_over([asset], to=ada, by=it)

    assert ann.post(page(asset), {**shown, "notes": "checked"}).status_code == 302

    asset.refresh_from_db()
    assert (asset.state, asset.holder, asset.notes) == (Asset.State.IN_USE, ada, "checked")


def test_a_stale_row_inside_a_page_is_refused_too(client, finance, ben):
    client.force_login(finance)
    alias = VendorAliasFactory(name="Acme")
    shown = fields_of(client.get(page(alias.vendor)))
    theirs = fields_of(ben.get(page(alias.vendor)))
    ben.post(page(alias.vendor), {**theirs, "aliases-0-name": "Acme Inc"})

    refused = client.post(page(alias.vendor), {**shown, "aliases-0-name": "Acme Ltd"})

    assert refused.status_code == 200
    assert "is now “Acme Inc" in refused.content.decode()
    alias.refresh_from_db()
    assert alias.name == "Acme Inc"


def test_the_second_click_on_save_adds_nothing(ann):
    product = ProductFactory()
    empty = fields_of(ann.get(reverse("admin:assets_asset_add")))
    sent = {**empty, "product": product.pk}
    sent.pop("version", None)
    first = ann.post(reverse("admin:assets_asset_add"), sent)
    second = ann.post(reverse("admin:assets_asset_add"), sent)
    assert first.status_code == 302
    assert "was sent already" in second.content.decode()
    assert Asset.objects.count() == 1


def test_a_new_asset_gets_the_next_tag_and_says_who_added_it(ann, it):
    product, room = ProductFactory(), LocationFactory()
    empty = fields_of(ann.get(reverse("admin:assets_asset_add")))
    sent = {**empty, "product": product.pk, "place": room.pk, "cost": "12.50"}
    assert ann.post(reverse("admin:assets_asset_add"), sent).status_code == 302
    asset = Asset.objects.get()
    assert (asset.tag, asset.state, asset.location) == ("AS-000001", "in_stock", room)
    assert str(asset.cost) == "12.50"
    assert asset.history.get().history_user == it


def test_a_serial_taken_already_is_refused_in_words(ann):
    other = AssetFactory(serial="ABC-123")
    mine = AssetFactory(product=other.product)
    sent = {**fields_of(ann.get(page(mine))), "serial": "abc123"}
    assert "has this serial number" in ann.post(page(mine), sent).content.decode()


def test_the_reason_of_a_change_stands_in_the_history(ann, it):
    asset = AssetFactory()
    sent = {**fields_of(ann.get(page(asset))), "notes": "x", "reason": "the sticker was wrong"}
    ann.post(page(asset), sent)
    latest = asset.history.latest()
    assert (latest.history_change_reason, latest.history_user) == ("the sticker was wrong", it)
    assert "the sticker was wrong" in ann.get(page(asset, "history")).content.decode()


def test_the_history_shows_what_a_move_changed_before_and_after(ann, it):
    asset, ada = AssetFactory(), PersonFactory(name="Ada Moss")
    lifecycle.hand_over([asset], to=ada, by=it)
    text = ann.get(page(asset, "history")).content.decode()
    assert all(word in text for word in ("in stock", "in use", "Ada Moss", "handed over to"))


def test_costs_are_seen_and_changed_by_those_who_may(client, it, finance, service_desk):
    asset = AssetFactory(cost="4711.00")
    asset.cost = "4712.00"
    asset.save()
    for user, sees in ((it, True), (finance, True), (service_desk, False)):
        client.force_login(user)
        for name in ("change", "history"):
            text = client.get(page(asset, name)).content.decode()
            assert bool(re.search(r"471[12]", text)) == sees, (user, name)
        old = page(asset, "simple_history", asset.history.first().history_id)
        assert bool(re.search(r"471[12]", client.get(old).content.decode())) == sees
        address = reverse("admin:assets_asset_changelist") + "?cost__exact=4712"
        assert client.get(address).status_code == 400


def test_it_cannot_change_a_cost_and_finance_nothing_else(client, it, finance):
    asset = AssetFactory(cost="10.00", hostname="old")
    client.force_login(it)
    client.post(page(asset), {**fields_of(client.get(page(asset))), "cost": "20.00"})
    asset.refresh_from_db()
    assert str(asset.cost) == "10.00"

    client.force_login(finance)
    sent = {**fields_of(client.get(page(asset))), "cost": "30.00", "hostname": "finance"}
    assert client.post(page(asset), sent).status_code == 302
    asset.refresh_from_db()
    assert (str(asset.cost), asset.hostname) == ("30.00", "old")


@pytest.mark.parametrize("name", ["state", "holder", "location", "serial_key"])
def test_what_the_moves_own_is_not_written_by_a_form(name, ann):
    asset = AssetFactory()
    before = getattr(asset, name)
    sent = {**fields_of(ann.get(page(asset))), name: "retired", "notes": "x"}
    ann.post(page(asset), sent)
    asset.refresh_from_db()
    assert getattr(asset, name) == before


def test_what_is_in_use_is_not_deleted_and_the_page_says_what_needs_it(ann):
    ada = PersonFactory()
    asset = AssetFactory(holder=ada)
    shown = ann.get(page(ada, "delete")).content.decode()
    assert asset.tag in shown
    ann.post(page(ada, "delete"), {"post": "yes"})
    bulk = {"action": "delete_selected", "_selected_action": ada.pk, "post": "yes"}
    ann.post(reverse("admin:people_person_changelist"), bulk)
    assert Person.objects.filter(pk=ada.pk).exists()


def test_deleting_leaves_the_history_with_who_did_it(ann, it):
    vendor = VendorFactory()
    ann.post(page(vendor, "delete"), {"post": "yes"})
    last = type(vendor).history.filter(id=vendor.pk).latest()
    assert (last.history_type, last.history_user) == ("-", it)


def test_a_search_that_finds_one_record_opens_it(ann):
    asset = AssetFactory(serial="5CG1234XYZ")
    AssetFactory()
    response = ann.get(reverse("admin:assets_asset_changelist"), {"q": "5cg1234xyz"})
    assert response["Location"] == page(asset)


def test_steps_report_each_refused_row_and_do_the_rest(ann):
    fine, retired, ada = AssetFactory(), AssetFactory(state="retired"), PersonFactory()
    chosen = {"action": "hand_over", "_selected_action": [fine.pk, retired.pk]}
    asked = ann.post(reverse("admin:assets_asset_changelist"), chosen)
    assert "will be refused" in asked.content.decode()

    done = ann.post(
        reverse("admin:assets_asset_changelist"),
        {**chosen, "apply": "1", "to": ada.pk},
        follow=True,
    )

    text = done.content.decode()
    assert "1 of 2" in text or f"Hand over: {fine}" in text
    assert f"{retired} is retired: it cannot be handed over" in text
    fine.refresh_from_db()
    assert fine.holder == ada


def test_a_step_shows_only_where_it_is_allowed(ann):
    text = ann.get(page(AssetFactory())).content.decode()
    assert "step/hand_over/" in text
    assert "step/take_back/" not in text


def test_a_step_is_refused_to_who_lacks_its_permission(client, auditor):
    client.force_login(auditor)
    asset = AssetFactory()
    single = reverse("admin:assets_asset_step", args=[asset.pk, "retire"])
    assert client.get(single).status_code == 403
    assert client.post(single, {"apply": "1", "reason": "x"}).status_code == 403
    bulk = {"action": "retire", "_selected_action": asset.pk, "apply": "1", "reason": "x"}
    client.post(reverse("admin:assets_asset_changelist"), bulk)
    asset.refresh_from_db()
    assert asset.state == "in_stock"


def test_moving_a_location_moves_the_paths_inside_it_and_never_in_a_circle(ann):
    site = LocationFactory(name="Berlin")
    floor = LocationFactory(name="Floor 1", parent=site)
    room = LocationFactory(name="Room 2", parent=floor)
    sent = {**fields_of(ann.get(page(site))), "name": "Hamburg"}
    assert ann.post(page(site), sent).status_code == 302
    room.refresh_from_db()
    assert room.path == "Hamburg / Floor 1 / Room 2"
    assert room.history.latest().history_user is not None

    sent = {**fields_of(ann.get(page(site))), "parent": room.pk}
    assert "lies inside" in ann.post(page(site), sent).content.decode()


def test_nobody_makes_himself_more_than_he_is(client, administrator):
    client.force_login(administrator)
    boss = UserFactory(is_staff=True, is_superuser=True)
    sent = {**fields_of(client.get(page(administrator))), "is_superuser": "on", "name": "Me"}
    client.post(page(administrator), sent)
    administrator.refresh_from_db()
    assert (administrator.is_superuser, administrator.name) == (False, "Me")

    assert client.post(page(boss), {"email": "mine@example.com"}).status_code == 403
    ada = UserFactory()
    sent = {**fields_of(client.get(page(ada))), "is_superuser": "on", "is_staff": "on"}
    client.post(page(ada), sent)
    ada.refresh_from_db()
    assert (ada.is_staff, ada.is_superuser) == (True, False)


def test_a_deactivated_user_is_out_with_his_next_request(client, it):
    client.force_login(it)
    User.objects.filter(pk=it.pk).update(is_active=False)
    assert client.get(reverse("admin:index")).status_code == 302


def test_a_password_never_reaches_the_history_of_a_login(administrator):
    assert "password" not in [field.name for field in User.history.model._meta.fields]


def test_a_department_is_deleted_only_when_nobody_is_in_it(ann):
    department = DepartmentFactory()
    PersonFactory(department=department)
    ann.post(page(department, "delete"), {"post": "yes"})
    assert type(department).objects.filter(pk=department.pk).exists()


def test_nobody_learns_from_an_address_whether_a_record_exists(client, service_desk):
    user = UserFactory()
    client.force_login(service_desk)
    content_type = ContentType.objects.get_for_model(User)
    there = client.get(f"/admin/r/{content_type.pk}/{user.pk}/")
    missing = client.get(f"/admin/r/{content_type.pk}/999999/")
    assert (there.status_code, missing.status_code) == (404, 404)
    assert client.get(page(user)).status_code == 403


@pytest.mark.parametrize("address", ["?e=1", "?o=99", "?p=xyz", "?o=1.2.3", "?_facets=x", "?all=1"])
def test_no_address_of_a_list_ends_in_an_error(address, ann):
    AssetFactory()
    response = ann.get(reverse("admin:assets_asset_changelist") + address, follow=True)
    assert response.status_code in (200, 400)


@pytest.mark.parametrize("key", ["x", "9" * 30, "-1", "1 OR 1", "\x00"])
def test_what_is_no_key_of_a_product_is_refused_in_words(ann, key):
    asset = AssetFactory()
    sent = {**fields_of(ann.get(page(asset))), "product": key}
    response = ann.post(page(asset), sent)
    assert response.status_code == 200
    assert response.context["adminform"].form.errors["product"]
