"""What webhooks are told: each open alert of the kinds they are subscribed to, once."""

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from itertools import batched
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import OperationalError, transaction
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from config.history import Actor
from people.models import Message, Webhook
from people.outbox import queue_post
from support.alert_words import name_of, number_of, page_of, title_of, when, with_records
from support.models import Alert, Post, Subscription
from support.models.alert import AlertQuerySet
from support.post_formats import Content, Line, as_json

logger = logging.getLogger(__name__)

LINES = 30
LONGEST_NAME = 150
NAMED = 3
"""How many of those who were told of one date a line names."""
BATCH = 2000

type Told = tuple[str, int, int, date, int, bool]
"""Rule, content type, record, date, lead and whether it is an escalation: one line of a post."""


def queue_posts(on: date) -> int:
    """Owe each active webhook one post of what it was not told yet; returns how many posts.

    Two at once owe nothing twice: the second waits for the webhook and finds nothing left. One
    whose post cannot be written stops no other.
    """
    active = Webhook.objects.filter(is_active=True, subscriptions__isnull=False)
    keys = active.order_by("pk").values_list("pk", flat=True).distinct()
    return sum(_queue_or_log(key, on) for key in list(keys))


def _queue_or_log(key: int, on: date) -> bool:
    try:
        return _queue_post(key, on)
    except OperationalError:
        raise  # the database is at fault, and no other would fare better
    except Exception:
        logger.exception("The post to the webhook %s of %s cannot be written.", key, on)
        return False


@transaction.atomic
def _queue_post(key: int, on: date) -> bool:
    webhook = Webhook.objects.select_for_update().get(pk=key)
    lines: dict[Told, list[int]] = defaultdict(list)
    for pk, *told in _untold(webhook).values_list("pk", *_TOLD, "escalates"):
        lines[_line_of(told)].append(pk)
    if not lines:
        return False
    content = _content(list(lines.values()), on)
    alerts = [pk for pks in lines.values() for pk in pks]
    message = queue_post(
        webhook,
        key=f"post:{webhook.pk}:{min(alerts)}",
        subject=content.title,
        text=as_json(content, webhook),
    )
    for some in batched(alerts, BATCH):
        Post.objects.bulk_create(Post(alert_id=pk, webhook=webhook, message=message) for pk in some)
    return True


_TOLD = ("rule", "content_type", "object_id", "due_on", "lead")


def _line_of(told: Sequence[object]) -> Told:
    *line, escalates = told
    return (*line, escalates is not None)  # type: ignore[return-value]


def _untold(webhook: Webhook) -> AlertQuerySet:
    """The open alerts that the webhook is subscribed to and was told nothing of.

    Only those raised since it was subscribed: a new room is not flooded. What somebody else is
    told of too, or gets passed on, is no news in a room; that nobody answered is.
    """
    subscribed = Q(pk=None)
    for rule, since in _since(webhook).items():
        subscribed |= Q(rule=rule, raised_on__gte=timezone.localdate(since))
    posts = Post.objects.filter(webhook=webhook)
    same = posts.filter(**{f"alert__{name}": OuterRef(name) for name in _TOLD})
    alerts = (
        Alert.objects.open().filter(subscribed).filter(~Exists(posts.filter(alert=OuterRef("pk"))))
    )
    return alerts.filter(Q(escalates__isnull=False) | ~Exists(same)).order_by("due_on", "pk")


def _since(webhook: Webhook) -> dict[str, datetime]:
    """When the webhook was subscribed to each of its rules."""
    current = Subscription.objects.filter(webhook=webhook).values("pk")
    made = Subscription.history.filter(id__in=current, history_type="+")
    return dict(made.values_list("rule", "history_date"))


def _content(groups: Sequence[Sequence[int]], on: date) -> Content:
    shown = groups[:LINES]
    keys = [pk for group in shown for pk in group[:NAMED]]
    alerts = Alert.objects.select_related("recipient").prefetch_related(with_records())
    known = {alert.pk: alert for alert in alerts.filter(pk__in=keys)}
    lines = [_line([known[pk] for pk in group[:NAMED]], len(group), on) for group in shown]
    title = lines[0].record if len(groups) == 1 else f"{len(groups)} dates to act on"
    return Content(
        title=f"{settings.ORGANISATION}: {title}",
        lines=lines,
        more=len(groups) - len(shown),
        url=settings.SITE_URL + reverse("admin:support_alert_changelist") + "?state__exact=open",
    )


def _line(alerts: Sequence[Alert], number: int, on: date) -> Line:
    first = alerts[0]
    names = [alert.recipient.name for alert in alerts]
    if number > len(alerts):
        names.append(f"{number - len(alerts)} others")
    return Line(
        rule=first.rule,
        rule_title=title_of(first.rule),
        record=_shortened(_name(first)),
        url=settings.SITE_URL + (page_of(first.record) if first.record else ""),
        when=when(first, on=on),
        due_on=first.due_on,
        lead=first.lead,
        escalated=first.escalates_id is not None,
        recipients=tuple(names),
    )


def _name(alert: Alert) -> str:
    """What it is about. A record that is broken does not stop the post."""
    record: Any = alert.record
    try:
        return name_of(record)
    except Exception:
        logger.exception("%s %s cannot be named in a post.", alert.rule, alert.object_id)
        return number_of(type(record), alert.object_id)


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 1]}…"


def send_test(webhook: Webhook, *, by: Actor) -> Message:
    """Owe a webhook a post that tells of nothing; what became of it stands on its page.

    Raises ValidationError where it is switched off.
    """
    if not webhook.is_active:
        raise ValidationError(f"{webhook} is switched off: switch it on to post there.")
    title = f"{settings.ORGANISATION} posts here from now on. {by or 'Steward'} tries it out."
    content = Content(title=title, lines=[], more=0, url=settings.SITE_URL)
    return queue_post(
        webhook,
        key=f"test-post:{webhook.pk}:{uuid4()}",
        subject="A test post",
        text=as_json(content, webhook),
    )
