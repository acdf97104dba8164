"""The ledger of what somebody was told before a date bit."""

from typing import Self

from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models

from people.models import Message, Person


class AlertQuerySet(models.QuerySet["Alert"]):
    def unsent(self) -> Self:
        """Those no digest has told of yet, and that are still true."""
        return self.filter(message=None).exclude(state=Alert.State.MOOT)


class Alert(models.Model):
    """One person told once of one date of one record, at one lead time; see `support.alerts`.

    A lead of 0 says that the date had come or gone before the last lead could be told.
    """

    class State(models.TextChoices):
        OPEN = "open", "open"
        ACKNOWLEDGED = "acknowledged", "acknowledged"
        MOOT = "moot", "moot"
        LAPSED = "lapsed", "lapsed before it was watched"

    rule = models.CharField(max_length=40)
    content_type = models.ForeignKey(ContentType, models.PROTECT)
    object_id = models.PositiveBigIntegerField()
    record = GenericForeignKey("content_type", "object_id")
    due_on = models.DateField("due")
    lead = models.PositiveSmallIntegerField("lead time (days)")
    recipient = models.ForeignKey(Person, models.PROTECT, related_name="alerts")
    state = models.CharField(max_length=12, choices=State, default=State.OPEN, editable=False)
    raised_on = models.DateField("raised")
    run = models.UUIDField(editable=False, db_index=True)
    message = models.ForeignKey(
        Message, models.PROTECT, null=True, related_name="alerts", editable=False
    )

    objects = AlertQuerySet.as_manager()

    class Meta:
        ordering = ["due_on", "pk"]
        indexes = [models.Index(fields=["content_type", "object_id"], name="alert_of_record")]
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "content_type", "object_id", "due_on", "lead", "recipient"],
                name="alert_is_raised_once_per_date_lead_and_recipient",
            )
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.due_on}"
