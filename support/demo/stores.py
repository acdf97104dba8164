"""What lies in the stores, what is on order, and the kit of a newcomer."""

from datetime import timedelta
from decimal import Decimal

from assets import kits, procurement, stock
from assets.models import Kit, KitLine, Order, OrderLine, Product, StockItem
from config.history import create_all_as, save_as
from support.demo.company import Company
from support.demo.words import IT_STORE

# name, part number, how many, minimum, price
ITEMS = [
    ("USB-C cable 2 m", "CAB-UC-2", 64, 20, "9.90"),
    ("Headset Evolve2 40", "24089-989-899", 14, 10, "89.00"),
    ("Mouse M650", "910-006236", 31, 10, "32.50"),
    ("Laptop sleeve 14\"", "", 4, 5, "24.00"),
    ("Toner TK-3190", "1T02T60NL0", 3, 4, "118.00"),
]  # fmt: skip
# number, supplier, days ago or None for a draft, [(product, quantity, price)]
ORDERS = [
    ("PO-7001", "Elbsystem", 9, [("Latitude 7450", 6, "1598.00"), ("WD19S", 6, "189.00")]),
    ("PO-7002", "Rhodanis Informatique", 24, [("iPhone 15", 4, "845.00")]),
    ("PO-7003", "Elbsystem", None, [("Latitude 7450", 6, "1598.00")]),
]


def write(company: Company) -> None:
    items = _write_items(company)
    _write_orders(company)
    _write_kit(company, items)


def _write_items(company: Company) -> dict[str, StockItem]:
    it, store = company.users["it"], company.places[IT_STORE]
    fresh = [
        StockItem(
            name=name,
            part_number=part,
            location=store,
            supplier=company.vendors["Elbsystem"],
            quantity=quantity + 6,
            minimum=minimum,
            reorder_quantity=minimum * 2,
            unit_cost=Decimal(price),
        )
        for name, part, quantity, minimum, price in ITEMS
    ]
    items = {item.name: item for item in stock.enter(fresh, by=it, reason="counted at the start")}
    staff = company.staff(company.today)
    for item in items.values():
        for _ in range(3):
            to = company.random.choice(staff)
            stock.issue(item, quantity=2, to=to, by=company.users["desk"])
    return items


def _write_orders(company: Company) -> None:
    by = company.users["it"]
    for number, supplier, age, lines in ORDERS:
        order = Order(
            number=number,
            supplier=company.vendors[supplier],
            department=company.departments["Information technology"],
            expected_on=company.days_ago(age - 14) if age else company.today + timedelta(20),
        )
        save_as(order, by=by, reason="drawn up")
        products = {name: Product.objects.get(name=name) for name, _, _ in lines}
        wanted = [
            OrderLine(order=order, product=products[name], quantity=many, unit_cost=Decimal(price))
            for name, many, price in lines
        ]
        create_all_as(wanted, by=by, reason="drawn up")
        if age:
            day = company.days_ago(age)
            procurement.place(order, ordered_on=day, all_the_same=True, by=by)


def _write_kit(company: Company, items: dict[str, StockItem]) -> None:
    """What a newcomer at a desk gets; the last who started got it today."""
    by = company.users["it"]
    kit = Kit(name="Desk, first day", notes="Handed over at reception, with the badge.")
    save_as(kit, by=by, reason="agreed with HR")
    monitor = Product.objects.get(name="P2423D")
    lines = [
        KitLine(kit=kit, product=monitor),
        KitLine(kit=kit, item=items["Mouse M650"]),
        KitLine(kit=kit, item=items["USB-C cable 2 m"], quantity=2),
    ]
    create_all_as(lines, by=by, reason="agreed with HR")
    if not kits.shortages(kit):
        newest = max(company.staff(company.today), key=lambda person: str(person.starts_on))
        kits.hand_over(kit, to=newest, by=by)
