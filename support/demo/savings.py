"""What the company pays for and does not use: two tools for one thing, and a warranty too long."""

from datetime import timedelta
from decimal import Decimal

from assets import warranties
from assets.models import Asset, Category, Product, Vendor, Warranty
from config.history import create_all_as, save_as
from contracts.models import Licence, Seat
from support.demo.company import Company

# maker, product, plan, seats, cost a year, whose it is: the first of the staff and the last
TOOLS = [
    ("Tafelwerk", "Tafelwerk Board", "Team", 20, "2880.00", (0, 16)),
    ("Inkplane", "Inkplane Canvas", "Business", 12, "1555.20", (11, 20)),
]
USED = [3, 12, None, 40, 7, 130]  # so many days ago, one after the other; None: never


def write(company: Company) -> None:
    by = company.users["it"]
    category = Category(name="Whiteboard", kind=Category.Kind.CLOUD, tag_prefix="WB")
    save_as(category, by=by, reason="bought by Marketing and by Engineering")
    for maker, name, plan, seats, cost, (first, last) in TOOLS:
        licence = _licence(company, category, maker, name, plan, seats, cost)
        _give_out(company, licence, first, last)
    _write_warranty(company)


def _licence(
    company: Company, category: Category, maker: str, name: str, plan: str, seats: int, cost: str
) -> Licence:
    by, vendor = company.users["it"], Vendor(name=maker, is_maker=True)
    save_as(vendor, by=by, reason="bought from the maker")
    product = Product(name=name, maker=vendor, category=category)
    save_as(product, by=by, reason="bought from the maker")
    licence = Licence(
        product=product,
        plan=plan,
        seats=seats,
        number=f"WB-{seats}",
        supplier=vendor,
        annual_cost=Decimal(cost),
        purchased_on=company.days_ago(400),
        starts_on=company.days_ago(400),
    )
    save_as(licence, by=by, reason="bought from the maker")
    return licence


def _give_out(company: Company, licence: Licence, first: int, last: int) -> None:
    staff = company.staff(company.days_ago(200))
    people = [person for person in staff if person.leaves_on is None][first:last]
    seats = [
        Seat(
            licence=licence,
            person=person,
            since=company.days_ago(200),
            last_used_on=company.days_ago(days) if days else None,
        )
        for at, person in enumerate(people)
        for days in [USED[at % len(USED)]]
    ]
    create_all_as(seats, by=company.users["it"], reason="asked for", at=company.at(seats[0].since))


def _write_warranty(company: Company) -> None:
    """An extension of a device that was retired before it ends."""
    retired = Asset.objects.filter(state=Asset.State.RETIRED, cost__gt=0).order_by("tag").first()
    assert retired is not None
    warranties.add(
        retired,
        kind=Warranty.Kind.EXTENSION,
        starts_on=company.days_ago(500),
        ends_on=company.today + timedelta(420),
        provider=retired.supplier,
        cost=Decimal("189.00"),
        by=company.users["finance"],
        reason="bought with the device",
    )
