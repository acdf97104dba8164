"""Places, departments and people, the last with some who left, change desks or are to start."""

from datetime import date, timedelta

from config.history import create_all_as, create_signed, sign, update_all_as, update_signed
from people.models import Department, Location, Person
from support.demo.company import Company
from support.demo.logins import DOMAIN, LOGINS, Login, create_users
from support.demo.words import DEPARTMENTS, FIRST, LAST, OFFICES, PLACES

PEOPLE = 200
MAILBOXES = [
    ("IT", "it-department", "it"),
    ("Finance", "finance-department", "finance"),
    ("Service desk", "service-desk", "service_desk"),
]


def write(company: Company) -> None:
    company.users = create_users()
    _write_places(company)
    _write_departments(company)
    _write_people(company)
    _write_moves(company)


def _write_places(company: Company) -> None:
    by, at = company.users["admin"], company.at(company.founded)
    for name, kind, parent in PLACES:
        place = Location(name=name, kind=kind, parent=company.places.get(parent))
        create_all_as([place], by=by, reason="first set up", at=at)
        company.places[place.path] = place


def _write_departments(company: Company) -> None:
    departments = [
        Department(name=name, cost_centre=cost_centre) for name, cost_centre, _, _ in DEPARTMENTS
    ]
    by, at = company.users["admin"], company.at(company.founded)
    created = create_all_as(departments, by=by, reason="first set up", at=at)
    company.departments = {department.name: department for department in created}


def _write_people(company: Company) -> None:
    """The director, then the heads, then everybody else: each needs the manager's row."""
    names = [f"{first} {last}" for first in FIRST for last in LAST]
    company.random.shuffle(names)
    director = _person(company, names.pop(), "Management", "Managing director", None)
    _hire(company, [director])
    heads = [
        _person(company, names.pop(), name, f"Head of {name.lower()}", director)
        for name in company.departments
        if name not in {"Management", "Information technology"}
    ]
    heads.append(_of_login(company, LOGINS[0], director))
    _hire(company, heads)
    leaders = {head.department.name: head for head in [*heads, director] if head.department}
    _hire(company, [_of_login(company, it, leaders[it.department]) for it in LOGINS[1:]])
    _hire(company, _everybody_else(company, names, leaders))
    _appoint(company, leaders)
    company.people = company.people[: PEOPLE - len(MAILBOXES)]


def _everybody_else(company: Company, names: list[str], leaders: dict[str, Person]) -> list[Person]:
    titles = {name: titles for name, _, _, titles in DEPARTMENTS}
    places = company.random.choices(
        [name for name, _, _, _ in DEPARTMENTS],
        [share for _, _, share, _ in DEPARTMENTS],
        k=PEOPLE - len(MAILBOXES) - len(company.people),
    )
    people = [
        _person(company, names.pop(), place, company.random.choice(titles[place]), leaders[place])
        for place in places
    ]
    _part(company, people)
    return people


def _part(company: Company, people: list[Person]) -> None:
    """Some have left, two are leaving, two have yet to start, some are from outside."""
    for person in people[:14]:
        person.leaves_on = company.days_ago(company.random.randint(20, 700))
        person.starts_on = person.leaves_on - timedelta(company.random.randint(400, 2000))
    for person, days in zip(people[14:16], (9, 27), strict=True):
        person.leaves_on = company.today + timedelta(days)
    for person, days in zip(people[16:18], (6, 21), strict=True):
        person.starts_on = company.today + timedelta(days)
    for person in people[18:32]:
        person.kind, person.title = Person.Kind.CONTRACTOR, f"{person.title} (contract)"


def _person(
    company: Company, name: str, department: str, title: str, manager: Person | None
) -> Person:
    random = company.random
    first, last = name.lower().split()
    return Person(
        name=name,
        email=f"{first}.{last}@{DOMAIN}",
        username=f"{first[0]}{last}{random.randint(10, 99)}{len(first)}",
        title=title,
        department=company.departments[department],
        location=company.places[random.choice(OFFICES)],
        manager=manager,
        starts_on=company.days_ago(random.randint(40, 4000)),
    )


def _of_login(company: Company, login: Login, manager: Person) -> Person:
    person = _person(company, login.name, login.department, login.title, manager)
    person.email, person.user = login.email, company.users[login.account]
    person.starts_on = company.founded - timedelta(200)
    return person


def _hire(company: Company, people: list[Person]) -> None:
    for person in people:
        company.people.append(person)
        person.employee_number = f"{10_000 + 7 * len(company.people)}"
        assert person.starts_on is not None
        day = max(person.starts_on - timedelta(10), company.founded)
        sign(person, by=company.users["admin"], reason="joined", at=company.at(day))
    create_signed(people)


def _appoint(company: Company, leaders: dict[str, Person]) -> None:
    by, at = company.users["admin"], company.at(company.founded)
    departments = list(company.departments.values())
    for department in departments:
        department.head = leaders[department.name]
    update_all_as(departments, ["head"], by=by, reason="heads named", at=at)
    mailboxes = [
        Person(name=name, email=f"{account}@{DOMAIN}", kind="shared", answers_for=role)
        for name, account, role in MAILBOXES
    ]
    create_all_as(mailboxes, by=by, reason="first set up", at=at)


def _write_moves(company: Company) -> None:
    """Who went to another floor or got another title since."""
    movers = company.random.sample(company.staff(company.days_ago(600)), 24)
    for person in movers:
        day: date = company.days_ago(company.random.randint(30, 590))
        person.location = company.places[company.random.choice(OFFICES)]
        person.title = f"Senior {person.title[0].lower()}{person.title[1:]}"
        sign(person, by=company.users["admin"], reason="promoted", at=company.at(day))
    update_signed(movers, ["location", "title"])
