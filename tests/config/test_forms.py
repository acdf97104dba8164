import pytest
from django.contrib import admin
from django.core.exceptions import ValidationError

from assets.models import Asset, Upgrade
from config.forms import CurrencyField, currency_field
from contracts.models import ExchangeRate
from tests.factories import AssetFactory


@pytest.mark.parametrize(("typed", "code"), [("eur", "EUR"), (" chf ", "CHF"), ("USD", "USD")])
def test_a_currency_is_taken_in_any_case(typed, code):
    assert currency_field().clean(typed) == code


@pytest.mark.parametrize("typed", ["???", "z", "e r", "€", "1EU", "EURO", "ÄÖÜ"])
def test_what_is_no_code_is_no_currency(typed):
    with pytest.raises(ValidationError):
        currency_field().clean(typed)


def test_without_one_it_is_the_default(settings):
    field = currency_field()

    assert field.clean("") == ""
    assert field.help_text == f"Empty: {settings.DEFAULT_CURRENCY}."


@pytest.mark.parametrize(("model", "name"), [(Asset, "currency"), (ExchangeRate, "base")])
def test_a_record_asks_for_its_currency_the_same_way(model, name):
    assert isinstance(model._meta.get_field(name).formfield(), CurrencyField)


def test_each_step_asks_for_its_currency_the_same_way():
    steps = [it for each in admin.site._registry.values() for it in getattr(each, "steps", ())]
    fields = [(it.name, it.form.base_fields.get("currency")) for it in steps if it.form]
    asking = {name for name, field in fields if isinstance(field, CurrencyField)}

    assert asking == {name for name, field in fields if field}
    assert asking >= {"upgrade", "return_from_repair", "dispose", "extend_warranty", "work"}


@pytest.mark.django_db
def test_amounts_typed_in_any_case_are_of_one_currency(client, it):
    client.force_login(it)
    asset = AssetFactory()
    page = f"/admin/assets/asset/{asset.pk}/step/upgrade/"
    for typed in ("eur", "EUR"):
        client.post(page, {"apply": "1", "what": "RAM", "cost": "10", "currency": typed})
    said = {
        typed: client.post(page, {"apply": "1", "what": "RAM", "cost": "10", "currency": typed})
        for typed in ("???", "eru")
    }

    assert {typed: it.context["form"].errors["currency"] for typed, it in said.items()} == {
        "???": ["Give an ISO 4217 code such as EUR."],
        "eru": ["ERU is no currency. Give an ISO 4217 code such as EUR."],
    }
    assert list(Upgrade.objects.values_list("currency", flat=True)) == ["EUR", "EUR"]
