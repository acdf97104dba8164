"""How the portal words things."""

from typing import Any

from django import template
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.safestring import SafeString

from people.models import Person, User
from support import articles
from support.models import Alert, Approval, Article, Ticket

register = template.Library()

STATE_WORDS = {
    Ticket.State.NEW: "received",
    Ticket.State.IN_PROGRESS: "in progress",
    Ticket.State.WAITING_REQUESTER: "waiting for your answer",
    Ticket.State.WAITING_VENDOR: "waiting for a supplier",
    Ticket.State.WAITING_APPROVAL: "waiting for approval",
    Ticket.State.RESOLVED: "solved",
    Ticket.State.CLOSED: "closed",
}
"""A ticket's state, as its requester is told it."""


@register.filter
def state_words(ticket: Ticket, user: object) -> str:
    """The state; who only follows it is not the one who must answer."""
    is_his = isinstance(user, User) and ticket.requester.user_id == user.pk
    if ticket.state == Ticket.State.WAITING_REQUESTER and not is_his:
        return f"waiting for {ticket.requester}"
    return STATE_WORDS[Ticket.State(ticket.state)]


@register.filter
def article_words(article: Article) -> SafeString:
    return articles.rendered(article)


@register.filter
def first_name(name: str) -> str:
    return name.split(maxsplit=1)[0] if name.strip() else name


@register.simple_tag
def menu_counts(user: object) -> dict[str, int]:
    """What waits for this user in the portal: the alerts `told` to them, the approvals `asked`."""
    if not isinstance(user, User):
        return {}
    told = Alert.objects.open().filter(recipient=OuterRef("pk"))
    asked = Approval.objects.waiting().filter(approver=OuterRef("pk"))
    people = Person.objects.filter(user=user).annotate(
        told=_number_of(told), asked=_number_of(asked)
    )
    return {"told": person.told, "asked": person.asked} if (person := people.first()) else {}


def _number_of(rows: QuerySet[Any]) -> Coalesce:
    """How many of `rows` refer to the same person."""
    counts = rows.order_by().annotate(one=Value(1)).values("one").annotate(all=Count("pk"))
    return Coalesce(Subquery(counts.values("all"), output_field=IntegerField()), 0)
