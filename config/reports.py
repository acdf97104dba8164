"""What an import did, or would do."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

SHOWN = 100


@dataclass(frozen=True)
class Refusal:
    """Why a row cannot be written; `row` is the spreadsheet's number, None for the whole file."""

    row: int | None
    column: str
    value: str
    problem: str

    def __str__(self) -> str:
        where = f"row {self.row}" if self.row else "the file"
        if not self.column:
            return f"{where}: {self.problem}"
        return f'{where}, column {self.column}, "{self.value}": {self.problem}'


@dataclass(frozen=True)
class Change:
    """One field of one record; `new` where the record is made. For a preview."""

    row: int
    record: str
    field: str
    before: str
    after: str
    new: bool


@dataclass
class Report:
    """How many rows did what, and which were refused; `written` says whether anything was.

    `changes` are the first SHOWN ones; `made` lists, by model, the records that the rows named and
    that were not there; `ignored` the columns that nothing was taken from.
    """

    name: str = ""
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: int = 0
    written: bool = False
    refusals: list[Refusal] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    made: dict[str, list[str]] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def summary(self) -> str:
        """The last line: "500 created, 0 updated, 0 unchanged, 0 refused"."""
        return (
            f"{self.created} created, {self.updated} updated,"
            f" {self.unchanged} unchanged, {self.refused} refused"
        )

    def lines(self) -> Iterator[str]:
        """The report for a terminal, its summary last."""
        yield from (f"Note: {note}." for note in self.notes)
        if self.ignored:
            yield f"Ignored columns: {', '.join(self.ignored)}."
        for model, names in self.made.items():
            yield f"{len(names)} {model} {'made' if self.written else 'to be made'}:"
            yield from (f"  {name}" for name in names)
        yield from (f"Refused: {refusal}." for refusal in self.refusals)
        if not self.written:
            yield "Nothing was written."
        yield self.summary

    def as_json(self) -> dict[str, Any]:
        """For a JSONField; `from_json` reads it back."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Report":
        refusals = [Refusal(**item) for item in data["refusals"]]
        changes = [Change(**item) for item in data["changes"]]
        return cls(**{**data, "refusals": refusals, "changes": changes})
