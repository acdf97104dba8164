"""The finance ledger of two years: mostly bills of the contracts, and what passed IT by."""

from datetime import date, timedelta
from decimal import Decimal

from dateutil.relativedelta import relativedelta

from config.history import create_signed, sign
from contracts import matching
from contracts.charges import bills
from contracts.models import Contract, Spend, Term
from people.models import Department
from support.demo.company import Company

LINES, MONTHS = 560, 24
FORMS = ["", "", " GmbH", " SE", " Ltd.", " S.A.", " B.V."]
MISSPELT = {
    "Microsoft": "Mircosoft",
    "Vodafone": "Vodaphone GmbH",
    "Hafenrand Datacentre": "Hafenrand Data Center",
    "Kyocera": "Kyocera Dokument Solutions",
}
# supplier as the card statement has it, department, amount, in how many of the last months
SHADOW = [
    ("CANVA* 04418-2201", "Marketing", "119.90", 9),
    ("MAILCHIMP *MISC", "Marketing", "84.00", 8),
    ("Notion Labs, Inc.", "Engineering", "192.00", 6),
    ("ZAPIER.COM/CHARGE", "Sales", "73.50", 5),
    ("DROPBOX*TEAM 8KQ2", "Sales", "45.00", 4),
    ("Trello Atlasian", "Quality", "60.00", 3),
    ("FIGMA MONTHLY RENEWAL", "Engineering", "45.00", 2),
    ("Grammarly Inc", "Human resources", "144.00", 1),
    ("SurveyMonkey Europe UC", "Customer service", "396.00", 1),
    ("AMZN Mktp DE*2K4", "Production", "289.99", 1),
]
"""Forty lines in all."""


def write(company: Company) -> None:
    """The lines, booked month by month, and what the rules made of them."""
    by = company.users["finance"]
    lines = sorted([*_billed(company), *_shadow(company)], key=lambda line: line.booked_on)
    for number, line in enumerate(lines, start=1):
        line.reference = f"ER-{line.booked_on:%Y}-{number:05}"
        imported = min(line.booked_on + timedelta(5), company.days_ago(1))
        sign(line, by=by, reason="imported from ledger.csv", at=company.at(imported))
    create_signed(lines)
    matching.match(by)


def _billed(company: Company) -> list[Spend]:
    first: date = company.today - relativedelta(months=MONTHS)
    last = company.days_ago(3)
    terms = Term.objects.select_related("contract__vendor", "contract__department")
    due = [
        (term, day, amount)
        for term in terms.order_by("pk")
        for day, amount in bills(term, first, last)
        if amount
    ]
    chosen = company.random.sample(due, min(LINES, len(due)))
    return [_line_of(company, term, day, amount) for term, day, amount in chosen]


def _line_of(company: Company, term: Term, day: date, amount: Decimal) -> Spend:
    """A bill as it was booked: some days later, now and then with tax, dearer, or taken back."""
    contract, chance = term.contract, company.random.random()
    factor = Decimal("1.19") if chance < 0.06 else Decimal("1.012") if chance < 0.1 else Decimal(1)
    factor = Decimal("1.4") if chance > 0.97 else -factor if chance > 0.96 else factor
    return Spend(
        booked_on=min(day + timedelta(company.random.randint(0, 12)), company.days_ago(1)),
        supplier=_spelt(company, contract),
        text=f"{contract.title} {day:%m/%y}",
        amount=(amount * factor).quantize(Decimal("0.01")),
        currency=term.currency,
        account="6815",
        cost_centre=contract.department.cost_centre if contract.department else "",
        department=contract.department,
    )


def _spelt(company: Company, contract: Contract) -> str:
    name = contract.vendor.name
    if name in MISSPELT and company.random.random() < 0.05:
        return MISSPELT[name]
    spelt = f"{name}{company.random.choice(FORMS)}"
    return spelt.upper() if company.random.random() < 0.3 else spelt


def _shadow(company: Company) -> list[Spend]:
    departments: dict[str, Department] = company.departments
    found = []
    for supplier, department, amount, months in SHADOW:
        for back in range(months):
            day: date = company.days_ago(4) - relativedelta(months=back)
            found.append(
                Spend(
                    booked_on=day,
                    supplier=supplier,
                    text="Company card",
                    amount=Decimal(amount),
                    account="6850",
                    cost_centre=departments[department].cost_centre,
                    department=departments[department],
                )
            )
    return found
