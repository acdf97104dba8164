"""The ledger of what somebody was told before a date bit."""

from datetime import date
from typing import Self

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from people.models import Message, Person, Webhook


class AlertQuerySet(models.QuerySet["Alert"]):
    def unsent(self) -> Self:
        """Those no mail has told of yet, and that are still for their recipient to know."""
        return self.filter(message=None, state__in=[Alert.State.OPEN, Alert.State.LAPSED])

    def open(self) -> Self:
        """Those that somebody must still act on or say that they know of."""
        return self.filter(state=Alert.State.OPEN)

    def waking(self, on: date) -> Self:
        """Those snoozed until the day `on` or an earlier one."""
        return self.filter(state=Alert.State.SNOOZED, snoozed_until__lte=on)

    def of_matter(self, alert: "Alert") -> Self:
        """All alerts, to whomever and at whatever lead, of the same date of the same record."""
        return self.filter(
            rule=alert.rule,
            content_type=alert.content_type_id,
            object_id=alert.object_id,
            due_on=alert.due_on,
        )


class Alert(models.Model):
    """One person told once of one date of one record, at one lead time; see `support.alerts`.

    A lead of 0 says that the date had come, or had passed before the last lead could be told. A
    rule without a date, such as stock that is low, is due on the day on which it was first seen.
    What people do about it is a `Response` each, made by `support.responses`.
    """

    class State(models.TextChoices):
        OPEN = "open", "open"
        SNOOZED = "snoozed", "snoozed"
        ACKNOWLEDGED = "acknowledged", "acknowledged"
        FOLLOWED = "followed", "followed by a nearer one"
        PASSED_ON = "passed_on", "passed on to another"
        MOOT = "moot", "no longer true"
        LAPSED = "lapsed", "lapsed before it was watched"

    rule = models.CharField(max_length=40)
    content_type = models.ForeignKey(ContentType, models.PROTECT)
    object_id = models.PositiveBigIntegerField()
    record = GenericForeignKey("content_type", "object_id")
    due_on = models.DateField("due")
    lead = models.PositiveSmallIntegerField("lead time (days)")
    recipient = models.ForeignKey(Person, models.PROTECT, related_name="alerts")
    is_assigned = models.BooleanField(
        "assigned by hand",
        default=False,
        editable=False,
        help_text="Somebody passed it on to them: they get the later ones of this date too.",
    )
    escalates = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        related_name="escalations",
        editable=False,
        help_text="The alert that nobody had answered when its date was over.",
    )
    state = models.CharField(max_length=12, choices=State, default=State.OPEN, editable=False)
    snoozed_until = models.DateField(null=True, editable=False)
    raised_on = models.DateField("raised")
    run = models.UUIDField(editable=False, db_index=True)
    message = models.ForeignKey(
        Message, models.PROTECT, null=True, related_name="alerts", editable=False
    )

    objects = AlertQuerySet.as_manager()

    class Meta:
        ordering = ["due_on", "pk"]
        permissions = [
            ("respond_alert", "Can answer alerts of others, and pass them on"),
            ("export_alert", "Can export what is to be told to whom"),
        ]
        indexes = [
            models.Index(fields=["content_type", "object_id"], name="alert_of_record"),
            models.Index(fields=["recipient", "state"], name="alert_of_recipient"),
            models.Index(fields=["raised_on"], name="alert_by_day"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "content_type", "object_id", "due_on", "lead", "recipient"],
                name="alert_is_raised_once_per_date_lead_and_recipient",
            ),
            models.CheckConstraint(
                name="alert_is_snoozed_when_it_says_until_when",
                condition=Q(state="snoozed", snoozed_until__isnull=False)
                | (~Q(state="snoozed") & Q(snoozed_until=None)),
            ),
            models.CheckConstraint(
                name="alert_does_not_escalate_itself",
                condition=Q(escalates=None) | ~Q(escalates=F("id")),
            ),
        ]

    def __str__(self) -> str:
        rule = self.rule.replace("_", " ").capitalize()
        return f"{rule}, due {self.due_on:%-d %B %Y}"


class Response(models.Model):
    """What somebody did about one date of one record; never changed, never deleted."""

    class Kind(models.TextChoices):
        ACKNOWLEDGED = "acknowledged", "knows of it"
        SNOOZED = "snoozed", "wants to be told again"
        PASSED_ON = "passed_on", "passed it on"
        COMMENTED = "commented", "commented"
        REOPENED = "reopened", "reopened it"
        ESCALATED = "escalated", "escalated"

    alert = models.ForeignKey(Alert, models.PROTECT, related_name="responses")
    kind = models.CharField(max_length=12, choices=Kind)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, help_text="None: Steward itself."
    )
    at = models.DateTimeField(default=timezone.now)
    until = models.DateField(null=True, help_text="Snoozed until this day.")
    to = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    text = models.TextField(blank=True)

    class Meta:
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="response_that_snoozes_says_until_when",
                condition=Q(kind="snoozed", until__isnull=False)
                | (~Q(kind="snoozed") & Q(until=None)),
            ),
            models.CheckConstraint(
                name="response_that_passes_on_says_to_whom",
                condition=~Q(kind__in=["passed_on", "escalated"]) | Q(to__isnull=False),
            ),
            models.CheckConstraint(
                name="response_that_comments_says_something",
                condition=~Q(kind="commented") | ~Q(text=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.by or 'Steward'} {self.get_kind_display()}"


class Post(models.Model):
    """One alert told once to one webhook."""

    alert = models.ForeignKey(Alert, models.PROTECT, related_name="posts")
    webhook = models.ForeignKey(Webhook, models.PROTECT, related_name="posts")
    message = models.ForeignKey(Message, models.PROTECT, related_name="posts")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["alert", "webhook"], name="alert_is_posted_once_to_a_webhook"
            )
        ]

    def __str__(self) -> str:
        return f"{self.alert} to {self.webhook}"
