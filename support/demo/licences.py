"""Fifteen licences with their seats: some idle, two over-allocated, one of somebody who left."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from assets.models import Asset, Category, Product
from config.history import create_all_as, create_signed, sign
from contracts import licences
from contracts.models import Contract, Licence, Seat
from people.models import Person
from support.demo.company import Company

CATEGORIES = ["Office software", "Design software", "Engineering software", "Business software"]

EVERYBODY = {"365", "Acrobat", "Confluence", "Jira"}


@dataclass(frozen=True)
class Offer:
    """What is licensed; `taken` of its seats are given out, and `reported` more are in use."""

    maker: str
    name: str
    category: str
    seats: int | None
    taken: int
    plan: str = ""
    contract: str = ""
    annual_cost: str = ""
    metric: str = "person"
    reported: int = 0
    in_use: int | None = None
    key: str = ""


OFFERS = [
    Offer("Microsoft", "365", CATEGORIES[0], 170, 158, "E3", "Microsoft 365 E3"),
    Offer("Microsoft", "Visio", CATEGORIES[0], 12, 9, "Plan 2", annual_cost="1620.00"),
    Offer("Microsoft", "Project", CATEGORIES[0], 10, 8, "Plan 3", annual_cost="3120.00"),
    Offer("Adobe", "Creative Cloud", CATEGORIES[1], 14, 14, "All apps", "Creative Cloud for teams"),
    Offer("Adobe", "Acrobat", CATEGORIES[0], 25, 22, "Pro", "Acrobat Pro"),
    Offer("Adobe", "Substance 3D", CATEGORIES[1], 4, 2, annual_cost="2640.00"),
    Offer("Autodesk", "AutoCAD", CATEGORIES[2], 16, 13, contract="AutoCAD and Inventor"),
    Offer("Autodesk", "Inventor", CATEGORIES[2], 8, 8, "Professional", "AutoCAD and Inventor",
          reported=2),
    Offer("Autodesk", "Vault", CATEGORIES[2], 20, 11, annual_cost="4200.00"),
    Offer("Atlassian", "Jira", CATEGORIES[3], 60, 52, "Standard", "Jira and Confluence"),
    Offer("Atlassian", "Confluence", CATEGORIES[3], 60, 47, "Standard", "Jira and Confluence",
          in_use=66),
    Offer("SAP", "ERP professional user", CATEGORIES[3], 40, 36, contract="ERP maintenance"),
    Offer("SAP", "Payroll", CATEGORIES[3], 5, 4, contract="Payroll module"),
    Offer("Microsoft", "Windows 11 Enterprise", CATEGORIES[0], None, 60, metric="device",
          key="W269N-DEMOK-EYXXX-00000-HVMQD"),
    Offer("Fortinet", "FortiClient", CATEGORIES[3], 80, 55, "EMS", "Firewall threat protection",
          metric="device", key="FCEMS-DEMO-4471"),
]  # fmt: skip


def write(company: Company) -> None:
    products = _write_products(company)
    entered = [_licence(company, offer, products[offer.name]) for offer in OFFERS]
    licences.enter(entered, by=company.users["it"], reason="taken over from the spreadsheet")
    seats = []
    for offer, licence in zip(OFFERS, entered, strict=True):
        seats += _seats(company, offer, licence)
    seats.append(_of_a_leaver(company, entered[0]))
    create_signed(seats)


def _write_products(company: Company) -> dict[str, Product]:
    by, at = company.users["admin"], company.at(company.founded)
    categories = {
        name: Category(name=name, kind=Category.Kind.SERVICE, tag_prefix="SW")
        for name in CATEGORIES
    }
    create_all_as(list(categories.values()), by=by, reason="first set up", at=at)
    products = [
        Product(name=it.name, maker=company.vendors[it.maker], category=categories[it.category])
        for it in OFFERS
    ]
    create_all_as(products, by=by, reason="first set up", at=at)
    return {product.name: product for product in products}


def _licence(company: Company, offer: Offer, product: Product) -> Licence:
    agreed = Contract.objects.filter(title=f"{offer.contract}, Hamburg").first()
    return Licence(
        product=product,
        plan=offer.plan,
        metric=offer.metric,
        seats=offer.seats,
        contract=agreed,
        supplier=company.vendors[offer.maker],
        annual_cost=Decimal(offer.annual_cost) if offer.annual_cost else None,
        reported_in_use=offer.in_use,
        reported_on=company.days_ago(4) if offer.in_use else None,
        key=offer.key,
        is_maintained=bool(offer.contract),
    )


def _seats(company: Company, offer: Offer, licence: Licence) -> list[Seat]:
    count = offer.taken + offer.reported
    holders: Sequence[Person | Asset] = _people(company, count, offer.name in EVERYBODY)
    if offer.metric == "device":
        holders = _devices(company, count)
    seats = []
    for number, holder in enumerate(holders):
        seat = _seat(company, licence, holder)
        if number >= offer.taken:  # found in use by the vendor's own report
            seat.is_reported, seat.since = True, company.days_ago(12)
            seat.last_used_on = company.days_ago(4)
        seats.append(_signed(company, seat))
    return seats


def _people(company: Company, count: int, everybody: bool) -> list[Person]:
    """Who works here; of what everybody has, the one who signs in to the portal has a seat too."""
    employee = company.colleague("employee")
    others = [person for person in company.staff(company.today) if person != employee]
    first = [employee] if everybody else []
    return [*first, *company.random.sample(others, min(count - len(first), len(others)))]


def _devices(company: Company, count: int) -> list[Asset]:
    laptops = [it for it in company.assets["Laptop"] if it.state == Asset.State.IN_USE]
    return company.random.sample(laptops, min(count, len(laptops)))


def _seat(company: Company, licence: Licence, holder: Person | Asset) -> Seat:
    person = holder if isinstance(holder, Person) else None
    first = max(company.founded, (person and person.starts_on) or company.founded)
    days = max(0, (company.today - first).days - 1)
    since = company.days_ago(company.random.randint(min(days, 30), min(days, 900)))
    return Seat(
        licence=licence,
        person=person,
        asset=None if isinstance(holder, Person) else holder,
        since=since,
        last_used_on=_last_use(company, since),
    )


def _last_use(company: Company, since: date) -> date | None:
    """Most use it every week, some have stopped, of a few nothing is known."""
    chance = company.random.random()
    if chance < 0.06:
        return None
    days = company.random.randint(0, 9) if chance < 0.82 else company.random.randint(40, 260)
    return max(since, company.days_ago(days))


def _of_a_leaver(company: Company, licence: Licence) -> Seat:
    """Nobody took it back when they left."""
    left = [it for it in company.people if it.leaves_on and it.leaves_on < company.today]
    person = max(left, key=lambda it: (str(it.leaves_on), it.pk))
    last = person.leaves_on or company.today
    since = max(company.founded, last - timedelta(200))
    return _signed(company, Seat(licence=licence, person=person, since=since, last_used_on=last))


def _signed(company: Company, seat: Seat) -> Seat:
    return sign(seat, by=company.users["it"], reason="given out", at=company.at(seat.since))
