"""One move for many records: what it did, and a sentence for each that it refused."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError

logger = logging.getLogger(__name__)


@dataclass
class Outcome:
    """What a move gave for each record that it changed, and why it refused the others."""

    done: list[Any] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def each(move: Callable[..., Any]) -> Callable[..., Outcome]:
    """`move` for many records, in the order of their keys; a refused one never stops the others.

    Of one alone the refusal is raised as ValidationError, so that its form keeps what was typed.
    An error that nobody foresaw is logged, and stops of many its own record alone: what was done
    for the others stands, and is reported.
    """

    def run(rows: Sequence[Any], **options: Any) -> Outcome:
        outcome = Outcome()
        for row in sorted(rows, key=lambda row: row.pk):
            try:
                outcome.done.append(move(row, **options))
            except ValidationError as refusal:
                if len(rows) == 1:
                    raise
                outcome.refused += [_about(row, sentence) for sentence in refusal.messages]
            except Exception:
                if len(rows) == 1:
                    raise
                logger.exception("%s was stopped by an error.", row)
                outcome.refused.append(f"{row} was stopped by an error, and is as it was.")
        return outcome

    return run


def _about(row: Any, sentence: str) -> str:
    return sentence if str(row) in sentence else f"{row}: {sentence}"
