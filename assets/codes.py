"""Which assets the codes mean that somebody reads from a label, a device or its carton."""

import re
from collections import defaultdict
from collections.abc import Iterable
from itertools import batched
from urllib.parse import unquote

from django.db.models import QuerySet, Value
from django.db.models.functions import StrIndex, Substr, Upper

from assets.identifiers import READERS, stored
from assets.models import Asset, Identifier
from assets.serials import scanned_serial, serial_key

BATCH = 300
"""How many codes one query looks for; each becomes several values."""
ADDRESS = re.compile(r"https?://[^\s]+/a/([^/?#\s]+)/?(?:[?#].*)?", re.IGNORECASE)

type Found = dict[str, list[Asset]]


def find_assets(codes: Iterable[str]) -> Found:
    """For each code the assets it may mean: none, one, or several that share it.

    A code is a tag, the address in the QR code of a label, an identifier in any notation or a
    serial number. A tag wins over an identifier, and that over a serial number. Asks a few
    queries per BATCH of codes, however many there are.
    """
    wanted = dict.fromkeys(codes)
    found: Found = {code: [] for code in wanted}
    for find in (_by_tag, _by_tag_in_any_case, _by_identifier, _by_serial):
        left = [code for code in wanted if not found[code]]
        for batch in batched(left, BATCH):
            found |= find(batch)
    return found


def tag_in(code: str) -> str:
    """The tag in the address of a label's QR code; any other code as it is."""
    address = ADDRESS.fullmatch(code)
    return unquote(address[1]) if address else code


def _assets() -> QuerySet[Asset]:
    return Asset.objects.select_related("product", "location", "holder", "installed_in__product")


def _by_tag(codes: Iterable[str]) -> Found:
    tags = {code: tag_in(code) for code in codes}
    known = {asset.tag: asset for asset in _assets().filter(tag__in=set(tags.values()))}
    return {code: [known[tag]] for code, tag in tags.items() if tag in known}


def _by_tag_in_any_case(codes: Iterable[str]) -> Found:
    tags = {code: tag_in(code).upper() for code in codes}
    rows = _assets().annotate(any_case=Upper("tag")).filter(any_case__in=set(tags.values()))
    known: defaultdict[str, list[Asset]] = defaultdict(list)
    for asset in rows:
        known[asset.tag.upper()].append(asset)
    return {code: known[tag] for code, tag in tags.items() if tag in known}


def _by_identifier(codes: Iterable[str]) -> Found:
    meant = {code: {(kind, stored(kind, code)) for kind in READERS} for code in codes}
    values = {value for pairs in meant.values() for _, value in pairs}
    known: defaultdict[tuple[str, str], list[Asset]] = defaultdict(list)
    related = ("asset__product", "asset__location", "asset__holder", "asset__installed_in__product")
    for row in Identifier.objects.filter(value__in=values).select_related(*related):
        known[row.kind, row.value].append(row.asset)
    return {code: _together(known, pairs) for code, pairs in meant.items()}


def _by_serial(codes: Iterable[str]) -> Found:
    """Whoever the maker is: the scanner does not say. What firmware says instead means nothing."""
    meant = {code: _serials(code) for code in codes}
    bare = Substr("serial_key", StrIndex("serial_key", Value(":")) + 1)
    keys = {key for keys in meant.values() for key in keys}
    known: defaultdict[str, list[Asset]] = defaultdict(list)
    for asset in _assets().annotate(bare=bare).exclude(serial_key="").filter(bare__in=keys):
        known[asset.serial_key.partition(":")[2]].append(asset)
    return {code: _together(known, keys) for code, keys in meant.items()}


def _serials(code: str) -> set[str]:
    """A serial number as it is compared, and without what makers print before it."""
    read = {code, *(scanned_serial(code, maker) for maker in ("HP", "Lenovo"))}
    return {serial_key(None, text)[1:] for text in read} - {""}


def _together[K](known: defaultdict[K, list[Asset]], keys: Iterable[K]) -> list[Asset]:
    return list({asset.pk: asset for key in keys if key in known for asset in known[key]}.values())
