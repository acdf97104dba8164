"""How alerts are worded on a page, and how many wait for whoever looks."""

from django import template
from django.utils.formats import date_format
from django.utils.timezone import localdate

from people.models import User
from support import inbox
from support.alert_words import name_of, title_of, when
from support.models import Alert, Response

register = template.Library()


@register.simple_tag
def waiting_for(user: object) -> int | None:
    """The open alerts in this user's inbox of the back office; None for who has none there."""
    if not isinstance(user, User) or not user.has_perm("support.view_alert"):
        return None
    return inbox.count(user)


@register.filter
def record_name(alert: Alert) -> str:
    """What it is about; its record was read before."""
    return name_of(alert.record)


@register.filter
def rule_title(alert: Alert) -> str:
    return title_of(alert.rule)


@register.filter
def until_when(alert: Alert) -> str:
    return when(alert, on=localdate())


@register.filter
def is_past(alert: Alert) -> bool:
    return alert.due_on < localdate()


@register.filter
def deed(turn: Response) -> str:
    """What was done, in words: "Passed it on to Ada Lovelace."."""
    words = str(turn.get_kind_display()).capitalize()
    if turn.until:
        words += f" on {date_format(turn.until, 'j F Y')}"
    return f"{words} to {turn.to}." if turn.to else f"{words}."
