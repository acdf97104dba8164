"""When the desk works, how soon it answers and solves, and what that says of its tickets."""

from datetime import date, time

from django.db.models import F, Min

from config.history import create_all_as, save_as, update_all_as
from support import service_levels
from support.demo.company import Company
from support.models import BusinessHours, Holiday, ServiceLevel, Shift, Ticket

LEVELS = {  # minutes of business time to answer and to solve
    Ticket.Priority.CRITICAL: (60, 20 * 60),
    Ticket.Priority.HIGH: (4 * 60, 50 * 60),
    Ticket.Priority.MODERATE: (10 * 60, 80 * 60),
    Ticket.Priority.LOW: (20 * 60, 120 * 60),
}
CLOCKS = ["respond_by", "resolve_by", "due_by", "at_risk_at", "responded_at", "waiting_since"]


def write(company: Company) -> None:
    by, at = company.users["admin"], company.at(company.founded)
    hours = BusinessHours(name="Service desk", time_zone="Europe/Berlin")
    save_as(hours, by=by, reason="set up", at=at)
    shifts = [
        Shift(hours=hours, weekday=weekday, opens=time(8), closes=time(18)) for weekday in range(5)
    ]
    create_all_as(shifts, by=by, reason="set up", at=at)
    create_all_as(_holidays(company, hours), by=by, reason="set up", at=at)
    levels = [
        ServiceLevel(priority=priority, respond_minutes=answer, resolve_minutes=solve)
        for priority, (answer, solve) in LEVELS.items()
    ]
    create_all_as(levels, by=by, reason="set up", at=at)
    _start_the_clocks(company)


def _holidays(company: Company, hours: BusinessHours) -> list[Holiday]:
    days = [(1, 1, "New Year"), (5, 1, "Labour Day"), (12, 25, "Christmas"), (12, 26, "Christmas")]
    years = (company.today.year, company.today.year + 1)
    return [
        Holiday(hours=hours, on=date(year, month, day), name=name)
        for year in years
        for month, day, name in days
    ]


def _start_the_clocks(company: Company) -> None:
    """As if there had been promises when the tickets came."""
    answered = dict(
        Ticket.objects.filter(comments__is_public=True)
        .exclude(comments__author=F("requester"))
        .annotate(first=Min("comments__created_at"))
        .values_list("pk", "first")
    )
    tickets = list(Ticket.objects.select_related("requester__location", "on_behalf_of", "location"))
    for ticket in tickets:
        ticket.responded_at = answered.get(ticket.pk)
        if ticket.state in service_levels.STANDING:
            ticket.waiting_since = ticket.resolved_at or ticket.responded_at or ticket.opened_at
        service_levels.restart(ticket)
    update_all_as(tickets, CLOCKS, by=company.users["admin"], reason="promised")
