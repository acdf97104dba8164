"""Fields that more than one app uses."""

from typing import Any

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models

from config import currencies, forms


class MoneyField(models.DecimalField):
    """An amount with two places, never negative. Its currency stands in a field beside it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_digits", 14)
        kwargs.setdefault("decimal_places", 2)
        kwargs.setdefault("validators", [MinValueValidator(0)])
        super().__init__(*args, **kwargs)


def default_currency() -> str:
    code: str = settings.DEFAULT_CURRENCY
    return code


class CurrencyField(models.CharField):
    """The three-letter code of ISO 4217."""

    # Not among the field's arguments, which every migration repeats.
    default_validators = [currencies.check]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 3)
        kwargs.setdefault("default", default_currency)
        kwargs.setdefault("validators", [currencies.WELL_FORMED])
        super().__init__(*args, **kwargs)

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": forms.CurrencyField, **kwargs})


class WebAddressField(models.URLField):
    """A web address; typed without a scheme it means https."""

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"assume_scheme": "https", **kwargs})
