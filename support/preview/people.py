"""Who can be told on which day, of all people, read at once."""

from dataclasses import dataclass
from datetime import date
from typing import Self

from people.models import Person


@dataclass(frozen=True)
class People:
    """Of each person the manager, the last day, and whether there is an e-mail."""

    managers: dict[int, int]
    leaving: dict[int, date]
    silent: set[int]

    @classmethod
    def read(cls) -> Self:
        managers, leaving, silent = {}, {}, set()
        rows = Person.objects.order_by().values_list("pk", "manager_id", "leaves_on", "email")
        for key, manager, leaves_on, email in rows:
            if manager:
                managers[key] = manager
            if leaves_on:
                leaving[key] = leaves_on
            if not email:
                silent.add(key)
        return cls(managers, leaving, silent)

    def is_here(self, key: int | None, on: date) -> bool:
        """As `Person.objects.reachable` has it."""
        return key is not None and key not in self.silent and on <= self.leaving.get(key, on)

    def manager(self, key: int, on: date) -> int | None:
        """The manager, if they can be told on that day."""
        manager = self.managers.get(key)
        return manager if self.is_here(manager, on) else None

    def leaving_between(self, first: date, last: date) -> dict[int, date]:
        """Those whose last day is in this time, each with it."""
        return {key: day for key, day in self.leaving.items() if first <= day < last}
