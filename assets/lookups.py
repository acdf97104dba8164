"""How cells name vendors, categories, products and assets."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db import models

from assets.makers import MAKERS
from assets.models import Asset, Category, Product, Vendor, VendorAlias
from config.lookups import Lookup, folded

# The forms of companies as they stand at the end of a name, without their dots and slashes.
FORMS = (
    r"inc|incorporated|llc|ltd|limited|corp|corporation|co|company|lp|llp|pllc|pbc|plc"  # English
    r"|pty|pte|pvt|private|gmbh|mbh|ag|kg|kgaa|ohg|ug|se|ev|eg"  # Australia to Germany
    r"|s ?a|s ?a ?s|sarl|snc|s ?r ?l|s ?p ?a|s ?l|slu|ltda|lda|b ?v|n ?v|vof"  # Romance, Dutch
    r"|ab|oy|oyj|a ?s|asa|aps|kk|doo|s ?r ?o|sp z o ?o"  # North and East
)
LEGAL = re.compile(rf"\s+({FORMS}|&)$")
TRADING_AS = re.compile(r".+\s(?:d/b/a|dba|t/a|trading as|doing business as)\W+(?=\w)")
UNDECOMPOSED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i"})


def bare(name: str) -> str:
    """A vendor's name in small letters, without accents, punctuation and the legal form at its end.

    Of "Foo LLC d/b/a Bar" it is "bar", by which it is known. "And" and "&" are the same.
    """
    plain = unicodedata.normalize("NFKD", name.casefold()).translate(UNDECOMPOSED)
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    plain = re.sub(r"(?<=\w)\.(?=\w)|['\u2019`]", "", plain).replace("&", " & ")
    words = " ".join(re.sub(r"[^\w\s&]|_", " ", TRADING_AS.sub("", plain)).split())
    words = re.sub(r"\band\b", "&", words)
    while LEGAL.search(words):
        words = LEGAL.sub("", words)
    return words.removeprefix("the ") or words


class Vendors(Lookup):
    model = Vendor
    accepts = "the name or another spelling of a vendor who is there"

    def __init__(self, resource: Any) -> None:
        self.bare: defaultdict[str, list[Vendor]] = defaultdict(list)
        self.spellings: defaultdict[int, list[VendorAlias]] = defaultdict(list)
        super().__init__(resource)

    def queryset(self) -> models.QuerySet[Vendor]:
        return Vendor.objects.prefetch_related("aliases")

    def keys(self, record: Vendor) -> Iterable[str]:
        there = [] if record._state.adding else record.aliases.all()
        return [record.name, *(it.name for it in [*there, *self.spellings[id(record)]])]

    def call(self, record: Vendor, names: Iterable[str]) -> None:
        super().call(record, names)
        for key in set(map(bare, names)):
            if record not in self.bare[key]:
                self.bare[key].append(record)

    def find(self, text: str) -> list[Vendor]:
        return super().find(text) or self.bare.get(bare(text), [])

    def make(self, text: str) -> Vendor:
        """One of the makers everybody knows, with its other spellings.

        One that is there already gets those that it was not known by.
        """
        for name, others in MAKERS.items():
            if bare(text) in map(bare, [name, *others]):
                vendor = self._there(name, others) or Vendor(name=name, is_maker=True)
                missing = [it for it in [name, *others] if not self.names.get(folded(it))]
                aliases = [VendorAlias(vendor=vendor, name=it) for it in missing]
                self.spellings[id(vendor)] += [it for it in aliases if it.name != vendor.name]
                self.made += self.spellings[id(vendor)]
                return vendor
        return Vendor(name=text)

    def _there(self, name: str, others: list[str]) -> Vendor | None:
        """Who is known by the maker's name, or is the only one known by another spelling of it."""
        known = self.find(name) or [it for other in others for it in self.find(other)]
        return known[0] if known and all(it is known[0] for it in known) else None

    def add(self, record: Vendor) -> Vendor:
        if record.pk:
            self.call(record, [it.name for it in self.spellings[id(record)]])
            return record
        vendor: Vendor = super().add(record)
        return vendor

    def use(self, record: Vendor) -> Vendor:
        for alias in self.spellings[id(record)]:
            super().use(alias)
        vendor: Vendor = super().use(record)
        return vendor

    def beginning(self, text: str) -> tuple[Vendor | None, str]:
        """The vendor whose name or spelling begins `text`, the longest, and what follows it."""
        words = text.split()
        for end in range(len(words) - 1, 0, -1):
            start = " ".join(words[:end])
            found = self.names.get(folded(start), [])
            if not found and self.resource.create_missing and start.casefold() in KNOWN:
                found = [self.get(start)]
            if len(found) == 1:
                return self.use(found[0]), " ".join(words[end:])
        return None, text

    def write(self, records: list[Any]) -> None:
        super().write([it for it in records if isinstance(it, Vendor)])
        super().write([it for it in records if isinstance(it, VendorAlias)])


KNOWN = {name.casefold() for maker, more in MAKERS.items() for name in [maker, *more]}


class Categories(Lookup):
    model = Category
    accepts = "the name of a category that is there"


class Products(Lookup):
    """By maker and model, by part number, or by a name that begins with the maker's."""

    model = Product
    accepts = 'a product that is there, as in "Dell Latitude 7410", or its part number'

    def queryset(self) -> models.QuerySet[Product]:
        return Product.objects.select_related("maker", "category")

    def keys(self, record: Product) -> Iterable[str]:
        return [str(record), record.name, record.part_number]

    def describe(self, record: Product) -> str:
        return f"{record} {record.part_number}".strip()

    def named(self, text: str, maker: str, category: str, part_number: str) -> Product:
        """The product of a row that may give the maker, the category and the part number too.

        Raises ValueError as `get` does.
        """
        vendors = self.resource.lookup(Vendors)
        vendor = self._maker(vendors, maker) if maker else None
        if vendor is None:
            vendor, rest = vendors.beginning(text)
        else:
            rest = text
        found = self._found(text, rest, vendor, part_number)
        if len(found) > 1:
            raise ValueError(
                f"could be {self.choices(found)}: give the maker and the part number too"
            )
        product = found[0] if found else self._missing(rest, vendor, category, part_number)
        if product.maker is not None:
            vendors.use(product.maker)
        self.use(product)
        self.resource.lookup(Categories).use(product.category)
        return product

    @staticmethod
    def _maker(vendors: Vendors, name: str) -> Vendor:
        try:
            vendor: Vendor = vendors.get(name)
        except ValueError as error:
            raise ValueError(f'has the maker "{name}", who {error}') from error
        return vendor

    def _found(self, text: str, rest: str, maker: Vendor | None, part_number: str) -> list[Product]:
        found = [it for it in self.find(rest) if it.maker is maker or (maker and it.maker == maker)]
        found = found or (self.find(text) if maker is None or rest != text else [])
        if part_number:
            return [it for it in found if folded(it.part_number) == folded(part_number)]
        plain = [it for it in found if not it.part_number]
        return plain if len(plain) == 1 else found

    def _missing(self, name: str, maker: Vendor | None, category: str, part_number: str) -> Product:
        if not self.resource.create_missing:
            raise ValueError(f"is no product that is there; accepted is {self.accepts}")
        if not self.may_make():
            raise ValueError("is no product that is there, and you may not add one")
        if not category:
            raise ValueError("is no product that is there, and no column gives its category")
        kind = self.resource.lookup(Categories).get(category)
        product: Product = self.add(
            Product(name=name, maker=maker, category=kind, part_number=part_number)
        )
        return product


class Assets(Lookup):
    model = Asset
    accepts = "the tag of an asset that is there"

    def queryset(self) -> models.QuerySet[Asset]:
        return Asset.objects.select_related("product")

    def keys(self, record: Asset) -> Iterable[str]:
        return [record.tag]

    def missing(self, text: str) -> Any:
        raise ValueError(f"is no asset that is there; accepted is {self.accepts}")

    @staticmethod
    def told(record: Asset) -> str:
        return record.tag
