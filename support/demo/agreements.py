"""Sixty contracts with the terms they have had, some of which end or must be cancelled soon."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from dateutil.relativedelta import relativedelta

from config.history import create_signed, sign, update_signed
from contracts.models import Contract, Coverage, Term
from contracts.renewals import SETTLED, apply_terms
from people.models import Person
from support.demo.company import Company

# In so many days the first ones end; the last of them have their notice dates before.
ENDS = [5, 9, 14, 21, 28, 30, 35, 44, 52, 60, 66, 75, 80, 88, 95, 105, 115, 125, 140, 160]
ENDED, ENDLESS, UNOWNED, SOON = 4, 3, 5, 6

type Offer = tuple[str, str, str, int, str, int, str, str, str, str]

UNIT_DAYS = {"days": 1, "weeks": 7, "months": 30}
TOO_LATE = 4  # of those that end soon, every fourth renews by itself unseen

# title, kind, vendor, amount, billing, notice, its unit, renewal, department, what it covers
OFFERS: list[Offer] = [
    ("Microsoft 365 E3", "subscription", "Microsoft", 7600, "monthly", 30, "days", "tacit",
     "Information technology", ""),
    ("Azure consumption commitment", "cloud", "Microsoft", 48000, "yearly", 60, "days", "express",
     "Information technology", ""),
    ("Creative Cloud for teams", "subscription", "Adobe", 9800, "yearly", 30, "days", "tacit",
     "Marketing", ""),
    ("Acrobat Pro", "licence", "Adobe", 3100, "yearly", 30, "days", "tacit", "Finance", ""),
    ("AutoCAD and Inventor", "subscription", "Autodesk", 31500, "yearly", 3, "months", "express",
     "Engineering", ""),
    ("Jira and Confluence", "subscription", "Atlassian", 1450, "monthly", 1, "months", "tacit",
     "Engineering", ""),
    ("ERP maintenance", "maintenance", "SAP", 61000, "yearly", 3, "months", "tacit", "Finance", ""),
    ("Payroll module", "licence", "SAP", 8400, "yearly", 3, "months", "tacit",
     "Human resources", ""),
    ("Mobile fleet", "telecom", "Vodafone", 1980, "monthly", 3, "months", "tacit",
     "Information technology", "SIM card"),
    ("Internet access 1 Gbit/s", "telecom", "Telekom", 690, "monthly", 3, "months", "tacit",
     "Information technology", ""),
    ("Voice trunk", "telecom", "Telekom", 310, "monthly", 1, "months", "tacit",
     "Customer service", ""),
    ("Laptop lease", "lease", "Nordkante Leasing", 4200, "monthly", 6, "weeks", "express",
     "Purchasing", "Laptop"),
    ("Printer lease and service", "lease", "Kyocera", 1150, "quarterly", 3, "months", "tacit",
     "Purchasing", "Printer"),
    ("Server support, next business day", "warranty", "Dell", 5400, "yearly", 0, "days", "none",
     "Information technology", "Server"),
    ("Foundation care", "maintenance", "Hewlett Packard Enterprise", 4700, "yearly", 60, "days",
     "express", "Information technology", "Server"),
    ("Switch support", "maintenance", "Cisco", 3900, "yearly", 45, "days", "express",
     "Information technology", "Network"),
    ("Firewall threat protection", "subscription", "Fortinet", 2800, "yearly", 30, "days",
     "express", "Information technology", "Network"),
    ("Rack and power", "service", "Hafenrand Datacentre", 1650, "monthly", 6, "months", "tacit",
     "Information technology", ""),
    ("Off-site backup", "cloud", "Hafenrand Datacentre", 420, "monthly", 1, "months", "tacit",
     "Information technology", ""),
    ("Deployment and staging", "service", "Elbsystem", 14500, "once", 0, "days", "none",
     "Information technology", ""),
]  # fmt: skip
PARTS = ["Hamburg", "Lyon", "group"]


@dataclass
class Agreement:
    """A contract and its terms by start; the last one counts."""

    contract: Contract
    terms: list[Term]
    covers: str


def write(company: Company) -> None:
    offers = [(offer, part) for part in PARTS for offer in OFFERS]
    company.random.shuffle(offers)
    # What ends within a month is renewed or ends: by itself it would have renewed by now.
    first = [it for it in offers if it[0][7] != "tacit"][:SOON]
    offers = [*first, *(it for it in offers if it not in first)]
    ends = [
        _still_to_decide(offer, end) if SOON <= place < len(ENDS) and place % TOO_LATE else end
        for place, ((offer, _), end) in enumerate(
            zip(offers, _ends(company, len(offers)), strict=True)
        )
    ]
    agreements = [
        _agreement(company, offer, part, end)
        for (offer, part), end in zip(offers, ends, strict=True)
    ]
    _number(agreements)
    _write(company, agreements)
    _write_coverages(company, agreements)


def _ends(company: Company, count: int) -> list[date | None]:
    """The last days: soon, long gone, in the years to come, or none agreed."""
    soon: list[date | None] = [company.today + timedelta(days) for days in ENDS]
    gone = [company.days_ago(company.random.randint(20, 200)) for _ in range(ENDED)]
    endless: list[date | None] = [None] * ENDLESS
    rest = count - len(soon) - len(gone) - len(endless)
    later = [company.today + timedelta(company.random.randint(170, 1000)) for _ in range(rest)]
    return [*soon, *gone, *endless, *later]


def _still_to_decide(offer: Offer, end: date | None) -> date | None:
    """Of one that renews by itself, an end that leaves time for its notice."""
    notice, unit, renewal = offer[5:8]
    if end is None or renewal != "tacit":
        return end
    return end + timedelta(notice * UNIT_DAYS[unit] - 30)


def _agreement(company: Company, offer: Offer, part: str, end: date | None) -> Agreement:
    title, kind, vendor, amount, billing, notice, unit, renewal, department, covers = offer
    contract = Contract(
        title=f"{title}, {part}",
        kind=kind,
        vendor=company.vendors[vendor],
        department=company.departments[department],
        owner=_owner(company, department),
        reference=f"{vendor[:3].upper()}-{company.random.randint(100_000, 999_999)}",
    )
    share = {"Hamburg": Decimal(1), "Lyon": Decimal("0.4"), "group": Decimal("0.15")}[part]
    price = Decimal(amount) * share
    terms = [
        Term(
            contract=contract,
            starts_on=first,
            ends_on=last,
            amount=(price * Decimal("0.96") ** age).quantize(Decimal("0.01")),
            billing=billing,
            notice=notice,
            notice_unit=unit,
            renewal=renewal,
            renewal_months=12 if renewal == "tacit" else None,
        )
        for age, (first, last) in enumerate(_stretches(company, end))
    ]
    return Agreement(contract, terms[::-1], covers)


def _stretches(company: Company, end: date | None) -> list[tuple[date, date | None]]:
    """First and last days of the terms, the latest first; each began where the next one ends."""
    if end is None:
        return [(company.days_ago(company.random.randint(400, 1500)), None)]
    days = (end - company.today).days
    months = 12 if days < 330 else 24 if days < 690 else 36
    stretches: list[tuple[date, date | None]] = []
    for _ in range(company.random.randint(1, 3)):
        first: date = end + timedelta(1) - relativedelta(months=months)
        if stretches and first < company.founded:
            break
        stretches.append((first, end))
        end = first - timedelta(1)
    return stretches


def _owner(company: Company, department: str) -> Person | None:
    """Mostly who heads the department; of IT's and of finance's, one who can sign in."""
    accounts = {"Information technology": "it", "Finance": "finance"}
    if department in accounts:
        return company.colleague(accounts[department])
    return company.departments[department].head


def _number(agreements: list[Agreement]) -> None:
    for agreement in agreements[-UNOWNED:]:
        agreement.contract.owner = None
    agreements.sort(key=lambda it: (it.terms[0].starts_on, it.contract.title))
    for number, agreement in enumerate(agreements, start=1):
        agreement.contract.number = f"C-{agreement.terms[0].starts_on:%Y}-{number:03}"


def _write(company: Company, agreements: list[Agreement]) -> None:
    """Each contract with its first term, then as each later one was agreed."""
    by = company.users["finance"]
    for turn in range(3):
        now = [agreement for agreement in agreements if turn < len(agreement.terms)]
        terms = [agreement.terms[turn] for agreement in now]
        for agreement, term in zip(now, terms, strict=True):
            at = company.at(max(term.starts_on - timedelta(20), company.founded))
            reason = "renewed" if turn else "signed"
            apply_terms(agreement.contract, agreement.terms[: turn + 1])
            sign(agreement.contract, by=by, reason=reason, at=at)
            sign(term, by=by, reason=reason, at=at)
        contracts = [agreement.contract for agreement in now]
        if turn:
            update_signed(contracts, SETTLED)
        else:
            create_signed(contracts)
        for agreement, term in zip(now, terms, strict=True):
            term.contract = agreement.contract
        create_signed(terms)


def _write_coverages(company: Company, agreements: list[Agreement]) -> None:
    coverages = []
    for agreement in agreements:
        assets = company.assets.get(agreement.covers, [])
        for asset in company.random.sample(assets, min(len(assets), 24)):
            day = max(asset.purchased_on or company.founded, agreement.terms[0].starts_on)
            coverage = Coverage(contract=agreement.contract, asset=asset)
            at = company.at(max(day, company.founded))
            sign(coverage, by=company.users["finance"], reason="covered", at=at)
            coverages.append(coverage)
    create_signed(coverages)
