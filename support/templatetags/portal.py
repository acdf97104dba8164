"""How the portal words things."""

from django import template
from django.utils.safestring import SafeString

from people.models import User
from support import articles
from support.models import Approval, Article, Ticket

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
def asked_of(user: object) -> int:
    """How many requests wait for the approval of this user."""
    if not isinstance(user, User):
        return 0
    return Approval.objects.waiting().filter(approver__user=user).count()
