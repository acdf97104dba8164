"""People who join, move and leave, and what must follow from it."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from config.history import Record
from people.models import Department, Location, Person
from support.models.catalogue import Offer
from support.models.ticket import Ticket


class StarterKit(Record):
    """What is asked for whoever joins a department: the narrowest that fits counts."""

    offer = models.ForeignKey(Offer, models.CASCADE, related_name="starter_kits")
    department = models.ForeignKey(
        Department, models.CASCADE, null=True, blank=True, related_name="starter_kits"
    )
    title = models.CharField(
        "job title", max_length=150, blank=True, help_text="Empty: for every title."
    )

    class Meta:
        ordering = ["department", "title", "offer"]
        constraints = [
            models.UniqueConstraint(
                "offer",
                "department",
                Lower("title"),
                name="starter_kit_is_named_once_per_department",
                condition=Q(department__isnull=False),
                violation_error_message="They get this already.",
            ),
            models.UniqueConstraint(
                "offer",
                Lower("title"),
                name="starter_kit_for_all_is_named_once",
                condition=Q(department=None),
                violation_error_message="They get this already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.offer} for {self.title or 'everybody'} of {self.department or 'all'}"


class StaffChange(Record):
    """One person's joining, move or leave, with the ticket that works it off."""

    class Kind(models.TextChoices):
        JOINS = "joins", "joins"
        MOVES = "moves", "moves"
        LEAVES = "leaves", "leaves"

    person = models.ForeignKey(Person, models.PROTECT, related_name="staff_changes")
    kind = models.CharField(max_length=6, choices=Kind)
    on = models.DateField()
    ticket = models.OneToOneField(
        Ticket, models.PROTECT, null=True, related_name="staff_change", editable=False
    )
    department = models.ForeignKey(
        Department,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The new one, of somebody who moves.",
    )
    location = models.ForeignKey(
        Location,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The new one, of somebody who moves.",
    )
    successor = models.ForeignKey(
        Person,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="successions",
        help_text="Takes over the contracts and alerts of somebody who leaves.",
    )
    completed_at = models.DateTimeField("done", null=True, editable=False)
    remark = models.TextField(blank=True, help_text="Why it was closed with things still held.")

    class Meta:
        ordering = ["on", "pk"]
        permissions = [("complete_staffchange", "Can work off joiners, movers and leavers")]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "kind", "on"],
                name="staff_change_is_known_once",
                violation_error_message="This is known already.",
            ),
            models.UniqueConstraint(
                fields=["person", "kind"],
                name="person_joins_and_leaves_once_at_a_time",
                condition=Q(completed_at=None) & ~Q(kind="moves"),
                violation_error_message="This person is joining or leaving already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.get_kind_display()} on {self.on:%-d %B %Y}"
