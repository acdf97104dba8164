"""Until when things are supported: releases matched to what assets run and to what they are.

Names are compared word by word, in any case and punctuation. Where two releases fit none is taken.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.timezone import make_aware

from assets.models import Asset, Product, Release
from config.history import Actor, update_all_as

type Words = tuple[str, ...]

MAKERS = {"apple", "microsoft", "google", "canonical", "vmware"}
"""Who may stand before the name of an operating system."""
SPELLINGS: dict[Words, Words] = {
    ("red", "hat", "enterprise", "linux"): ("rhel",),
    ("redhat", "enterprise", "linux"): ("rhel",),
    ("suse", "linux", "enterprise", "server"): ("sles",),
    ("mac", "os", "x"): ("macos",),
    ("mac", "os"): ("macos",),
    ("os", "x"): ("macos",),
    ("debian", "gnu", "linux"): ("debian",),
    ("centos", "linux"): ("centos",),
    ("fedora", "linux"): ("fedora",),
    ("linux", "mint"): ("linuxmint",),
    ("opensuse", "leap"): ("opensuse",),
    ("aix",): ("ibm", "aix"),
}
EDITIONS = {"enterprise": "e", "education": "e", "pro": "w", "professional": "w", "home": "w"}
"""The releases of Windows for organisations (e) and for everybody else (w), as endoflife.date names
them. https://endoflife.date/windows"""
NOISE = {"server", "release", "version", "linux"} | {
    *("catalina", "big", "sur", "monterey", "ventura", "sonoma", "sequoia"),
}
"""What may stand between a name and its version."""
LONG_TERM = {"ltsc", "ltsb", "iot"}


def words_of(text: str) -> Words:
    """A name as it is compared: "Ubuntu 22.04.3" is ubuntu, 22, 04, 3."""
    return tuple(re.findall(r"[a-z0-9]+", text.casefold().replace("+", " plus ")))


class Releases:
    """Every release in memory, by the words of its product and its cycle."""

    def __init__(self) -> None:
        self.cycles: defaultdict[Words, defaultdict[Words, list[Release]]]
        self.cycles = defaultdict(lambda: defaultdict(list))
        for release in Release.objects.all():
            self.cycles[words_of(release.product)][words_of(release.cycle)].append(release)

    def of_system(self, text: str) -> Release | None:
        """The release of an operating system: the longest cycle with which its version begins."""
        words = words_of(text)
        while words and words[0] in MAKERS:
            words = words[1:]
        for spelling, name in SPELLINGS.items():
            if words[: len(spelling)] == spelling:
                words = name + words[len(spelling) :]
                break
        for end in range(len(words), 0, -1):
            if words[:end] in self.cycles:
                return self._of_version(self.cycles[words[:end]], words[end:])
        return None

    def _of_version(self, cycles: dict[Words, list[Release]], rest: Words) -> Release | None:
        # A channel of its own, whose releases are named by a year: only its own spelling fits.
        if LONG_TERM & set(rest):
            return _only(cycles.get(rest, []))
        editions = {EDITIONS[word] for word in rest if word in EDITIONS}
        version = tuple(word for word in rest if word not in EDITIONS)
        while version and version[0] in NOISE:
            version = version[1:]
        for end in range(len(version), 0, -1):
            for start in _spelled(version[:end], editions):
                if found := cycles.get(start):
                    return _only(found)
        return None

    def of_model(self, product: Product) -> Release | None:
        """The release that a device is: its name is that of the product and the cycle, or of the
        cycle alone where the product begins with the maker's name. Exact, and the only one."""
        maker = words_of(product.maker.name) if product.maker else ()
        name = words_of(product.name)
        if maker and name[: len(maker)] == maker:
            name = name[len(maker) :]
        found = [
            release
            for start, cycles in self.cycles.items()
            for joined in _called(start, name, maker)
            for cycle, releases in cycles.items()
            if "".join(cycle) == joined
            for release in releases
        ]
        return _only(found)


def _spelled(version: Words, editions: set[str]) -> Iterable[Words]:
    """A version as cycles may spell it: with its edition, and "15 SP4" as 15.4 too."""
    if len(editions) == 1:
        yield (*version, *editions)
    yield version
    yield tuple(re.sub(r"^sp(?=\d)", "", word) for word in version)


def _called(start: Words, name: Words, maker: Words) -> set[str]:
    """What a cycle of the product `start` must be called for a device of this name to be it.

    Spaces do not count: "Pixel 9 Pro Fold" is pixel, 9profold.
    """
    names: set[Words] = set()
    own = start[len(maker) :] if maker and start[: len(maker)] == maker else start
    for begin in (start, own):
        if name[: len(begin)] == begin:
            names |= {name, name[len(begin) :]}
    # "samsung-mobile" is by Samsung, "motorola-mobility" by Motorola.
    if maker and start[0] == maker[0]:
        names.add(name)
    return {"".join(words) for words in names}


def _only(found: Sequence[Release]) -> Release | None:
    return found[0] if len({release.pk for release in found}) == 1 else None


def match_release(text: str) -> Release | None:
    """The release that the name of an operating system means, None where none or several fit.

    "Ubuntu 22.04.3 LTS" is ubuntu 22.04, "Microsoft Windows 11 Pro 23H2" is windows 11-23h2-w. A
    version alone that has several editions, such as "Windows 11 23H2", is none.
    """
    return Releases().of_system(text) if text.strip() else None


@transaction.atomic
def match_all(*, by: Actor, reason: str = "", among: QuerySet[Asset] | None = None) -> list[Asset]:
    """Give assets the release that their operating system names, where they have none.

    A release that somebody chose stays. Each distinct name is matched once. Returns the assets
    that now have one.
    """
    rows = Asset.objects.all() if among is None else among
    rows = rows.filter(release=None).exclude(operating_system="").order_by()
    releases = Releases()
    names = set(rows.values_list("operating_system", flat=True))
    matched = {name: found for name in names if (found := releases.of_system(name))}
    locked = Asset.objects.select_for_update(of=("self",)).select_related("product")
    assets = [
        asset
        for asset in locked.filter(pk__in=rows.values("pk")).order_by("pk")
        if asset.operating_system in matched
    ]
    for asset in assets:
        asset.release = matched[asset.operating_system]
    update_all_as(assets, ["release"], by=by, reason=reason or "matched by its operating system")
    return assets


@dataclass
class Outcome:
    """What changed, and a sentence for each record that was refused."""

    done: list[Asset | Product] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def match(assets: Iterable[Asset], *, by: Actor, reason: str = "") -> Outcome:
    """Match these assets alone, and say of each why it has no release."""
    keys = {asset.pk for asset in assets}
    outcome = Outcome(done=[*match_all(by=by, among=Asset.objects.filter(pk__in=keys))])
    left = Asset.objects.filter(pk__in=keys - {it.pk for it in outcome.done})
    for asset in left.select_related("product", "release"):
        if asset.release:
            sentence = f"has the release {asset.release} already: empty it first."
        elif not asset.operating_system:
            sentence = "has no operating system: write down what it runs."
        else:
            sentence = f"runs {asset.operating_system}, which names no release, or several."
        outcome.refused.append(f"{asset} {sentence}")
    return outcome


@transaction.atomic
def take_end_of_life(products: Iterable[Product], *, by: Actor, reason: str = "") -> Outcome:
    """Write down when the support of products ends, from the release of exactly their name."""
    releases = Releases()
    rows = Product.objects.select_for_update(of=("self",)).select_related("maker").order_by("pk")
    outcome = Outcome()
    for product in rows.filter(pk__in=[product.pk for product in products]):
        release = releases.of_model(product)
        if release is None:
            outcome.refused.append(f"{product}: no release has this name, or several have.")
        elif release.ends_on is None:
            ended = "has ended, on a day that is not known" if release.has_ended else "goes on"
            outcome.refused.append(f"{product}: the support of {release} {ended}.")
        else:
            product.end_of_life_on = release.ends_on
            outcome.done.append(product)
    reason = reason or "end of life taken from its release"
    update_all_as([*outcome.done], ["end_of_life_on"], by=by, reason=reason)
    return outcome


# --- Which assets need somebody to look at them --------------------------------------------------


def out_of_support(assets: QuerySet[Asset], on: date) -> QuerySet[Asset]:
    """In service, and before `on` the support of its release or of its product ended."""
    ended = Q(release__in=Release.objects.out_of_support(on))
    return _in_service(assets).filter(ended | Q(product__end_of_life_on__lt=on))


def support_ending(assets: QuerySet[Asset], within: int, on: date) -> QuerySet[Asset]:
    """In service, and the support of its release or product ends in 0 to `within` days."""
    days = (on, on + timedelta(within))
    return _in_service(assets).filter(
        Q(release__ends_on__range=days) | Q(product__end_of_life_on__range=days)
    )


def unpatched(assets: QuerySet[Asset]) -> QuerySet[Asset]:
    """In service, and its last report says that updates are missing."""
    return _in_service(assets).filter(patch_status=Asset.PatchStatus.BEHIND)


def silent(assets: QuerySet[Asset], days: int, on: date) -> QuerySet[Asset]:
    """In service, and last seen `days` days before `on` or earlier, by the site's clock.

    What was never seen is not silent: it has nothing that would report.
    """
    first_day_heard = on - timedelta(days - 1)
    return _in_service(assets).filter(
        last_seen_at__lt=make_aware(datetime.combine(first_day_heard, time.min))
    )


def _in_service(assets: QuerySet[Asset]) -> QuerySet[Asset]:
    return assets.exclude(state__in=Asset.ENDED)
