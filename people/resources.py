"""People and locations from spreadsheets."""

from collections import defaultdict
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models

from config import cells
from config.lookups import Lookup, folded
from config.resources import BaseResource, column
from config.tables import Table
from config.widgets import Choice, Day, Reference, Text
from people import places
from people.lookups import Departments, Locations, People
from people.models import Location, Person

KINDS = {
    "permanent": Person.Kind.EMPLOYEE,
    "staff": Person.Kind.EMPLOYEE,
    "external": Person.Kind.CONTRACTOR,
    "consultant": Person.Kind.CONTRACTOR,
    "shared": Person.Kind.SHARED,
}


class PersonResource(BaseResource):
    """One person a row, known by employee number, else e-mail, else login name, else name."""

    slug = "people"
    headers: ClassVar = {
        "name": ["full name", "display name", "employee name"],
        "first_name": ["firstname", "given name"],
        "last_name": ["lastname", "surname", "family name"],
        "email": ["e-mail", "email address", "mail"],
        "username": ["user name", "login", "login name", "user id", "sam account name"],
        "employee_number": ["employee no", "employee id", "employee num", "personnel number"],
        "kind": ["employment type", "employee type"],
        "title": ["job title", "position"],
        "phone": ["phone number", "business phone", "telephone"],
        "department": ["department name"],
        "location": ["site", "office", "location name"],
        "manager": ["manager name", "manager email", "reports to", "supervisor"],
        "starts_on": ["start date", "hire date", "first day"],
        "leaves_on": ["end date", "leaving date", "last day", "termination date"],
    }
    keys: ClassVar = ["employee_number", "email", "username"]
    identified_by: ClassVar = ["employee_number", "email", "username", "name"]
    required: ClassVar = ["name"]
    tree = "manager"

    name = column("name", Text())
    email = column("email", Text())
    username = column("username", Text(identifies=True))
    employee_number = column("employee_number", Text(identifies=True))
    kind = column("kind", Choice(Person.Kind, KINDS))
    title = column("title", Text())
    phone = column("phone", Text(identifies=True))
    department = column("department", Reference(Departments))
    location = column("location", Reference(Locations))
    manager = column("manager", Reference(People))
    starts_on = column("starts_on", Day())
    leaves_on = column("leaves_on", Day())

    class Meta:
        model = Person
        fields: ClassVar = [
            "name",
            "email",
            "username",
            "employee_number",
            "kind",
            "title",
            "phone",
            "department",
            "location",
            "manager",
            "starts_on",
            "leaves_on",
        ]

    def get_queryset(self) -> models.QuerySet[Person]:
        return Person.objects.select_related("department", "location", "manager")

    def prepare(self, row: dict[str, Any]) -> None:
        parts = [cells.text(row[part]) for part in ("first_name", "last_name") if row.get(part)]
        if parts and not row.get("name"):
            row["name"] = " ".join(parts)

    def load_index(self) -> dict[str, dict[str, list[int]]]:
        """Also the people by name, and those of whom nothing but one name or login is known."""
        self.by_name: defaultdict[str, list[int]] = defaultdict(list)
        self.only_names: defaultdict[str, list[int]] = defaultdict(list)
        rows = Person.objects.order_by().values_list("pk", "name", *self.keys)
        for pk, name, *keys in rows.iterator():
            more = {folded(key) for key in keys if key} - {folded(name)}
            (self.by_name if more else self.only_names)[folded(name)].append(pk)
        return super().load_index()

    def get_instance(self, instance_loader: object, row: dict[str, Any]) -> Any:
        """By a key, else by name: one of whom only the name is known becomes the row's person."""
        pks = {
            pk
            for name in self.keys
            for pk in self.index[name].get(self.key(name, row.get(name)), [])
        }
        if len(pks) > 1:
            who = " and ".join(sorted(People.told(self.there[pk]) for pk in pks))
            raise ValidationError(f"its keys name different people: {who}")
        name = folded(cells.text(row.get("name") or ""))
        if not pks and name:
            pks = set(self.only_names[name])
            if not any(row.get(key) for key in self.keys):
                pks |= set(self.by_name[name])
        if len(pks) > 1:
            who = self.lookup(People).choices(list(Person.objects.filter(pk__in=pks)))
            raise ValidationError({"name": f"could be {who}: give the e-mail too"})
        return self.claim(self._read(pks.pop())) if pks else None

    def _read(self, pk: int) -> Person:
        if pk not in self.there:
            self.there[pk] = self.get_queryset().get(pk=pk)
        return self.there[pk]  # type: ignore[no-any-return]

    def plan(self, row: dict[str, Any]) -> Person:
        person = Person(name=cells.text(row.get("name") or ""))
        for key in self.keys:
            setattr(person, key, cells.text(row[key]) if row.get(key) else "")
        self.lookup(People).index(person)
        return person

    def check(self, instance: Person) -> None:
        manager = instance.manager
        if manager is not None and places.is_above(instance, manager, "manager"):
            raise ValidationError({"manager": f"makes {instance} their own manager"})

    def in_order(self) -> list[Lookup]:
        order: list[type[Lookup]] = [Departments, Locations, People]
        return [self.lookups[kind] for kind in order if kind in self.lookups]


class LocationResource(BaseResource):
    """One place a row, known by its path: the names from the top, or a name and its parent."""

    slug = "locations"
    headers: ClassVar = {
        "path": ["full path", "full name"],
        "name": ["location", "location name", "site"],
        "kind": ["type", "location type"],
        "parent": ["parent location", "part of", "inside"],
    }
    keys: ClassVar = ["path"]
    identified_by: ClassVar = ["name", "path"]
    required: ClassVar = ["name"]
    tree = "parent"

    name = column("name", Text())
    kind = column("kind", Choice(Location.Kind))
    parent = column("parent", Reference(Locations))

    class Meta:
        model = Location
        fields: ClassVar = ["name", "kind", "parent"]

    def get_queryset(self) -> models.QuerySet[Location]:
        return Location.objects.select_related("parent")

    def before_import(self, dataset: Table, **kwargs: Any) -> None:
        """Give each row its whole path, which may lead through other rows."""
        rows = [dict(zip(dataset.headers, row, strict=True)) for row in dataset]
        self.above = {
            folded(str(row["name"])): str(row.get("parent") or "")
            for row in rows
            if row.get("name")
        }
        paths = [str(row.get("path") or "") or self._path(row) for row in rows]
        given = "path" in dataset.headers
        dataset.append_col(paths, header="path")
        if given:
            # The first of the two, now that it is not the only column: tablib cannot be without.
            del dataset["path"]
        super().before_import(dataset, **kwargs)

    def _path(self, row: dict[str, Any]) -> str:
        parts, parent = [str(row.get("name") or "")], str(row.get("parent") or "")
        while parent and len(parts) < 20:
            parts.insert(0, parent)
            parent = "" if Location.SEPARATOR in parent else self.above.get(folded(parent), "")
        found = self.lookup(Locations).find(parts[0])
        if len(parts) > 1 and len(found) == 1:
            parts[0] = found[0].path
        return Location.SEPARATOR.join(parts)

    def prepare(self, row: dict[str, Any]) -> None:
        above, _, name = str(row["path"]).rpartition(Location.SEPARATOR)
        row["name"], row["parent"] = name or row.get("name"), above

    def plan(self, row: dict[str, Any]) -> Location:
        place = Location(name=row["name"], path=row["path"])
        self.lookup(Locations).index(place)
        return place

    def in_order(self) -> list[Lookup]:
        return list(self.lookups.values())
