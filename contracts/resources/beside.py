"""What a row of subscriptions says beside its contract, and how it is written there."""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.text import slugify

from config import cells
from contracts.models import Licence, Term

PREFIX = "SUB-"


@dataclass
class Beside:
    """The term and the licence of one row.

    `term` has the values of a new term, or those in which `now` is to be corrected; `changed` names
    what is new in `licence`.
    """

    term: dict[str, Any] = field(default_factory=dict)
    now: Term | None = None
    licence: Licence = field(default_factory=Licence)
    changed: list[str] = field(default_factory=list)


def number_of(tool: str) -> str:
    """The number of a tool's contract: SUB-GOOGLE-WORKSPACE."""
    return f"{PREFIX}{slugify(tool).upper()}"[:60]


def share(cell: object) -> Decimal:
    """Percent: "80%", "80" and the number 0.8 of a cell that Excel shows as 80%.

    Raises ValueError.
    """
    match = re.fullmatch(r"(\d{1,3}(?:\.\d+)?)\s*%?", cells.text(cell))
    if not match:
        raise ValueError("is no share, such as 80%")
    number = Decimal(match[1])
    is_part = isinstance(cell, int | float) and number <= 1
    return number * 100 if is_part else number
