"""Lead times as people write and read them: “90, 30, 7”, or “never”."""

import re
from collections.abc import Sequence

from django.core.exceptions import ValidationError

from support.models.watching import check_leads

NEVER = "never"
ACCEPTED = "Write whole numbers of days such as “90, 30, 7”, or “never”."
PARTED = re.compile(r"[,;\s]+")


def written(days: Sequence[int]) -> str:
    """As a form shows them to be changed."""
    return ", ".join(map(str, days)) or NEVER


def said(days: Sequence[int], *, of_condition: bool = False) -> str:
    """As a sentence says when somebody is told: “90, 30 and 7 days before”, “when first seen”."""
    if of_condition and days:
        return "when first seen"
    ahead = [str(number) for number in days if number]
    parts = [_listed(ahead) + (" day" if ahead == ["1"] else " days") + " before"] if ahead else []
    if 0 in days:
        parts.append("on the day")
    return " and ".join(parts) or NEVER


def read(text: str) -> list[int]:
    """The days that somebody wrote, in any order, the most distant first.

    Raises ValidationError for what is not days, none at all, too many or too far ahead.
    """
    words = text.strip().casefold()
    if words == NEVER:
        return []
    parts = [part for part in PARTED.split(words) if part]
    wrong = next((part for part in parts if not (part.isascii() and part.isdecimal())), None)
    if wrong is not None:
        raise ValidationError(f"“{wrong[:40]}” is no number of days. {ACCEPTED}")
    if not parts:
        raise ValidationError(ACCEPTED)
    # A number of more than five digits is too far ahead, however long it is.
    days = sorted({int(part[:6]) for part in parts}, reverse=True)
    check_leads(days)
    return days


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
