"""Vendors, products and the 600 assets; what became of them is told by `careers`."""

from datetime import date, timedelta
from decimal import Decimal

from dateutil.relativedelta import relativedelta

from assets import lifecycle
from assets.models import Asset, Category, Identifier, Product, Vendor, VendorAlias
from config import periods
from config.history import create_all_as, create_signed, sign
from support.demo import careers
from support.demo.company import Company
from support.demo.goods import CATEGORIES, PRODUCTS, VENDORS

# In so many days the warranties of some laptops, monitors and servers end.
DUE = [2, 6, 7, 13, 22, 29, 30, 41, 55, 60, 74, 88]
FIRST_OF_THEM_ALL = 12  # the first of each category go to those who can sign in, and stay
LETTERS = "BCDFGHJKLMNPQRSTVWXZ0123456789"


def write(company: Company) -> None:
    products = _write_catalogue(company)
    for category, _, _, _, _, count in CATEGORIES:
        choices = [product for product in products if product.category.name == category]
        company.assets[category] = [
            _asset(company, company.random.choice(choices), number) for number in range(count)
        ]
    _pair_sims(company)
    assets = [asset for group in company.assets.values() for asset in group]
    lifecycle.number(assets)
    careers.write(company, assets)
    _write_identifiers(company)
    _write_yesterday(company)


def _write_catalogue(company: Company) -> list[Product]:
    by, at = company.users["admin"], company.at(company.founded)
    vendors = [Vendor(name=name, **{f"is_{role}": True}) for name, role, _ in VENDORS]
    create_all_as(vendors, by=by, reason="first set up", at=at)
    company.vendors = {vendor.name: vendor for vendor in vendors}
    aliases = [
        VendorAlias(vendor=company.vendors[name], name=alias)
        for name, _, spellings in VENDORS
        for alias in spellings
    ]
    create_all_as(aliases, by=by, reason="first set up", at=at)
    categories = {
        name: Category(
            name=name, kind=kind, tag_prefix=prefix, needs_acceptance=accept, holds_data=data
        )
        for name, kind, prefix, accept, data, _ in CATEGORIES
    }
    create_all_as(list(categories.values()), by=by, reason="first set up", at=at)
    products = [
        Product(
            name=name,
            maker=company.vendors[maker],
            part_number=part,
            category=categories[category],
            warranty_months=months,
            end_of_life_on=company.today + timedelta(365 * years - 40) if years else None,
        )
        for category, maker, name, part, _, months, years in PRODUCTS
    ]
    return create_all_as(products, by=by, reason="first set up", at=at)


def _asset(company: Company, product: Product, number: int) -> Asset:
    random = company.random
    bought = _bought(company, product, number)
    price = next(cost for _, _, name, _, cost, _, _ in PRODUCTS if name == product.name)
    asset = Asset(
        product=product,
        serial="".join(random.choices(LETTERS, k=10)),
        supplier=company.vendors[
            random.choice(["Elbsystem", "Elbsystem", "Rhodanis Informatique"])
        ],
        order_number=f"PO-{bought:%Y}-{random.randint(100, 999)}",
        purchased_on=bought,
        cost=Decimal(price * random.randint(92, 108)) / 100 if price else None,
        hostname=_hostname(product, number),
    )
    if product.warranty_months:
        asset.warranty_starts_on = bought
        asset.warranty_ends_on = periods.last_day(bought, product.warranty_months)
    return asset


def _bought(company: Company, product: Product, number: int) -> date:
    """Some day of the last years, or so that the warranty ends on one of the days that are DUE."""
    due = number - FIRST_OF_THEM_ALL
    months = product.warranty_months
    if months and 0 <= due < len(DUE) and product.category.name in {"Laptop", "Monitor"}:
        end = company.today + timedelta(DUE[due] + 1)
        first: date = end - relativedelta(months=months)
        # Months differ in length: the day after the last must be the one that was meant.
        return first + (end - (first + relativedelta(months=months)))
    return company.days_ago(company.random.randint(40, 1700))


def _hostname(product: Product, number: int) -> str:
    prefixes = {"Laptop": "lin-nb", "Server": "lin-srv", "Printer": "lin-prt", "Network": "lin-net"}
    prefix = prefixes.get(product.category.name)
    return f"{prefix}-{number + 1:03}" if prefix else ""


def _pair_sims(company: Company) -> None:
    """Each phone has its SIM, bought with it."""
    for phone, sim in zip(company.assets["Phone"], company.assets["SIM card"], strict=True):
        sim.purchased_on = phone.purchased_on
        sim.supplier = sim.product.maker


def _write_identifiers(company: Company) -> None:
    identifiers = []
    for number, phone in enumerate(company.assets["Phone"]):
        identifiers.append(Identifier(asset=phone, kind="imei", value=_luhn(f"35{number:012}")))
    for number, sim in enumerate(company.assets["SIM card"]):
        identifiers.append(Identifier(asset=sim, kind="iccid", value=_luhn(f"8949{number:014}")))
        # The range that the German regulator keeps for made-up numbers.
        identifiers.append(Identifier(asset=sim, kind="phone", value=f"+4917139200{number:02}"))
    for number, laptop in enumerate(company.assets["Laptop"]):
        identifiers.append(Identifier(asset=laptop, kind="mac", value=f"020000{number:06X}"))
    for identifier in identifiers:
        at = company.at(identifier.asset.purchased_on or company.founded)
        sign(identifier, by=company.users["it"], reason="received", at=at)
    create_signed(identifiers)


def _luhn(digits: str) -> str:
    """`digits` and the check digit of ISO/IEC 7812-1 that belongs behind them."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 - place % 2)
        total += doubled - 9 if doubled > 9 else doubled
    return f"{digits}{-total % 10}"


def _write_yesterday(company: Company) -> None:
    """The last moves are made as the desk makes them, so that their mails wait in the outbox."""
    stock = Asset.objects.filter(state=Asset.State.IN_STOCK).order_by("tag")
    desk = company.users["desk"]
    monitors = list(stock.filter(product__category__name="Monitor")[:1])
    lifecycle.hand_over(monitors, to=company.colleague("employee"), by=desk)
    starter = next(it for it in company.people if it.starts_on and it.starts_on > company.today)
    laptops = list(stock.filter(product__category__name="Laptop")[:1])
    lifecycle.hand_over(laptops, to=starter, by=desk, reason="prepared for the first day")
