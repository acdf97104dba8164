"""What was decided about a contract before its term ends, and who may watch its dates."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from config.history import Record
from contracts.models.contract import Contract, Term
from people.models import Person


class DecisionQuerySet(models.QuerySet["Decision"]):
    def standing(self) -> Self:
        """Not withdrawn by a later one."""
        return self.filter(withdrawn_on=None)

    def unconfirmed(self) -> Self:
        """Cancellations that the vendor has not confirmed."""
        return self.standing().filter(kind=Decision.Kind.CANCEL, confirmed_on=None)


class Decision(Record):
    """What happens when a term ends; made by `contracts.decisions`, one at a time per term."""

    class Kind(models.TextChoices):
        RENEW = "renew", "renew"
        RENEGOTIATE = "renegotiate", "renegotiate"
        CANCEL = "cancel", "cancel"

    class Way(models.TextChoices):
        NONE = "", "not sent"
        EMAIL = "email", "e-mail"
        POST = "post", "post"
        REGISTERED = "registered", "registered post"
        PORTAL = "portal", "the vendor's portal"

    contract = models.ForeignKey(Contract, models.CASCADE, related_name="decisions")
    term = models.ForeignKey(Term, models.CASCADE, related_name="decisions", editable=False)
    kind = models.CharField("decision", max_length=12, choices=Kind)
    reason = models.TextField()
    decided_on = models.DateField("decided")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    withdrawn_on = models.DateField("withdrawn", null=True, blank=True)
    ends_on = models.DateField(
        "ends", null=True, blank=True, help_text="The day the cancelled contract ends."
    )
    sent_on = models.DateField("notice sent", null=True, blank=True)
    sent_by = models.CharField("sent by", max_length=12, choices=Way, default=Way.NONE, blank=True)
    confirmed_on = models.DateField("confirmed", null=True, blank=True)
    confirmation = models.CharField(
        max_length=200, blank=True, help_text="What the vendor wrote, or their number for it."
    )

    objects = DecisionQuerySet.as_manager()

    class Meta:
        ordering = ["-decided_on", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["term"],
                name="term_has_at_most_one_standing_decision",
                condition=Q(withdrawn_on=None),
                violation_error_message="This term is decided already.",
            ),
            models.CheckConstraint(
                name="decision_has_a_reason",
                condition=~Q(reason=""),
                violation_error_message="Say why.",
            ),
            models.CheckConstraint(
                name="decision_to_cancel_says_when_it_ends",
                condition=~Q(kind="cancel") | Q(ends_on__isnull=False),
                violation_error_message="Say on which day it ends.",
            ),
            models.CheckConstraint(
                name="decision_that_is_no_cancellation_gives_no_notice",
                condition=Q(kind="cancel")
                | Q(ends_on=None, sent_on=None, sent_by="", confirmed_on=None),
                violation_error_message="Only a cancellation gives notice.",
            ),
            models.CheckConstraint(
                name="decision_notice_is_confirmed_after_it_is_sent",
                condition=Q(confirmed_on=None)
                | Q(sent_on__isnull=False, confirmed_on__gte=F("sent_on")),
                violation_error_message="It was confirmed before it was sent.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} on {self.decided_on}"


class CalendarFeed(Record):
    """A person's secret address of the dates that they may see; a new one ends the old one.

    The address itself is shown once; `token_hash` is its SHA-256, so nobody can read it here.
    """

    person = models.OneToOneField(Person, models.CASCADE, related_name="calendar_feed")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)

    class Meta:
        ordering = ["person"]

    def __str__(self) -> str:
        return f"Calendar of {self.person}"
