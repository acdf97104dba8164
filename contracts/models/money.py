"""What departments may spend, and what one currency was worth in another on a day."""

from datetime import date
from typing import Self

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from config.fields import CurrencyField, MoneyField
from config.history import Record
from people.models import Department


class Budget(Record):
    """What a department may spend on contracts and licences in a calendar year."""

    department = models.ForeignKey(Department, models.PROTECT, related_name="budgets")
    year = models.PositiveSmallIntegerField(
        validators=[MinValueValidator(2000), MaxValueValidator(2200)]
    )
    amount = MoneyField()
    currency = CurrencyField()
    notes = models.TextField(blank=True)

    class Meta:
        ordering = ["-year", "department"]
        permissions = [
            ("import_budget", "Can import budgets"),
            ("export_budget", "Can export budgets"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["department", "year"],
                name="department_has_one_budget_a_year",
                violation_error_message="This department has a budget for this year.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.department} {self.year}"


class ExchangeRateQuerySet(models.QuerySet["ExchangeRate"]):
    def known(self, on: date) -> Self:
        """Dated on `on` or before."""
        return self.filter(on__lte=on)


class ExchangeRate(Record):
    """On the day `on`, one `currency` was worth `rate` of `base`."""

    currency = CurrencyField(default="")
    base = CurrencyField()
    on = models.DateField()
    rate = models.DecimalField(max_digits=18, decimal_places=8)
    source = models.CharField(max_length=100, blank=True, help_text="Who published it.")

    objects = ExchangeRateQuerySet.as_manager()

    class Meta:
        ordering = ["currency", "-on"]
        permissions = [
            ("import_exchangerate", "Can import exchange rates"),
            ("export_exchangerate", "Can export exchange rates"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["currency", "base", "on"],
                name="exchange_rate_is_one_a_day",
                violation_error_message="There is a rate of this day already.",
            ),
            models.CheckConstraint(
                name="exchange_rate_is_above_zero",
                condition=Q(rate__gt=0),
                violation_error_message="A rate is above zero.",
            ),
            models.CheckConstraint(
                name="exchange_rate_is_between_two_currencies",
                condition=~Q(currency=F("base")),
                violation_error_message="A currency is always worth itself.",
            ),
        ]

    def __str__(self) -> str:
        return f"1 {self.currency} = {self.rate.normalize():f} {self.base} on {self.on}"
