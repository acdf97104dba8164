"""Every registered admin, swept over: a new one is covered on arrival."""

from contextlib import nullcontext

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.admin import BaseAdmin, ReadOnlyInline
from tests import factories
from tests.factories import (
    CommentFactory,
    CoverageFactory,
    IdentifierFactory,
    PersonFactory,
    TermFactory,
    VendorAliasFactory,
)
from tests.rendering import bare, unrendered

ADMINS = sorted(admin.site._registry.values(), key=lambda it: it.opts.label)
TRACKED = [it for it in ADMINS if isinstance(it, BaseAdmin)]


def name_of(model_admin):
    return model_admin.opts.label


def url(model_admin, page, *args):
    return reverse(
        f"admin:{model_admin.opts.app_label}_{model_admin.opts.model_name}_{page}", args=args
    )


def make(model_admin):
    """One record, with everything that its page shows beside it."""
    model = model_admin.model
    name = f"{model.__name__}Factory"
    # Of those for all that a rule watches there is one only.
    given = {"category": factories.CategoryFactory()} if name == "LeadTimeFactory" else {}
    record = getattr(factories, name)(**given)
    enrich(record)
    return record


def enrich(record):
    label = record._meta.label
    if label == "assets.Asset":
        IdentifierFactory(asset=record)
        factories.RelationFactory(source=record)
        factories.RelationFactory(target=record)
        CoverageFactory(asset=record)
        factories.TicketFactory(asset=record)
        factories.CustodyFactory(asset=record)
        factories.WarrantyFactory(asset=record, provider=factories.VendorFactory())
        add_upkeep_to_asset(record)
    elif label == "assets.Category":
        factories.ExtraFieldFactory(category=record)
    elif label == "assets.Vendor":
        VendorAliasFactory(vendor=record)
        factories.VendorContactFactory(vendor=record)
    elif label == "contracts.Contract":
        add_rows_to_contract(record)
    elif label == "support.Ticket":
        CommentFactory(ticket=record)
    elif label == "assets.StockItem":
        factories.StockMovementFactory(item=record)
    elif label == "assets.Order":
        factories.OrderLineFactory(order=record)
    elif label == "assets.Kit":
        factories.KitLineFactory(kit=record)
        factories.KitLineFactory(kit=record, item=factories.StockItemFactory())


def add_upkeep_to_asset(asset):
    factories.AssetFactory(installed_in=asset)
    factories.InspectionFactory(asset=asset)
    factories.RepairFactory(asset=asset, returned_on="2030-01-01", vendor=factories.VendorFactory())
    factories.UpgradeFactory(asset=asset, vendor=factories.VendorFactory())
    factories.WipeFactory(asset=asset)


def add_rows_to_contract(contract, first=1):
    term = TermFactory(contract=contract, starts_on=f"20{first:02}-01-01")
    factories.DecisionFactory(term=term, decided_by=factories.UserFactory())
    CoverageFactory(contract=contract)


def queries(client, address):
    with CaptureQueriesContext(connection) as captured:
        response = client.get(address)
    assert response.status_code == 200, address
    return [query["sql"] for query in captured.captured_queries]


@pytest.fixture(scope="module")
def visitor(module_db):
    """A superuser who signed in once, and has seen what is cached for all pages of a process."""
    user = factories.UserFactory(is_staff=True, is_superuser=True)
    visitor = Client()
    visitor.force_login(user)
    visitor.get("/admin/")
    return visitor


@pytest.fixture(scope="module")
def stranger(module_db):
    """Staff without a role."""
    user = factories.UserFactory(is_staff=True)
    PersonFactory(user=user, name=user.name, email=user.email)
    stranger = Client()
    stranger.force_login(user)
    return stranger


@pytest.fixture
def signed_in(visitor, db):
    ContentType.objects.get_for_models(*apps.get_models())
    return visitor


@pytest.mark.parametrize("model_admin", ADMINS, ids=name_of)
def test_the_queries_of_a_list_do_not_grow_with_its_rows(model_admin, signed_in):
    make(model_admin)
    with bare():
        one = queries(signed_in, url(model_admin, "changelist"))
        for _ in range(3):
            make(model_admin)
        four = queries(signed_in, url(model_admin, "changelist"))
    assert len(four) <= len(one), "\n".join(four)


def test_the_queries_of_the_menus_do_not_grow_with_records(signed_in):
    for model_admin in ADMINS:
        make(model_admin)
    once = queries(signed_in, "/admin/")
    for model_admin in ADMINS:
        make(model_admin)
    twice = queries(signed_in, "/admin/")
    assert len(twice) <= len(once), "\n".join(twice)


@pytest.mark.parametrize("model_admin", ADMINS, ids=name_of)
def test_the_queries_of_a_page_do_not_grow_with_what_it_shows(model_admin, signed_in):
    record = make(model_admin)
    address = url(model_admin, "change", record.pk)
    with bare():
        one = queries(signed_in, address)
    for number in range(2, 5):
        if record._meta.label == "contracts.Contract":
            add_rows_to_contract(record, number)
        elif record._meta.label == "assets.Asset":
            factories.RelationFactory(source=record)
            factories.RelationFactory(target=record)
            IdentifierFactory(asset=record)
            CoverageFactory(asset=record)
            factories.TicketFactory(asset=record)
            factories.WarrantyFactory(asset=record, provider=factories.VendorFactory())
            factories.CustodyFactory(
                asset=record, holder=PersonFactory(), until="2030-01-01T00:00Z"
            )
            add_upkeep_to_asset(record)
        else:
            make(model_admin)
            enrich(record)
    with bare():
        four = queries(signed_in, address)
    assert len(four) <= len(one), "\n".join(four)


@pytest.mark.parametrize("model_admin", ADMINS, ids=name_of)
def test_a_search_finds_and_a_hostile_one_harms_nothing(model_admin, signed_in):
    record = make(model_admin)
    address = url(model_admin, "changelist")
    for words in ("%_'\"\\", "zzz", "a " * 1000, "x\x00y", str(record)):
        # A list that finds nothing looks the same each time: the first is rendered, with all
        # that is special to HTML in it, of the others the search itself is asked.
        with unrendered() if words != "%_'\"\\" else nullcontext():
            response = signed_in.get(address, {"q": words})
        assert response.status_code in (200, 302), words


@pytest.mark.parametrize("model_admin", ADMINS, ids=name_of)
def test_the_page_to_add_a_record_opens_where_one_may_be_added(model_admin, signed_in, rf):
    with bare():
        response = signed_in.get(url(model_admin, "add"))
    request = rf.get("/")
    request.user = response.wsgi_request.user
    assert response.status_code == (200 if model_admin.has_add_permission(request) else 403)


@pytest.mark.parametrize("model_admin", ADMINS, ids=name_of)
def test_only_what_a_list_offers_may_be_looked_up(model_admin, signed_in, rf):
    offered = {
        *model_admin.allowed_lookups,
        *(it[0] if isinstance(it, tuple) else it for it in model_admin.list_filter),
    }
    fields = model_admin.opts.concrete_fields
    hidden = [
        f"{field.name}__{lookup}=("
        for field in fields
        for lookup in ("startswith", "regex", "contains")
    ]
    hidden += [f"{field.attname}=1" for field in fields if field.name not in offered]
    address = url(model_admin, "changelist")
    response = signed_in.get(f"{address}?{hidden[0]}")
    assert response.status_code == 400
    # What the page answers so is refused by its list, which is asked for all of them.
    for lookup in hidden:
        request = rf.get(f"{address}?{lookup}")
        request.user = response.wsgi_request.user
        with pytest.raises(DisallowedModelAdminLookup):
            model_admin.get_changelist_instance(request)


@pytest.mark.parametrize("model_admin", ADMINS, ids=name_of)
def test_a_key_that_no_record_can_have_is_answered_without_an_error(model_admin, signed_in):
    long = "9" * 40
    keys = [it for it in model_admin.list_filter if isinstance(it, str)]
    keys = [it for it in [*keys, *model_admin.allowed_lookups] if "__" not in it]
    linked = [it for it in keys if model_admin.opts.get_field(it).is_relation]
    with unrendered():
        for name in ["pk", *linked][: len(linked) + 1]:
            response = signed_in.get(f"{url(model_admin, 'changelist')}?{name}__exact={long}")
            assert response.status_code in (200, 302, 400)
        for key in ("abc", long):
            history = signed_in.get(f"{url(model_admin, 'changelist')}{key}/history/")
            assert history.status_code in (302, 404)


@pytest.mark.parametrize("model_admin", TRACKED, ids=name_of)
def test_every_long_list_of_choices_is_completed_by_typing(model_admin, rf, superuser):
    request = rf.get("/")
    request.user = superuser
    inlines = model_admin.get_inline_instances(request)
    editable = [it for it in inlines if not isinstance(it, ReadOnlyInline)]
    for holder in (model_admin, *editable):
        for field in holder.opts.fields:
            large = field.is_relation and field.editable and field.related_model not in SHORT
            if large and getattr(holder, "fk_name", None) != field.name:
                parent = field.related_model is model_admin.model and holder is not model_admin
                assert parent or field.name in holder.get_autocomplete_fields(request), field


SHORT = {ContentType}


@pytest.mark.parametrize("model_admin", TRACKED, ids=name_of)
def test_the_history_shows_versions_and_reverts_nothing(model_admin, signed_in):
    record = make(model_admin)
    version = record.history.latest()
    old = url(model_admin, "simple_history", record.pk, version.history_id)
    with bare():
        assert signed_in.get(url(model_admin, "history", record.pk)).status_code == 200
        assert signed_in.get(old).status_code == 200
        assert signed_in.post(old, {}).status_code == 403
    assert record.history.count() == len(record.history.all())


COMPLETED = {
    (model_admin.opts.label, field.name): field
    for model_admin in TRACKED
    for field in model_admin.opts.fields
    if field.is_relation
    and getattr(admin.site._registry.get(field.related_model), "search_fields", ())
}


@pytest.mark.parametrize("label", COMPLETED, ids="-".join)
def test_what_is_typed_is_completed_for_those_who_may_see_it_and_nobody_else(
    label, signed_in, stranger
):
    field = COMPLETED[label]
    known = make(admin.site._registry[field.related_model])
    asked = {
        "app_label": field.model._meta.app_label,
        "model_name": field.model._meta.model_name,
        "field_name": field.name,
    }
    answer = signed_in.get(reverse("admin:autocomplete"), asked)
    assert answer.status_code == 200
    assert str(known) in [result["text"] for result in answer.json()["results"]]

    assert stranger.get(reverse("admin:autocomplete"), asked).status_code == 403


@pytest.mark.parametrize("model_admin", TRACKED, ids=name_of)
def test_the_fields_that_a_form_declares_itself_look_like_those_of_its_model(model_admin, rf):
    request = rf.get("/")
    request.user = factories.UserFactory.build(is_superuser=True)
    if not model_admin.has_add_permission(request):
        pytest.skip("is not written down by hand")
    form = model_admin.get_form(request)
    worn = {name: form.base_fields[name].widget for name in form.declared_fields}
    shown = {name: widget for name, widget in worn.items() if not widget.is_hidden}
    assert "reason" in shown
    assert [
        name for name, it in shown.items() if type(it).__module__ == "django.forms.widgets"
    ] == []
