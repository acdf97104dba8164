"""Who a list of subscriptions means by "IT / John": a department and a first name."""

from collections import defaultdict
from contextlib import suppress

from django.utils import timezone

from config.lookups import folded
from people.lookups import Departments
from people.models import Department, Person


class Owners:
    """People who work here, by department and by each part of their names."""

    def __init__(self, departments: Departments) -> None:
        self.departments = departments
        self.people: defaultdict[tuple[int | None, str], list[Person]] = defaultdict(list)
        for person in Person.objects.employed(timezone.localdate()).order_by("pk"):
            for department in {person.department_id, None}:
                for name in {person.name, person.name.split()[0], person.email} - {""}:
                    self.people[department, folded(name)].append(person)

    def named(self, text: str) -> tuple[Department | None, Person | None]:
        """The department and the person, each None where there is none or it is not clear who.

        A first name counts within the department alone, a full name or an e-mail everywhere.
        """
        above, _, name = (part.strip() for part in text.rpartition("/"))
        department = self._department(above) if above else None
        at = department.pk if department else None
        people = self.people[at, folded(name)] if at else []
        if not people and (" " in name or "@" in name):
            people = self.people[None, folded(name)]
        return department, people[0] if len(people) == 1 else None

    def _department(self, name: str) -> Department | None:
        with suppress(ValueError):
            department: Department = self.departments.get(name)
            return department
        return None
