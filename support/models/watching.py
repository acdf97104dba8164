"""Who is told of what, how long before, and how: what staff and recipients may set."""

from zoneinfo import available_timezones

from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from assets.models import Category
from config.history import Record
from contracts.models import Contract
from people.models import Person, Webhook

LONGEST_LEAD = 1000
MOST_LEADS = 12


def check_leads(leads: object) -> None:
    """Raises ValidationError where it is not a list of days, most distant first."""
    whole = isinstance(leads, list) and all(type(days) is int for days in leads)
    if not whole or not isinstance(leads, list) or len(leads) > MOST_LEADS:
        raise ValidationError(f"Give up to {MOST_LEADS} whole numbers of days, such as 90, 30, 7.")
    if any(not 0 <= days <= LONGEST_LEAD for days in leads):
        raise ValidationError(f"A lead time is 0 to {LONGEST_LEAD} days.")
    if leads != sorted(set(leads), reverse=True):
        raise ValidationError("Give each number once, the most distant day first.")


def check_time_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(f"{name} is no time zone: choose one such as Europe/Berlin.")


class LeadTime(Record):
    """How many days before its date a rule tells of a record: the narrowest that fits counts.

    For one record, else for a kind of contract or a category, else for all that the rule watches,
    else what `support.alerts` says. No days at all: nobody is told.
    """

    rule = models.CharField(max_length=40)
    contract_kind = models.CharField(
        "kind of contract", max_length=15, choices=Contract.Kind, blank=True
    )
    category = models.ForeignKey(
        Category, models.CASCADE, null=True, blank=True, related_name="lead_times"
    )
    content_type = models.ForeignKey(
        ContentType, models.PROTECT, null=True, blank=True, editable=False
    )
    object_id = models.PositiveBigIntegerField(null=True, blank=True, editable=False)
    record = GenericForeignKey("content_type", "object_id")
    days = models.JSONField(
        "days before",
        default=list,
        blank=True,
        validators=[check_leads],
        help_text="Such as 90, 30, 7. Empty: nobody is told.",
    )

    class Meta:
        ordering = ["rule", "contract_kind", "category", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["rule"],
                name="rule_has_one_lead_time_for_all",
                condition=Q(contract_kind="", category=None, object_id=None),
                violation_error_message="This rule has its own days already: change those.",
            ),
            models.UniqueConstraint(
                fields=["rule", "contract_kind"],
                name="rule_has_one_lead_time_per_kind_of_contract",
                condition=~Q(contract_kind=""),
                violation_error_message="This kind of contract has its own days already.",
            ),
            models.UniqueConstraint(
                fields=["rule", "category"],
                name="rule_has_one_lead_time_per_category",
                condition=Q(category__isnull=False),
                violation_error_message="This category has its own days already.",
            ),
            models.UniqueConstraint(
                fields=["rule", "content_type", "object_id"],
                name="rule_has_one_lead_time_per_record",
                condition=Q(object_id__isnull=False),
                violation_error_message="This record has its own days already.",
            ),
            models.CheckConstraint(
                name="lead_time_is_for_a_kind_a_category_or_a_record",
                condition=Q(contract_kind="", category=None)
                | Q(contract_kind="", object_id=None)
                | Q(category=None, object_id=None),
                violation_error_message="Choose a kind of contract or a category, not both.",
            ),
            models.CheckConstraint(
                name="lead_time_names_a_whole_record",
                condition=Q(content_type=None, object_id=None)
                | Q(content_type__isnull=False, object_id__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule}: {', '.join(map(str, self.days)) or 'never'}"


class DigestTime(Record):
    """When somebody gets the mail of the day; where none is set, at `DEFAULT_HOUR`."""

    DEFAULT_HOUR = 7

    person = models.OneToOneField(Person, models.CASCADE, related_name="digest_time")
    at = models.TimeField("mail of the day at")
    time_zone = models.CharField(
        max_length=60,
        blank=True,
        validators=[check_time_zone],
        help_text="Such as Europe/Berlin. Empty: that of the organisation.",
    )

    def __str__(self) -> str:
        return f"{self.person} at {self.at:%H:%M}"


class Preference(Record):
    """How one person is told of one kind of alert; otherwise the rule itself says it."""

    class Delivery(models.TextChoices):
        DIGEST = "digest", "in the mail of the day"
        AT_ONCE = "at_once", "by a mail at once"
        INBOX = "inbox", "only here, without a mail"

    person = models.ForeignKey(Person, models.CASCADE, related_name="alert_preferences")
    rule = models.CharField(max_length=40)
    delivery = models.CharField(max_length=10, choices=Delivery)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "rule"],
                name="person_has_one_preference_per_rule",
                violation_error_message="This kind is set already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.rule} {self.get_delivery_display()}"


class Subscription(Record):
    """A kind of alert that is posted to a webhook."""

    webhook = models.ForeignKey(Webhook, models.CASCADE, related_name="subscriptions")
    rule = models.CharField(max_length=40)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["webhook", "rule"],
                name="webhook_gets_a_rule_once",
                violation_error_message="This kind is posted there already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.rule} to {self.webhook}"
