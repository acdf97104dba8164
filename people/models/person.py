"""The people of the organisation, where they belong and where they are."""

from datetime import date
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from config.history import Record


class Department(Record):
    name = models.CharField(max_length=150)
    cost_centre = models.CharField(max_length=40, blank=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="parts")
    head = models.ForeignKey(
        "Person", models.PROTECT, null=True, blank=True, related_name="departments_headed"
    )

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="department_name_is_unique_in_any_case",
                violation_error_message="There is a department of this name already.",
            ),
            models.CheckConstraint(
                name="department_is_not_its_own_parent",
                condition=Q(parent=None) | ~Q(parent=F("id")),
                violation_error_message="A department cannot be part of itself.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Location(Record):
    """A place in a tree of places. `path` names it whole: "Berlin / Tower 2 / Floor 3"."""

    class Kind(models.TextChoices):
        SITE = "site", "site"
        BUILDING = "building", "building"
        FLOOR = "floor", "floor"
        ROOM = "room", "room"
        STORE = "store", "store"
        RACK = "rack", "rack"
        HOME = "home", "home office"

    SEPARATOR = " / "

    name = models.CharField(max_length=150)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.SITE)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="places")
    path = models.CharField(max_length=600, blank=True, editable=False)

    derived = ("path",)

    class Meta:
        permissions = [
            ("import_location", "Can import locations"),
            ("export_location", "Can export locations"),
        ]
        ordering = ["path"]
        constraints = [
            models.UniqueConstraint(
                Lower("path"),
                name="location_is_unique_in_any_case_where_it_is",
                violation_error_message="There is a location of this name here already.",
            ),
            models.CheckConstraint(
                name="location_is_not_its_own_parent",
                condition=Q(parent=None) | ~Q(parent=F("id")),
                violation_error_message="A location cannot be inside itself.",
            ),
        ]

    def __str__(self) -> str:
        return self.path

    def derive(self) -> None:
        self.name = self.name.strip()
        self.path = f"{self.parent.path}{self.SEPARATOR}{self.name}" if self.parent else self.name


class PersonQuerySet(models.QuerySet["Person"]):
    def employed(self, on: date) -> Self:
        """Those who have not left by the day `on`; who starts later counts too."""
        return self.filter(Q(leaves_on=None) | Q(leaves_on__gte=on))

    def reachable(self, on: date) -> Self:
        """Those employed on the day `on` whom mail can be sent to."""
        return self.employed(on).exclude(email="")

    def left(self, on: date) -> Self:
        return self.filter(leaves_on__lt=on)


class Person(Record):
    """Somebody, or a shared mailbox, who holds things, answers for things or asks for things."""

    class Kind(models.TextChoices):
        EMPLOYEE = "employee", "employee"
        CONTRACTOR = "contractor", "contractor"
        SHARED = "shared", "shared mailbox"

    name = models.CharField(max_length=150)
    email = models.EmailField("e-mail", blank=True)
    username = models.CharField(
        max_length=150, blank=True, help_text="The login name in the directory, where there is one."
    )
    employee_number = models.CharField(max_length=40, blank=True)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.EMPLOYEE)
    title = models.CharField(max_length=150, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    department = models.ForeignKey(
        Department, models.PROTECT, null=True, blank=True, related_name="people"
    )
    location = models.ForeignKey(
        Location, models.PROTECT, null=True, blank=True, related_name="people"
    )
    manager = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="reports"
    )
    starts_on = models.DateField(null=True, blank=True)
    leaves_on = models.DateField(
        null=True, blank=True, help_text="The last day; everything held must be back by then."
    )
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="person"
    )
    answers_for = models.CharField(
        max_length=20,
        blank=True,
        choices=[("it", "IT"), ("finance", "Finance"), ("service_desk", "Service desk")],
        help_text="The role whose mailbox this is: it gets what nobody else answers for.",
    )

    objects = PersonQuerySet.as_manager()

    class Meta:
        permissions = [
            ("import_person", "Can import people"),
            ("export_person", "Can export people"),
        ]
        ordering = ["name", "pk"]
        verbose_name_plural = "people"
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="person_email_is_unique_in_any_case",
                condition=~Q(email=""),
                violation_error_message="Somebody has this e-mail already.",
            ),
            models.UniqueConstraint(
                Lower("username"),
                name="person_username_is_unique_in_any_case",
                condition=~Q(username=""),
                violation_error_message="Somebody has this login name already.",
            ),
            models.UniqueConstraint(
                fields=["employee_number"],
                name="person_employee_number_is_unique",
                condition=~Q(employee_number=""),
                violation_error_message="Somebody has this employee number already.",
            ),
            models.UniqueConstraint(
                fields=["answers_for"],
                name="role_has_one_mailbox",
                condition=~Q(answers_for=""),
                violation_error_message="This role has a mailbox already.",
            ),
            models.CheckConstraint(
                name="person_is_not_his_own_manager",
                condition=Q(manager=None) | ~Q(manager=F("id")),
                violation_error_message="Nobody is their own manager.",
            ),
            models.CheckConstraint(
                name="person_leaves_after_starting",
                condition=Q(starts_on=None) | Q(leaves_on=None) | Q(leaves_on__gte=F("starts_on")),
                violation_error_message="The last day is before the first.",
            ),
            models.CheckConstraint(
                name="person_who_answers_for_a_role_is_a_shared_mailbox_with_an_email",
                condition=Q(answers_for="") | (Q(kind="shared") & ~Q(email="")),
                violation_error_message="A role's mailbox is a shared mailbox with an e-mail.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def has_left(self, on: date) -> bool:
        return self.leaves_on is not None and self.leaves_on < on
