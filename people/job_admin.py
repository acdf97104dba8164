"""The jobs of the schedule: when each ran last, what it did, and which is late."""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from config.admin import DateRangeFilter, InUseFilter, ReadOnlyAdmin
from people.jobs import complaint, late
from people.models import Job, JobRun


class LateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "late"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Late or failed")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Job]) -> QuerySet[Job]:
        if self.value() != "yes":
            return queryset
        return queryset.filter(name__in=[job.name for job in late(timezone.now())])


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    list_display = ["name", "state", "started_at", "ended_at", "succeeded_at", "outcome"]
    list_filter = [LateFilter]
    fields = ["name", "state", "started_at", "ended_at", "succeeded_at", "outcome"]
    FAILED: ClassVar[list[str]] = ["failures", "error"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [*self.fields, *(self.FAILED if obj and obj.failures else []), "runs_kept"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return self.get_fields(request, obj)

    @display(description="state")
    def state(self, job: Job) -> str:
        return complaint(job, timezone.now()) or "in order"

    @display(description="runs")
    def runs_kept(self, job: Job) -> str:
        address = reverse("admin:people_jobrun_changelist")
        label = "Those that did something or failed"
        return format_html('<a href="{}?job__id__exact={}">{}</a>', address, job.pk, label)


@admin.register(JobRun)
class JobRunAdmin(ReadOnlyAdmin):
    list_display = ["started_at", "job", "ended_at", "outcome", "error"]
    list_select_related = ["job"]
    list_filter = [("job", InUseFilter), ("started_at", DateRangeFilter)]
    fields = ["job", "started_at", "ended_at", "outcome", "error"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [*self.fields]
