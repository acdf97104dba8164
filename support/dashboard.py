"""What is due and what waits, for whoever opens the back office."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Model, QuerySet
from django.urls import reverse
from django.utils import timezone

from assets.models import Asset, Handover, Order, Repair, StockItem
from config.history import Actor
from contracts.models import Contract, Decision, Licence, Seat, Spend
from people.jobs import late
from people.models import Job, Message, Person, User
from support import inbox
from support.models import Alert, Approval, InboundMail, StaffChange, Ticket

SOON = 90
"""Days ahead that a contract's dates are shown."""
WARRANTY_SOON = 60
IDLE = 90


@dataclass(frozen=True)
class Figure:
    """A number, what it counts, and the list that it counts."""

    label: str
    model: type[Model]
    filters: dict[str, Any]
    permission: str
    urgent: bool = False
    only: Callable[[Any], QuerySet[Any]] | None = None
    """Where the list's own filter says more than `filters` can: the same rows in code."""

    @property
    def url(self) -> str:
        opts = self.model._meta
        address = reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist")
        return f"{address}?{urlencode({key: _text(it) for key, it in self.filters.items()})}"

    @property
    def rows(self) -> QuerySet[Any]:
        rows = self.model._default_manager.all()
        return self.only(rows) if self.only else rows.filter(**self.filters).distinct()


@dataclass(frozen=True)
class Section:
    """The figures of one kind of work, each with its count."""

    title: str
    figures: list[tuple[Figure, int]]


def _text(value: Any) -> str:
    return ",".join(value) if isinstance(value, (tuple, list)) else str(value)


def _between(field: str, first: date, days: int) -> dict[str, Any]:
    return {f"{field}__gte": first, f"{field}__lte": first + timedelta(days)}


def _tickets(on: date, user: User) -> list[Figure]:
    waits = [Ticket.State.NEW.value, Ticket.State.IN_PROGRESS.value]
    view, now = "support.view_ticket", timezone.now()
    to_give = {"offer__isnull": False, "state__in": waits}
    person = Person.objects.filter(user=user).first()
    mine = {"assignee__id__exact": person.pk, "state__in": waits} if person else None
    figures = [
        Figure("New tickets", Ticket, {"state__exact": "new"}, view, urgent=True),
        Figure(
            "Late",
            Ticket,
            {"clock": "missed"},
            view,
            urgent=True,
            only=lambda rows: rows.missed(now),
        ),
        Figure("At risk", Ticket, {"clock": "risk"}, view, only=lambda rows: rows.at_risk(now)),
        Figure("Nobody's", Ticket, {"assignee__isnull": True, "state__in": waits}, view),
        Figure("Waiting for the requester", Ticket, {"state__exact": "waiting_requester"}, view),
        Figure("Requests to be given", Ticket, to_give, "support.fulfil_ticket"),
        Figure(
            "Approvals awaited", Approval, {"state__exact": "waiting"}, "support.decide_approval"
        ),
        Figure(
            "Mails kept back",
            InboundMail,
            {"state__exact": "quarantined"},
            "support.decide_inboundmail",
            urgent=True,
        ),
    ]
    if mine:
        figures.insert(1, Figure("Mine to work on", Ticket, mine, "support.answer_ticket"))
    return figures


def _assets(on: date, user: User) -> list[Figure]:
    view, use = "assets.view_asset", [Asset.State.IN_STOCK.value, Asset.State.IN_USE.value]
    expected = [Asset.State.ORDERED.value, Asset.State.PLANNED.value]
    warranty = {**_between("warranty_ends_on", on, WARRANTY_SOON), "state__in": use}
    overdue = {"custodies__until__isnull": True, "custodies__due_back_on__lt": on}
    return [
        Figure("To be received", Asset, {"state__in": expected}, "assets.receive_asset"),
        Figure(
            "Handovers disputed",
            Handover,
            {"answered": "disputed"},
            "assets.settle_handover",
            urgent=True,
            only=lambda rows: rows.disputed(),
        ),
        Figure(
            "Handovers not answered",
            Handover,
            {"answered": "waiting"},
            "assets.view_handover",
            only=lambda rows: rows.waiting(),
        ),
        Figure("To be inspected", Asset, {"state__exact": "received"}, "assets.inspect_asset"),
        Figure("Loans overdue", Asset, overdue, view, urgent=True),
        Figure(f"Warranty ends in {WARRANTY_SOON} days", Asset, warranty, view),
        Figure("In stock", Asset, {"state__exact": "in_stock"}, view),
    ]


def _stores(on: date, user: User) -> list[Figure]:
    awaited = [Order.State.ORDERED.value, Order.State.PARTLY_RECEIVED.value]
    return [
        Figure("Orders awaited", Order, {"state__in": awaited}, "assets.view_order"),
        Figure(
            "Repairs late",
            Repair,
            {"open": "late"},
            "assets.view_repair",
            urgent=True,
            only=lambda rows: rows.overdue(on),
        ),
        Figure(
            "Stock low",
            StockItem,
            {"low": "yes"},
            "assets.move_stockitem",
            urgent=True,
            only=lambda rows: rows.low(),
        ),
    ]


def _contracts(on: date, user: User) -> list[Figure]:
    view = "contracts.view_contract"
    notice, ends = _between("notice_by", on, SOON), _between("ends_on", on, SOON)
    nobody = {"owner__isnull": True, "ends_on__gte": on}
    return [
        Figure("Notice due in 30 days", Contract, _between("notice_by", on, 30), view, urgent=True),
        Figure(f"Notice due in {SOON} days", Contract, notice, view),
        Figure(f"Ending in {SOON} days", Contract, ends, view),
        Figure("Nobody answers for", Contract, nobody, "contracts.change_contract"),
        Figure(
            "Notices not confirmed",
            Decision,
            {"notice": "open"},
            "contracts.decide_contract",
            only=lambda rows: rows.unconfirmed(),
        ),
    ]


def _licences(on: date, user: User) -> list[Figure]:
    assign = "contracts.assign_seat"
    return [
        Figure(
            "Licences with more seats than bought",
            Licence,
            {"over": "yes"},
            "contracts.view_licence",
            urgent=True,
            only=lambda rows: rows.over_allocated(),
        ),
        Figure(
            f"Seats idle for {IDLE} days",
            Seat,
            {"idle": IDLE},
            assign,
            only=lambda rows: rows.idle(IDLE, on),
        ),
        Figure(
            "Seats of leavers",
            Seat,
            {"leavers": "yes"},
            assign,
            urgent=True,
            only=lambda rows: rows.of_leavers(on),
        ),
    ]


def _ledger(on: date, user: User) -> list[Figure]:
    return [
        Figure(
            "Spend to be matched",
            Spend,
            {"state": "open"},
            "contracts.match_spend",
            only=lambda rows: rows.outside_it().filter(matched=Spend.Matched.NOT),
        ),
    ]


def _alerts(on: date, user: User) -> list[Figure]:
    view, opened = "support.view_alert", Alert.State.OPEN.value
    return [
        Figure(
            "My alerts",
            Alert,
            {"mine": "yes", "state__exact": opened},
            view,
            urgent=True,
            only=lambda rows: inbox.mine(user, rows).filter(state=opened),
        ),
        Figure(
            "Escalated, not answered",
            Alert,
            {"escalated": "yes", "state__exact": opened},
            view,
            urgent=True,
            only=lambda rows: rows.filter(state=opened, escalates__isnull=False),
        ),
    ]


def _people(on: date, user: User) -> list[Figure]:
    left = {"leaves_on__lt": on, "assets__isnull": False}
    failed = {"state__exact": "failed"}
    return [
        Figure("Left and still hold things", Person, left, "people.view_person", urgent=True),
        Figure(
            "Joining, moving, leaving",
            StaffChange,
            {"completed_at__isempty": 1},
            "support.complete_staffchange",
            only=lambda rows: rows.filter(completed_at=None),
        ),
        Figure("Mails that failed", Message, failed, "people.retry_message", urgent=True),
        Figure(
            "Jobs late or failed",
            Job,
            {"late": "yes"},
            "people.view_job",
            urgent=True,
            only=lambda rows: rows.filter(name__in=[job.name for job in late(timezone.now())]),
        ),
    ]


SECTIONS: dict[str, Callable[[date, User], list[Figure]]] = {
    "Alerts": _alerts,
    "Tickets": _tickets,
    "Contracts": _contracts,
    "Licences and spend": lambda on, user: [*_licences(on, user), *_ledger(on, user)],
    "Assets": _assets,
    "Orders, repairs and stock": _stores,
    "People and mail": _people,
}


def today(user: Actor, *, on: date) -> list[Section]:
    """The figures that this user may follow to their lists, counted on the day `on`."""
    if not isinstance(user, User):
        return []
    sections = []
    for title, figures in SECTIONS.items():
        permitted = [it for it in figures(on, user) if user.has_perm(it.permission)]
        sections.append(Section(title, [(it, it.rows.count()) for it in permitted]))
    return [section for section in sections if section.figures]
