"""What people may ask for, and three requests: one is agreed to, two wait for a manager."""

from decimal import Decimal

from assets.models import Category, Kit, Product
from config.history import create_all_as
from contracts.models import Licence
from support import approvals, catalogue
from support.demo.company import Company
from support.models import Offer


def write(company: Company) -> None:
    _write_offers(company)
    _ask(company)


def _write_offers(company: Company) -> None:
    offers = [
        Offer(
            name="Laptop for the office and the road",
            description="14 inches, with a dock on request. Yours until you hand it back.",
            category=Category.objects.get(name="Laptop"),
            price=Decimal("1490.00"),
            budget_above=Decimal("1000.00"),
            position=10,
        ),
        Offer(
            name="Second monitor",
            description="24 inches, with its cable, brought to your desk.",
            product=Product.objects.get(name="P2423D"),
            price=Decimal("259.00"),
            most=2,
            position=20,
        ),
        Offer(
            name="Mobile phone",
            description="With a SIM card and the number of your choice, if it is free.",
            product=Product.objects.get(name="iPhone 15"),
            price=Decimal("869.00"),
            position=30,
        ),
        Offer(
            name="Desk for a newcomer",
            description="Monitor, mouse and cables, ready on the first day.",
            kit=Kit.objects.get(name="Desk, first day"),
            needs_manager=False,
            position=40,
        ),
        Offer(
            name="Visio",
            description="Drawing plans and processes, for a year.",
            licence=Licence.objects.get(product__name="Visio"),
            price=Decimal("135.00"),
            for_contractors=True,
            position=50,
        ),
    ]
    by, at = company.users["admin"], company.at(company.days_ago(200))
    create_all_as(offers, by=by, reason="agreed with the departments", at=at)


def _ask(company: Company) -> None:
    """Katrin Adler, the head of IT, is the manager of two of them."""
    for account, name, reason in [
        ("it", "Second monitor", "I watch the monitoring on it while I work on tickets."),
        ("desk", "Mobile phone", "On call every third week, and my own phone must not be used."),
        ("employee", "Laptop for the office and the road", "Mine is four years old and slow."),
    ]:
        person = company.colleague(account)
        catalogue.ask(Offer.objects.get(name=name), requester=person, reason=reason, by=person.user)
    desk = company.colleague("desk")
    agreed = desk.tickets.get(offer__name="Mobile phone").approvals.waiting().get()
    approvals.approve(agreed, text="Yes, from October on.", by=company.users["admin"])
