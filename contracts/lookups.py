"""How cells name contracts and licences, and who has a seat of them."""

from collections.abc import Iterable
from typing import Any

from django.db import models

from assets.lookups import Assets, Categories
from assets.models import Asset, Category
from config.lookups import Lookup
from contracts.models import Contract, Licence
from people.lookups import People


class Contracts(Lookup):
    model = Contract
    accepts = "the number of a contract that is there"

    def keys(self, record: Contract) -> Iterable[str]:
        return [record.number]

    def missing(self, text: str) -> Any:
        raise ValueError(f"is no contract that is there; accepted is {self.accepts}")

    @staticmethod
    def told(record: Contract) -> str:
        return record.number


class Licences(Lookup):
    """By number, or by product where one licence only is of it."""

    model = Licence
    accepts = "the number of a licence that is there, or its product"

    def queryset(self) -> models.QuerySet[Licence]:
        return Licence.objects.select_related("product__maker", "contract")

    def keys(self, record: Licence) -> Iterable[str]:
        return [record.number, record.name, str(record.product), record.product.name]

    def find(self, text: str) -> list[Licence]:
        found: list[Licence] = super().find(text)
        exact = [licence for licence in found if licence.number.casefold() == text.casefold()]
        return exact or found

    def describe(self, record: Licence) -> str:
        return record.number or str(record)

    def missing(self, text: str) -> Any:
        raise ValueError(f"is no licence that is there; accepted is {self.accepts}")

    @staticmethod
    def told(record: Licence) -> str:
        return record.number or record.name


class Devices(Assets):
    """Also by what usage reports know: the name in the network and the serial number."""

    accepts = "the tag, hostname or serial number of an asset that is there"

    def keys(self, record: Asset) -> Iterable[str]:
        return [record.tag, record.hostname, record.serial]

    def find(self, text: str) -> list[Asset]:
        found: list[Asset] = super().find(text)
        exact = [asset for asset in found if asset.tag.casefold() == text.casefold()]
        return exact or found


class KnownPeople(People):
    """None is ever made: whoever a usage report names is somebody, or a mistake."""

    def missing(self, text: str) -> Any:
        raise ValueError(f"is no person that is there; accepted is {self.accepts}")


class SoftwareCategories(Categories):
    """One that is made for software is no hardware."""

    def make(self, text: str) -> Category:
        return Category(name=text, kind=Category.Kind.SERVICE)
