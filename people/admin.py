"""The back office's screens for people, departments, places and logins."""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import Count, ManyToManyField, Model, Q, QuerySet
from django.forms import CheckboxSelectMultiple
from django.http import HttpRequest
from django.urls import reverse

from config.admin import BaseAdmin
from config.admin.screens import actor
from config.forms import RecordForm
from people import document_admin as document_admin  # registers the documents
from people import job_admin as job_admin  # registers the jobs
from people import outbox_admin as outbox_admin  # registers the outbox
from people import places
from people.exchange import ExchangeAdmin
from people.models import Department, Location, Person, User


class TreeForm(RecordForm):
    """Refuses to put a record below one that is below it, going up by the field `step`."""

    step: ClassVar[str]
    is_below: ClassVar[str]
    """How one is below another, in words."""

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        above = self.cleaned_data.get(self.step)
        if above and places.is_above(self.instance, above, self.step):
            self.add_error(self.step, f"{above} {self.is_below} {self.instance}.")
        return cleaned


class DepartmentForm(TreeForm):
    step, is_below = "parent", "is part of"


@admin.register(Department)
class DepartmentAdmin(BaseAdmin):
    form = DepartmentForm
    list_display = ["name", "cost_centre", "parent", "head", "people_count"]
    list_select_related = ["parent", "head"]
    search_fields = ["name", "cost_centre"]
    fields = ["name", "cost_centre", "parent", "head"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Department]:
        return super().get_queryset(request).annotate(people_count=Count("people"))

    @display(description="people", ordering="people_count")
    def people_count(self, department: Any) -> int:
        return department.people_count


class LocationForm(RecordForm):
    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if "parent" in self.cleaned_data:
            places.check_outside(self.instance, self.cleaned_data["parent"])
        return cleaned


@admin.register(Location)
class LocationAdmin(ExchangeAdmin):
    spreadsheet = "locations"
    form = LocationForm
    list_display = ["path", "kind", "people_count", "asset_count"]
    list_filter = ["kind"]
    search_fields = ["path"]
    fields = ["name", "kind", "parent"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Location]:
        rows = super().get_queryset(request)
        return rows.select_related("parent").annotate(
            people_count=Count("people", distinct=True), asset_count=Count("assets", distinct=True)
        )

    @display(description="people", ordering="people_count")
    def people_count(self, location: Any) -> int:
        return location.people_count

    @display(description="assets", ordering="asset_count")
    def asset_count(self, location: Any) -> int:
        return location.asset_count

    def save_model(self, request: HttpRequest, obj: Location, form: Any, change: bool) -> None:
        places.settle(obj, by=actor(request), reason=self.reason(form, change))


class PersonForm(TreeForm):
    step, is_below = "manager", "answers to"


@admin.register(Person)
class PersonAdmin(ExchangeAdmin):
    spreadsheet = "people"
    form = PersonForm
    list_display = ["name", "email", "department", "location", "title", "leaves_on", "asset_count"]
    list_select_related = ["department", "location"]
    list_filter = ["kind", "department", "leaves_on"]
    allowed_lookups = ["location", "manager", "assets"]
    search_fields = ["name", "email", "username", "employee_number"]
    fieldsets = [
        (None, {"fields": ["name", "email", ("username", "employee_number"), "kind"]}),
        ("Work", {"fields": ["title", "department", "location", "manager", "phone"]}),
        ("Time", {"fields": [("starts_on", "leaves_on")]}),
        ("Mailbox", {"fields": ["answers_for"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Person]:
        held = Count("assets", filter=~Q(assets__state="disposed"))
        return super().get_queryset(request).annotate(asset_count=held)

    @display(description="holds", ordering="asset_count")
    def asset_count(self, person: Any) -> int:
        return person.asset_count

    def step_links(self, request: HttpRequest, record: Model) -> list[dict[str, str]]:
        """With the way to what they were sent."""
        links = super().step_links(request, record)
        if not request.user.has_perm("people.view_message"):
            return links
        address = reverse("admin:people_message_changelist")
        return [*links, {"label": "Mails", "url": f"{address}?recipient__id__exact={record.pk}"}]


@admin.register(User)
class UserAdmin(BaseAdmin):
    """Who may sign in, and as what. Nobody makes themselves more than they are.

    There is no password here: a new user signs in by a mailed code and may set one then.
    """

    list_display = ["email", "name", "is_active", "is_staff", "last_login"]
    list_filter = ["is_active", "is_staff", "groups"]
    search_fields = ["email", "name"]
    fields = ["email", "name", "is_active", "is_staff", "groups", "is_superuser"]
    formfield_overrides = {ManyToManyField: {"widget": CheckboxSelectMultiple}}
    POWERS = ("is_active", "is_staff", "groups", "is_superuser")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A superuser is changed by superusers only: their mail address is their password."""
        if obj is not None and obj.is_superuser and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # the history needs them; they are switched off instead

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        readonly = super().get_readonly_fields(request, obj)
        if obj is not None and obj.pk == request.user.pk:
            return [*readonly, *self.POWERS]
        return readonly if request.user.is_superuser else [*readonly, "is_superuser"]

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)
