"""What may be used by how many, and who has a seat of it."""

from datetime import date, timedelta
from typing import Self

from django.db import models
from django.db.models import Count, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Lower

from assets.models import Asset, Product, Vendor
from config.fields import CurrencyField, MoneyField
from config.history import Record
from config.secrets import SecretField
from contracts.models.contract import Contract
from people.models import Location, Person


class LicenceQuerySet(models.QuerySet["Licence"]):
    def with_taken(self) -> Self:
        """Adds `taken`, how many seats are given out now."""
        return self.annotate(taken=_counted(Q(until=None)))

    def with_used(self, days: int, on: date) -> Self:
        """Adds `used`, how many of those given out were used within `days` before `on`."""
        return self.annotate(used=_counted(Q(until=None, last_used_on__gte=on - timedelta(days))))

    def over_allocated(self) -> Self:
        """More seats are taken, or reported to be in use, than were bought."""
        return self.with_taken().filter(Q(taken__gt=F("seats")) | Q(reported_in_use__gt=F("seats")))

    def current(self, on: date) -> Self:
        return self.filter(
            Q(starts_on=None) | Q(starts_on__lte=on), Q(ends_on=None) | Q(ends_on__gte=on)
        )


def _counted(condition: Q) -> Coalesce:
    """How many of the licence's seats are so."""
    seats = Seat.objects.filter(condition, licence=OuterRef("pk")).order_by().values("licence")
    return Coalesce(Subquery(seats.annotate(count=Count("pk")).values("count")), 0)


class Licence(Record):
    """The right to use a product, in so many seats. Seats change only through `contracts.seats`."""

    class Metric(models.TextChoices):
        PERSON = "person", "per person"
        DEVICE = "device", "per device"
        SITE = "site", "per site"

    number = models.CharField(
        max_length=60, blank=True, help_text="Empty: it is given the next one."
    )
    product = models.ForeignKey(Product, models.PROTECT, related_name="licences")
    plan = models.CharField(max_length=100, blank=True, help_text="The edition or plan.")
    metric = models.CharField(max_length=6, choices=Metric, default=Metric.PERSON)
    seats = models.PositiveIntegerField(
        null=True, blank=True, help_text="How many were bought. Empty: as many as are needed."
    )
    contract = models.ForeignKey(
        Contract, models.PROTECT, null=True, blank=True, related_name="licences"
    )
    supplier = models.ForeignKey(
        Vendor, models.PROTECT, null=True, blank=True, related_name="supplied_licences"
    )
    key = SecretField("licence key", blank=True)
    licensed_to = models.CharField(max_length=150, blank=True)
    licensed_email = models.EmailField("licensed to (e-mail)", blank=True)
    is_reassignable = models.BooleanField(
        "may be given to another",
        default=True,
        help_text="A seat that was given may be taken back.",
    )
    is_maintained = models.BooleanField("maintained", default=False)
    order_number = models.CharField(max_length=60, blank=True)
    purchased_on = models.DateField("purchased", null=True, blank=True)
    cost = MoneyField("purchase cost", null=True, blank=True)
    annual_cost = MoneyField(
        "cost a year", null=True, blank=True, help_text="Of all seats. Empty: that of its contract."
    )
    currency = CurrencyField()
    starts_on = models.DateField("starts", null=True, blank=True)
    ends_on = models.DateField("ends", null=True, blank=True, db_index=True)
    reported_in_use = models.PositiveIntegerField(
        null=True, blank=True, help_text="How many the vendor or a report counts in use."
    )
    reported_on = models.DateField("reported", null=True, blank=True)
    notes = models.TextField(blank=True)

    objects = LicenceQuerySet.as_manager()

    class Meta:
        ordering = ["product", "pk"]
        permissions = [
            ("import_licence", "Can import licences"),
            ("export_licence", "Can export licences"),
            ("reveal_licence", "Can reveal licence keys"),
        ]
        constraints = [
            models.UniqueConstraint(
                Lower("number"),
                name="licence_number_is_unique_in_any_case",
                condition=~Q(number=""),
                violation_error_message="There is a licence of this number already.",
            ),
            models.CheckConstraint(
                name="licence_ends_after_it_starts",
                condition=Q(starts_on=None) | Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
                violation_error_message="The licence ends before it starts.",
            ),
        ]

    def __str__(self) -> str:
        return " ".join(filter(None, [self.number, self.name]))

    @property
    def name(self) -> str:
        """What it is, without its number."""
        return " ".join(filter(None, [str(self.product), self.plan]))

    @property
    def last_day(self) -> date | None:
        """Its own last day, else that of its contract; None where neither ends."""
        return self.ends_on or (self.contract.ends_on if self.contract else None)


class SeatQuerySet(models.QuerySet["Seat"]):
    def taken(self) -> Self:
        """Given out and not taken back."""
        return self.filter(until=None)

    def idle(self, days: int, on: date) -> Self:
        """Given more than `days` ago, and not used since, as far as is known."""
        before = on - timedelta(days)
        unused = Q(last_used_on=None) | Q(last_used_on__lt=before)
        return self.taken().filter(unused, since__lt=before)

    def of_leavers(self, on: date) -> Self:
        """Taken by people who have left by `on`, or who may no longer sign in."""
        return self.taken().filter(Q(person__leaves_on__lt=on) | Q(person__user__is_active=False))


class Seat(Record):
    """One use of a licence by one person, device or site, from one day to another."""

    licence = models.ForeignKey(Licence, models.PROTECT, related_name="given_seats")
    person = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="seats")
    asset = models.ForeignKey(Asset, models.PROTECT, null=True, blank=True, related_name="seats")
    location = models.ForeignKey(
        Location, models.PROTECT, null=True, blank=True, related_name="seats"
    )
    since = models.DateField()
    until = models.DateField("taken back", null=True, blank=True)
    last_used_on = models.DateField("last used", null=True, blank=True, db_index=True)
    is_reported = models.BooleanField(
        "from outside data",
        default=False,
        help_text="Found in use at the vendor, not given out here.",
    )

    objects = SeatQuerySet.as_manager()

    class Meta:
        ordering = ["licence", "-since", "pk"]
        permissions = [
            ("assign_seat", "Can give out seats and take them back"),
            ("import_seat", "Can import seats and their use"),
            ("export_seat", "Can export seats"),
        ]
        constraints = [
            models.CheckConstraint(
                name="seat_has_one_holder",
                condition=Q(person__isnull=False, asset=None, location=None)
                | Q(person=None, asset__isnull=False, location=None)
                | Q(person=None, asset=None, location__isnull=False),
                violation_error_message="A seat is a person's, a device's or a site's.",
            ),
            models.CheckConstraint(
                name="seat_is_taken_back_after_it_is_given",
                condition=Q(until=None) | Q(until__gte=F("since")),
                violation_error_message="It was taken back before it was given.",
            ),
            models.UniqueConstraint(
                fields=["licence", "person"],
                name="person_has_one_seat_of_a_licence",
                condition=Q(until=None, person__isnull=False),
                violation_error_message="This person has a seat of it already.",
            ),
            models.UniqueConstraint(
                fields=["licence", "asset"],
                name="device_has_one_seat_of_a_licence",
                condition=Q(until=None, asset__isnull=False),
                violation_error_message="This device has a seat of it already.",
            ),
            models.UniqueConstraint(
                fields=["licence", "location"],
                name="site_has_one_seat_of_a_licence",
                condition=Q(until=None, location__isnull=False),
                violation_error_message="This site has a seat of it already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.licence} of {self.holder}"

    @property
    def holder(self) -> Person | Asset | Location | None:
        return self.person or self.asset or self.location
