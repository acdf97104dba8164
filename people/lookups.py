"""How cells name people and where they belong."""

from collections.abc import Iterable
from typing import Any

from config.lookups import Lookup, folded
from people.models import Department, Location, Person


class People(Lookup):
    model = Person
    accepts = "the e-mail, login name, employee number or name of somebody who is there"

    def __init__(self, resource: Any) -> None:
        self.exact: dict[str, Person] = {}
        super().__init__(resource)

    def keys(self, record: Person) -> Iterable[str]:
        return [record.email, record.username, record.employee_number, record.name]

    def call(self, record: Person, names: Iterable[str]) -> None:
        super().call(record, names)
        for key in filter(None, [record.email, record.username, record.employee_number]):
            self.exact.setdefault(folded(key), record)

    def find(self, text: str) -> list[Person]:
        """What is unique wins over a name that somebody else has too."""
        exact = self.exact.get(folded(text))
        return [exact] if exact else super().find(text)

    def named(self, text: str, *, name: str, email: str) -> Person:
        """As `get`, of a row that may give the name and the e-mail too: who is made gets them."""
        if self.find(text) or not (name or email):
            person: Person = self.get(text)
        elif email and self.find(email):
            person = self.get(email)
        else:
            self.check_making()
            person = self.use(self.add(self.make(text, name=name, email=email)))
        return person

    def make(self, text: str, *, name: str = "", email: str = "") -> Person:
        """One word is a login name; whose name it is instead is found by it too."""
        if "@" in text:
            name = name or text.partition("@")[0].replace(".", " ").title()
            return Person(name=name, email=text)
        login = text if text.isascii() and " " not in text else ""
        return Person(name=name or text, email=email, username=login)

    def describe(self, record: Person) -> str:
        return record.email or record.username or record.employee_number or f"{record} (no e-mail)"

    @staticmethod
    def told(record: Person) -> str:
        return record.email or record.username or record.employee_number or record.name


class Departments(Lookup):
    model = Department
    accepts = "the name of a department that is there"


class Locations(Lookup):
    model = Location
    accepts = 'the name of a location that is there, or its path such as "Berlin / Tower 2"'

    def keys(self, record: Location) -> Iterable[str]:
        return [record.path or record.name, record.name]

    def find(self, text: str) -> list[Any]:
        """A whole path wins over the names of places deeper down."""
        found = super().find(text)
        exact = [place for place in found if folded(place.path or place.name) == folded(text)]
        return exact or found

    def make(self, text: str) -> Location:
        above, _, name = text.rpartition(Location.SEPARATOR)
        place = Location(name=name.strip(), parent=self.get(above) if above else None)
        place.derive()
        return place

    def write(self, records: list[Any]) -> None:
        for level in range(max(record.path.count(Location.SEPARATOR) for record in records) + 1):
            super().write([r for r in records if r.path.count(Location.SEPARATOR) == level])
