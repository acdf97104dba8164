"""Tickets by the words that stand in them, in what was said about them, and on their devices."""

from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from assets.models import Asset
from people.models import Person
from support.models import Comment, Ticket

OWN = ("number", "subject", "description")
REQUESTER = ("name", "email")
DEVICE = ("tag", "serial")
MOST = 1_000
"""How many tickets are kept by their keys; more are looked for again."""
FIELDS = [
    *OWN,
    *(f"requester__{name}" for name in REQUESTER),
    *(f"asset__{name}" for name in DEVICE),
]


def matching(tickets: QuerySet[Ticket], words: list[str], *, comments: bool) -> QuerySet[Ticket]:
    """Those of `tickets` in which each of the words stands somewhere; each ticket once.

    What was said is looked through only where `comments` says that it may be read. The longest
    word, which is the rarest as a rule, is looked for first, the others where it was found.
    """
    keys: list[int] = []
    standing: QuerySet[Any, Any] = Ticket.objects.order_by()
    for word in sorted(words, key=len, reverse=True):
        among = _standing_among(keys, word, comments=comments) if keys else None
        standing = among if among is not None else _standing_in(standing, word, comments=comments)
        keys = list(standing.values_list("pk", flat=True)[: MOST + 1])
        if not keys:
            return tickets.none()
        if len(keys) > MOST:
            keys, standing = [], Ticket.objects.order_by().filter(pk__in=standing)
    # A list and a page of it are two queries: what is short is found once for both.
    return tickets.filter(pk__in=keys) if keys else tickets.filter(pk__in=standing.values("pk"))


def _standing_among(keys: list[int], word: str, *, comments: bool) -> QuerySet[Any, Any]:
    """Those of a few tickets in which the word stands; each of them is looked at."""
    condition = _any(FIELDS, word)
    if comments:
        said = Comment.objects.filter(ticket=OuterRef("pk"), body__icontains=word).order_by()
        condition |= Q(Exists(said))
    return Ticket.objects.order_by().filter(condition, pk__in=keys)


def _standing_in(within: QuerySet[Any, Any], word: str, *, comments: bool) -> QuerySet[Any, Any]:
    """The keys of those in which the word stands.

    Each place is a query of its own, so that each finds by its index on PostgreSQL: of one
    condition over all of them, the rows of all of them would be read.
    """
    people = Person.objects.filter(_any(REQUESTER, word)).order_by()
    devices = Asset.objects.filter(_any(DEVICE, word)).order_by()
    found: list[QuerySet[Any, Any]] = [
        within.filter(_any(OWN, word)).values("pk"),
        within.filter(requester__in=people.values("pk")).values("pk"),
        within.filter(asset__in=devices.values("pk")).values("pk"),
    ]
    if comments:
        said = Comment.objects.filter(body__icontains=word).order_by()
        if within.query.where:
            said = said.filter(ticket__in=within.values("pk"))
        found.append(said.values("ticket"))
    return found[0].union(*found[1:])


def _any(fields: Sequence[str], word: str) -> Q:
    return reduce(or_, (Q(**{f"{field}__icontains": word}) for field in fields))
