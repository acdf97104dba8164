"""What an employee may ask for."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from assets.models import Category, Kit, Product
from config.fields import CurrencyField, MoneyField
from config.history import Record
from contracts.models import Licence
from people.models import Department, Document, Person


class OfferQuerySet(models.QuerySet["Offer"]):
    def visible_to(self, person: Person) -> Self:
        """What they may ask for: open to all, or to their department or one it is part of."""
        lineage = []
        department = person.department
        while department and department.pk not in lineage:
            lineage.append(department.pk)
            department = department.parent
        seen = Q(departments=None) | Q(departments__in=lineage)
        kinds = Q(for_contractors=True) if person.kind == Person.Kind.CONTRACTOR else Q()
        return self.filter(seen, kinds, is_active=True).distinct()


class Offer(Record):
    """One thing in the catalogue: a product, any of a category, a licence, a kit, or in words."""

    name = models.CharField(max_length=150)
    description = models.TextField(blank=True)
    product = models.ForeignKey(
        Product, models.PROTECT, null=True, blank=True, related_name="offers"
    )
    category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, related_name="offers"
    )
    licence = models.ForeignKey(
        Licence, models.PROTECT, null=True, blank=True, related_name="offers"
    )
    kit = models.ForeignKey(Kit, models.PROTECT, null=True, blank=True, related_name="offers")
    picture = models.ForeignKey(
        Document, models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    departments = models.ManyToManyField(
        Department,
        blank=True,
        related_name="offers",
        help_text="Who may ask for it, with all their parts. None: everybody.",
    )
    for_contractors = models.BooleanField("for contractors too", default=False)
    price = MoneyField(null=True, blank=True, help_text="Of one. Empty: it costs nothing.")
    currency = CurrencyField()
    most = models.PositiveSmallIntegerField(
        "at most", default=1, help_text="How many one may ask for at a time."
    )
    needs_manager = models.BooleanField(
        "the manager approves", default=True, help_text="That of whoever it is for."
    )
    budget_above = MoneyField(
        "the budget owner approves above",
        null=True,
        blank=True,
        help_text="The whole price from which the head of the department that pays is asked too.",
    )
    approver = models.ForeignKey(
        Person,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="offers_approved",
        help_text="Somebody who is always asked too, such as data protection.",
    )
    is_active = models.BooleanField("active", default=True)
    position = models.PositiveSmallIntegerField(default=0, help_text="The smallest comes first.")

    objects = OfferQuerySet.as_manager()

    class Meta:
        ordering = ["position", "name"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="offer_name_is_unique_in_any_case",
                violation_error_message="There is an offer of this name already.",
            ),
            models.CheckConstraint(
                name="offer_is_of_one_thing",
                condition=Q(category=None, licence=None, kit=None)
                | Q(product=None, licence=None, kit=None)
                | Q(product=None, category=None, kit=None)
                | Q(product=None, category=None, licence=None),
                violation_error_message="Choose one: a product, a category, a licence or a kit.",
            ),
            models.CheckConstraint(
                name="offer_price_is_not_negative",
                condition=(Q(price=None) | Q(price__gte=0))
                & (Q(budget_above=None) | Q(budget_above__gte=0)),
                violation_error_message="The price is below zero.",
            ),
            models.CheckConstraint(
                name="offer_gives_at_least_one",
                condition=Q(most__gte=1),
                violation_error_message="At least one can be asked for.",
            ),
            models.CheckConstraint(
                name="offer_of_a_seat_or_a_kit_gives_one_at_a_time",
                condition=Q(licence=None, kit=None) | Q(most=1),
                violation_error_message="Of a licence or a kit one is given at a time.",
            ),
        ]

    def __str__(self) -> str:
        return self.name
