"""What is said and done on a ticket."""

from typing import Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone

from config.fields import CurrencyField, MoneyField
from config.history import Record
from people.models import Person
from support.models.ticket import Ticket


class CommentQuerySet(models.QuerySet["Comment"]):
    def public(self) -> Self:
        """What the requester may read."""
        return self.filter(is_public=True)


class Comment(Record):
    """One turn of the conversation. What is not public only staff may read."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="comments")
    author = models.ForeignKey(
        Person, models.PROTECT, null=True, related_name="comments", help_text="None: the desk."
    )
    body = models.TextField()
    is_public = models.BooleanField("public", default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    submission = models.UUIDField(
        null=True, editable=False, help_text="The form it came in by, so that one form counts once."
    )

    objects = CommentQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["ticket", "submission"],
                name="comment_is_written_once_per_form",
                violation_error_message="This form was sent already.",
            )
        ]

    def __str__(self) -> str:
        return self.body[:60]


class Work(Record):
    """Time spent on a ticket, and what it cost beside; part of what its asset costs to own."""

    ticket = models.ForeignKey(Ticket, models.PROTECT, related_name="work")
    person = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="work_done"
    )
    done_on = models.DateField("done", default=timezone.localdate)
    minutes = models.PositiveIntegerField(default=0)
    cost = MoneyField(null=True, blank=True)
    currency = CurrencyField()
    note = models.CharField(max_length=250, blank=True)

    class Meta:
        ordering = ["-done_on", "-pk"]
        verbose_name_plural = "work"
        constraints = [
            models.CheckConstraint(
                name="work_took_time_or_money",
                condition=Q(minutes__gt=0) | Q(cost__isnull=False, cost__gt=0),
                violation_error_message="Say how many minutes it took, or what it cost.",
            ),
            models.CheckConstraint(
                name="work_cost_is_not_negative",
                condition=Q(cost=None) | Q(cost__gte=0),
                violation_error_message="The cost is below zero.",
            ),
        ]

    def clean(self) -> None:
        super().clean()
        if self.done_on and self.done_on > timezone.localdate():
            raise ValidationError({"done_on": "This day is still to come."})

    def __str__(self) -> str:
        return f"{self.minutes} min on {self.done_on:%-d %B %Y}"
