"""How a resource's columns are read, with `config.cells`, and written in an export."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils import timezone
from import_export.widgets import Widget

from config import amounts, cells

if TYPE_CHECKING:
    from config.lookups import Lookup
    from config.resources import BaseResource


class Cell(Widget):
    """Reads one kind of cell; `clean` is given no blank one."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        return self.read(value)

    def read(self, value: object) -> Any:
        raise NotImplementedError

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> Any:
        return "" if value is None else value


class Text(Cell):
    """With `identifies`, numbers that Excel rounded are refused."""

    def __init__(self, *, identifies: bool = False) -> None:
        super().__init__()
        self.identifies = identifies

    def read(self, value: object) -> str:
        return cells.text(value, identifies=self.identifies)


class Day(Cell):
    order: cells.Order | None = None

    def read(self, value: object) -> Any:
        return cells.day(value, self.order)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return value.isoformat() if value else ""


class Moment(Day):
    def read(self, value: object) -> datetime:
        return cells.moment(value, self.order)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        # An export says the site's time, as an import without a zone is read.
        return f"{timezone.localtime(value):%Y-%m-%d %H:%M:%S.%f}" if value else ""


class Amount(Cell):
    """An amount; the currency beside it is for `prepare` of its resource."""

    point: amounts.Point | None = None

    def read(self, value: object) -> Any:
        return amounts.money(value, self.point).amount


class Currency(Cell):
    def read(self, value: object) -> str:
        return cells.text(value).upper()


class Flag(Cell):
    def read(self, value: object) -> bool:
        return cells.flag(value)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "yes" if value else "no"


class Whole(Cell):
    def read(self, value: object) -> int:
        return cells.whole(value)


class Choice(Cell):
    """One of a model field's choices, by value or label, or one of other systems' words for it."""

    def __init__(self, choices: Any, words: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        self.labels = {choice.value: str(choice.label) for choice in choices}
        self.words = {_bare(str(value)): value for value in self.labels}
        self.words |= {_bare(label): value for value, label in self.labels.items()}
        self.words |= {_bare(word): choice for word, choice in (words or {}).items()}

    def read(self, value: object) -> Any:
        word = _bare(cells.text(value))
        if word not in self.words:
            raise ValueError(f"is not known; accepted are {', '.join(self.labels.values())}")
        return self.words[word]

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return self.labels.get(value, "")


def _bare(word: str) -> str:
    return "".join(letter for letter in word.casefold() if letter.isalnum())


class Reference(Cell):
    """A record that the cell names, found by a lookup."""

    resource: "BaseResource"

    def __init__(self, lookup: "type[Lookup]") -> None:
        super().__init__()
        self.kind = lookup

    def read(self, value: object) -> Any:
        return self.resource.lookup(self.kind).get(cells.text(value))

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "" if value is None else self.kind.told(value)
