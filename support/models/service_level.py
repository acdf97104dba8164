"""How soon a ticket is answered and solved, counted in business hours."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from config.history import Record
from people.models import Location
from support.models.desk import Priority
from support.models.watching import check_time_zone


class BusinessHours(Record):
    """When the desk works, in a time zone: for the places named, or for all others."""

    name = models.CharField(max_length=100)
    time_zone = models.CharField(
        max_length=60,
        blank=True,
        validators=[check_time_zone],
        help_text="Such as Europe/Berlin. Empty: that of the organisation.",
    )
    locations = models.ManyToManyField(
        Location,
        blank=True,
        related_name="business_hours",
        help_text="And everything inside these places. None: for all others.",
    )

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "business hours"
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="business_hours_name_is_unique_in_any_case",
                violation_error_message="There are business hours of this name already.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Shift(Record):
    """One stretch of work on one day of the week. A day may have several; none cross midnight."""

    class Weekday(models.IntegerChoices):
        MONDAY = 0, "Monday"
        TUESDAY = 1, "Tuesday"
        WEDNESDAY = 2, "Wednesday"
        THURSDAY = 3, "Thursday"
        FRIDAY = 4, "Friday"
        SATURDAY = 5, "Saturday"
        SUNDAY = 6, "Sunday"

    hours = models.ForeignKey(BusinessHours, models.CASCADE, related_name="shifts")
    weekday = models.PositiveSmallIntegerField(choices=Weekday)
    opens = models.TimeField()
    closes = models.TimeField(help_text="00:00 is midnight, the end of the day.")

    class Meta:
        ordering = ["weekday", "opens"]
        constraints = [
            models.CheckConstraint(
                name="shift_closes_after_it_opens",
                condition=Q(closes__gt=F("opens")) | Q(closes="00:00"),
                violation_error_message="It closes before it opens.",
            ),
            models.UniqueConstraint(
                fields=["hours", "weekday", "opens"],
                name="shift_opens_once",
                violation_error_message="This day opens at this time already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens:%H:%M} to {self.closes:%H:%M}"


class Holiday(Record):
    """A day on which nobody works."""

    hours = models.ForeignKey(BusinessHours, models.CASCADE, related_name="holidays")
    on = models.DateField()
    name = models.CharField(max_length=100, blank=True)

    class Meta:
        ordering = ["on"]
        constraints = [
            models.UniqueConstraint(
                fields=["hours", "on"],
                name="holiday_is_listed_once",
                violation_error_message="This day is listed already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name or 'Holiday'}, {self.on:%-d %B %Y}"


class ServiceLevel(Record):
    """In how many minutes of business time a ticket of a priority is answered and solved.

    The first public answer of the desk is the response; a ticket that waits for others stands
    still. ITIL 4, practice "service level management".
    """

    priority = models.PositiveSmallIntegerField(choices=Priority, unique=True)
    respond_minutes = models.PositiveIntegerField("answered within (minutes)")
    resolve_minutes = models.PositiveIntegerField("solved within (minutes)")
    at_risk_percent = models.PositiveSmallIntegerField(
        "at risk after (%)", default=75, help_text="Of the time: from then on it is at risk."
    )

    class Meta:
        ordering = ["priority"]
        constraints = [
            models.CheckConstraint(
                name="service_level_answers_before_it_solves",
                condition=Q(respond_minutes__gte=1, resolve_minutes__gte=F("respond_minutes")),
                violation_error_message="It is answered before it is solved, and both take time.",
            ),
            models.CheckConstraint(
                name="service_level_is_at_risk_before_it_is_missed",
                condition=Q(at_risk_percent__gte=1, at_risk_percent__lte=99),
                violation_error_message="A ticket is at risk after 1 to 99 % of its time.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_priority_display()}"
