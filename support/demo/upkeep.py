"""What happens to the assets in service: repairs, loans, labels, health, a stocktake."""

from datetime import timedelta
from decimal import Decimal

from assets import lifecycle, stocktaking
from assets.models import (
    Asset,
    Category,
    Custody,
    ExtraField,
    Relation,
    Release,
    Repair,
    StateLabel,
    Stocktake,
)
from config.history import create_all_as, save_as, update_all_as
from support.demo.company import Company

State = Asset.State
# category: what is checked on arrival, slots, depreciation in months
RULES = {
    "Laptop": ("", 0, 48),
    "Monitor": ("", 0, 60),
    "Phone": ("Display without a scratch\nIMEI as on the box\nActivation lock is off", 1, 36),
    "Server": ("", 0, 60),
    "Network": ("", 0, 60),
}
LABELS = [
    (State.IN_STOCK, "ready for dispatch"),
    (State.IN_STOCK, "kept for spare parts"),
    (State.IN_REPAIR, "waiting for a quote"),
]
# operating system, its release, years from today until its support ends, share of the laptops
SYSTEMS = [
    ("Windows 11 24H2", "Windows", "11 24H2", 2, 6),
    ("Windows 10 22H2", "Windows", "10 22H2", -1, 2),
    ("macOS 15", "macOS", "15", 1, 1),
]


def write(company: Company) -> None:
    _write_rules(company)
    _write_labels(company)
    _write_repairs(company)
    _write_loan(company)
    _write_health(company)
    _write_relations(company)
    _open_stocktake(company)


def _write_rules(company: Company) -> None:
    by, categories = company.users["admin"], []
    for category in Category.objects.filter(name__in=RULES):
        checklist, slots, months = RULES[category.name]
        category.checklist, category.needs_inspection = checklist, bool(checklist)
        category.slots = slots
        category.depreciation = Category.Depreciation.STRAIGHT_LINE
        category.useful_months = months
        categories.append(category)
    fields = ["checklist", "needs_inspection", "slots", "depreciation", "useful_months"]
    update_all_as(categories, fields, by=by, reason="agreed with Finance")
    laptop = next(it for it in categories if it.name == "Laptop")
    memory = ExtraField(category=laptop, name="Memory (GB)", key="memory-gb", kind="number")
    save_as(memory, by=by, reason="asked for by Engineering")


def _write_labels(company: Company) -> None:
    by = company.users["admin"]
    labels = [StateLabel(state=state, name=name) for state, name in LABELS]
    create_all_as(labels, by=by, reason="first set up")
    stocked = Asset.objects.filter(state=State.IN_STOCK, product__category__name="Laptop")
    lifecycle.relabel(stocked.order_by("tag")[:5], label=labels[0], by=company.users["it"])


def _write_repairs(company: Company) -> None:
    """Those in repair are with a vendor; some were there before."""
    by, vendor = company.users["desk"], company.vendors["Elbsystem"]
    away = list(Asset.objects.filter(state=State.IN_REPAIR).order_by("tag"))
    back = list(company.assets["Laptop"][20:26])
    repairs = [
        Repair(
            asset=asset,
            vendor=vendor,
            fault="The display flickers.",
            reference=f"RMA-{8100 + number}",
            on_warranty=bool(asset.warranty_ends_on and asset.warranty_ends_on > company.today),
            sent_on=company.days_ago(12 + 5 * number),
            due_back_on=company.days_ago(3 * number - 6),
        )
        for number, asset in enumerate(away)
    ]
    repairs += [
        Repair(
            asset=asset,
            vendor=vendor,
            fault="A key is stuck.",
            sent_on=company.days_ago(200 + number),
            returned_on=company.days_ago(190 + number),
            outcome="Keyboard exchanged.",
            cost=Decimal("119.00"),
        )
        for number, asset in enumerate(back)
    ]
    create_all_as(repairs, by=by, reason="sent to repair")


def _write_loan(company: Company) -> None:
    """A monitor was lent and should be back by now."""
    it, borrower = company.users["desk"], company.random.choice(company.staff(company.today))
    stocked = Asset.objects.filter(state=State.IN_STOCK, product__category__name="Monitor")
    lent = lifecycle.lend(
        stocked.order_by("tag")[:1], to=borrower, due_back_on=company.today, by=it
    )
    custodies = list(Custody.objects.open().filter(asset__in=lent.done))
    for custody in custodies:
        custody.due_back_on = company.days_ago(4)
    update_all_as(custodies, ["due_back_on"], by=it, reason="the day was written down wrongly")


def _write_health(company: Company) -> None:
    by = company.users["it"]
    releases = [
        Release(product=product, cycle=cycle, ends_on=company.today + timedelta(365 * years))
        for _, product, cycle, years, _ in SYSTEMS
    ]
    create_all_as(releases, by=by, reason="from the makers' pages")
    shares = [
        (system, release)
        for (system, *_, share), release in zip(SYSTEMS, releases, strict=True)
        for _ in range(share)
    ]
    laptops = company.assets["Laptop"]
    for number, laptop in enumerate(laptops):
        laptop.refresh_from_db()
        laptop.operating_system, laptop.release = shares[number % len(shares)]
        laptop.patch_status = "behind" if number % 9 == 0 else "current"
        laptop.last_seen_at = company.at(company.days_ago(75 if number % 14 == 0 else 2))
        laptop.extra = {"memory-gb": 32 if number % 3 == 0 else 16}
    fields = ["operating_system", "release", "patch_status", "last_seen_at", "extra"]
    update_all_as(laptops, fields, by=by, reason="reported by the inventory agent")


def _write_relations(company: Company) -> None:
    """The servers hang on the first switch, and some of them on each other."""
    servers, network = company.assets["Server"], company.assets["Network"]
    relations = [Relation(source=it, kind="connects_to", target=network[0]) for it in servers[:6]]
    relations += [
        Relation(source=servers[1], kind="depends_on", target=servers[0]),
        Relation(source=servers[2], kind="depends_on", target=servers[1]),
        Relation(source=servers[3], kind="backs_up", target=servers[0]),
    ]
    create_all_as(relations, by=company.users["it"], reason="drawn from the network plan")


def _open_stocktake(company: Company) -> None:
    by = company.users["it"]
    stocktake = Stocktake(name=f"Lyon, autumn {company.today:%Y}")
    save_as(stocktake, by=by, reason="asked for by the auditors")
    stocktake.locations.add(company.places["Lyon"])
    stocktaking.open(stocktake, by=by)
