"""The outbox."""

from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Count, Min, Q
from django.utils import timezone

from people.models.person import Person
from people.models.webhook import Webhook


class MessageQuerySet(models.QuerySet["Message"]):
    def deliverable(self, at: datetime) -> Self:
        """Owed now: queued and due, or claimed by a worker whose lease ran out."""
        return self.filter(
            Q(state=Message.State.QUEUED, next_attempt_at__lte=at)
            | Q(state=Message.State.SENDING, leased_until__lt=at)
        )

    def mails(self) -> Self:
        return self.filter(webhook=None)

    def posts(self) -> Self:
        return self.filter(webhook__isnull=False)

    def ordinary(self) -> Self:
        """Mails to people that may wait: no sign-in code, and none of a series."""
        return self.filter(recipient__isnull=False, is_confidential=False, list_name="")

    def waiting(self) -> Self:
        """Neither sent nor given up."""
        return self.filter(state__in=[Message.State.QUEUED, Message.State.SENDING])

    def failed(self) -> Self:
        return self.filter(state=Message.State.FAILED)

    def figures(self, now: datetime) -> dict[str, Any]:
        """How many wait and since when the oldest does, failed, and were sent on the day of `now`.

        In the current time zone. One query.
        """
        midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
        waits = Q(state__in=[Message.State.QUEUED, Message.State.SENDING])
        return self.aggregate(
            waiting=Count("pk", filter=waits),
            oldest=Min("created_at", filter=waits),
            failed=Count("pk", filter=Q(state=Message.State.FAILED)),
            sent_today=Count("pk", filter=Q(state=Message.State.SENT, sent_at__gte=midnight)),
        )


class Message(models.Model):
    """One mail owed to one person, or one post owed to a webhook; see `people.outbox`.

    It is written with the change that caused it. The text of a post is the JSON that is sent.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "queued"
        SENDING = "sending", "being sent"
        SENT = "sent", "sent"
        FAILED = "failed", "failed"

    key = models.CharField(max_length=200, unique=True, help_text="One key is owed only once.")
    recipient = models.ForeignKey(Person, models.PROTECT, null=True, related_name="messages")
    webhook = models.ForeignKey(
        Webhook, models.PROTECT, null=True, related_name="messages", editable=False
    )
    address = models.EmailField(
        blank=True, help_text="Of somebody outside, such as a vendor, who is no person here."
    )
    subject = models.CharField(max_length=250)
    text = models.TextField()
    html = models.TextField(blank=True)
    is_confidential = models.BooleanField(
        "confidential",
        default=False,
        editable=False,
        help_text="Holds a secret, such as a sign-in code: its body is removed once it is sent.",
    )
    readable_with = models.CharField(
        max_length=100,
        blank=True,
        editable=False,
        help_text="The permission that its body needs here, such as assets.view_cost; else none.",
    )
    list_name = models.CharField(
        max_length=30,
        blank=True,
        editable=False,
        help_text="The series it belongs to, such as alerts: mail programs file it by that.",
    )
    thread = models.CharField(
        max_length=60,
        blank=True,
        editable=False,
        help_text="What it is about, such as ticket-12: mail programs show it together.",
    )
    message_id = models.CharField(max_length=200, editable=False)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    next_attempt_at = models.DateTimeField(editable=False)
    leased_until = models.DateTimeField(null=True, editable=False)
    sent_at = models.DateTimeField(null=True, editable=False)
    error = models.TextField(blank=True, editable=False)

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        permissions = [("retry_message", "Can send failed messages again")]
        indexes = [models.Index(fields=["state", "next_attempt_at"], name="message_to_deliver")]
        constraints = [
            models.CheckConstraint(
                name="message_has_a_time_when_sent",
                condition=Q(state="sent", sent_at__isnull=False)
                | (~Q(state="sent") & Q(sent_at=None)),
            ),
            models.CheckConstraint(
                name="message_is_for_a_person_or_an_address_or_a_webhook",
                condition=Q(recipient__isnull=False, webhook=None, address="")
                | Q(recipient=None, webhook=None) & ~Q(address="")
                | Q(recipient=None, webhook__isnull=False, address=""),
            ),
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def is_ordinary(self) -> bool:
        """Whether it is one of `ordinary`."""
        return bool(self.recipient_id) and not (self.is_confidential or self.list_name)
