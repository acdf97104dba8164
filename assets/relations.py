"""What an asset takes with it when it fails, and what it needs itself, to any depth.

Which way a relation tells is this. In "A runs on B", "A depends on B" and "A connects to B" it is A
that needs B: a server that connects to a switch stops with the switch, and the switch does not stop
with the server. A part needs what it is installed in. "A backs up B" passes no failure on; should A
fail, B is not affected and has no backup any more, which is listed apart.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import NamedTuple

from django.db import connection
from django.db.models import QuerySet

from assets.models import Asset, Relation

CHUNK = 10_000
"""How many rows one query reads; SQLite takes no more than some 30,000 parameters."""
INSTALLED = "installed_in"
WORDS = {**{kind.value: str(kind.label) for kind in Relation.Kind}, INSTALLED: "is installed in"}


@dataclass(frozen=True)
class Reached:
    """An asset that is reached, over how many relations at least, and by which the last was.

    `kind` is how the relation reads from the needing one to the needed one, as in "runs on".
    """

    asset: Asset
    depth: int
    kind: str
    through: Asset


@dataclass(frozen=True)
class Reach:
    """All that is reached, the nearest first; and for backups each with what it has to do with."""

    assets: list[Reached]
    backups: list[Reached]


class _Link(NamedTuple):
    start: int
    end: int
    kind: str


def affected_by(asset: Asset, *, among: QuerySet[Asset] | None = None) -> Reach:
    """What stops when `asset` fails; `backups` are those that are then no longer backed up.

    Two queries for up to `CHUNK` assets. `among` says which may be named; what lies behind one that
    may not be is reached all the same.
    """
    return _reach(asset, _links(asset, FAILURE), among)


def needs(asset: Asset, *, among: QuerySet[Asset] | None = None) -> Reach:
    """What `asset` cannot do without; `backups` are those that back up any of it, or itself."""
    return _reach(asset, _links(asset, NEED), among)


# From where to where each kind of link is followed.
FAILURE = {"at": "target_id", "to": "source_id", "device": "installed_in_id", "part": "id"}
NEED = {"at": "source_id", "to": "target_id", "device": "id", "part": "installed_in_id"}
TABLES = {"relation": Relation._meta.db_table, "asset": Asset._meta.db_table}

# UNION drops what was reached before, so that a circle ends. A recursive query may name itself only
# once: `branch` makes it follow relations and parts in turn, each by its index.
QUERY = """
WITH RECURSIVE reached (id) AS (
    SELECT CAST(%s AS bigint)
    UNION
    SELECT COALESCE(relation.{to}, part.{part})
    FROM reached
    CROSS JOIN (SELECT 1 AS number UNION ALL SELECT 2) branch
    LEFT JOIN {relation} relation
        ON branch.number = 1 AND relation.{at} = reached.id AND relation.kind <> 'backs_up'
    LEFT JOIN {asset} part
        ON branch.number = 2 AND part.{device} = reached.id AND part.installed_in_id IS NOT NULL
    WHERE relation.id IS NOT NULL OR part.id IS NOT NULL
)
SELECT reached.id, relation.{to}, relation.kind
    FROM reached JOIN {relation} relation ON relation.{at} = reached.id
    WHERE relation.kind <> 'backs_up'
UNION ALL
SELECT reached.id, part.{part}, 'installed_in'
    FROM reached JOIN {asset} part ON part.{device} = reached.id
    WHERE part.installed_in_id IS NOT NULL
UNION ALL
SELECT reached.id, relation.{at}, relation.kind
    FROM reached JOIN {relation} relation ON relation.{to} = reached.id
    WHERE relation.kind = 'backs_up'
"""


def _links(asset: Asset, direction: dict[str, str]) -> list[_Link]:
    """Every link that leads on from `asset` or from anything reached from it."""
    with connection.cursor() as cursor:
        cursor.execute(QUERY.format(**direction, **TABLES), [asset.pk])
        return [_Link(*row) for row in cursor.fetchall()]


def _reach(asset: Asset, links: list[_Link], among: QuerySet[Asset] | None) -> Reach:
    onward: defaultdict[int, list[_Link]] = defaultdict(list)
    backups: dict[int, _Link] = {}
    for link in sorted(links, key=lambda link: (link.end, link.kind)):
        if link.kind == Relation.Kind.BACKS_UP:
            backups.setdefault(link.end, link)
        else:
            onward[link.start].append(link)
    depths, arrivals = _nearest(asset.pk, onward)
    wanted = {pk for link in [*arrivals, *backups.values()] for pk in (link.start, link.end)}
    known = _rows(sorted(wanted), among) | {asset.pk: asset}
    return Reach(
        [_reached(link, depths[link.end], known) for link in arrivals if _may(link, known)],
        [
            _reached(link, depths[link.start] + 1, known)
            for link in backups.values()
            if _may(link, known)
        ],
    )


def _rows(pks: list[int], among: QuerySet[Asset] | None) -> dict[int, Asset]:
    rows = Asset.objects.select_related("product__maker") if among is None else among
    chunks = (pks[start : start + CHUNK] for start in range(0, len(pks), CHUNK))
    return {row.pk: row for chunk in chunks for row in rows.filter(pk__in=chunk)}


def _nearest(start: int, onward: dict[int, list[_Link]]) -> tuple[dict[int, int], list[_Link]]:
    """How far each one is at least, and the link by which it was reached, level by level."""
    depths, arrivals, level = {start: 0}, [], [start]
    while level:
        found: list[int] = []
        for pk in level:
            for link in onward.get(pk, []):
                if link.end not in depths:
                    depths[link.end] = depths[pk] + 1
                    arrivals.append(link)
                    found.append(link.end)
        level = found
    return depths, arrivals


def _may(link: _Link, known: dict[int, Asset]) -> bool:
    return link.end in known and link.start in known


def _reached(link: _Link, depth: int, known: dict[int, Asset]) -> Reached:
    return Reached(known[link.end], depth, WORDS[link.kind], known[link.start])
