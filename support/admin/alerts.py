"""The ledger of alerts, to look at."""

from typing import Any

from django.contrib import admin
from django.contrib.contenttypes.prefetch import GenericPrefetch
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.timezone import localdate

from assets.models import Asset
from config.admin import InUseFilter, ReadOnlyAdmin
from contracts.models import Contract
from support.alerts import RULES
from support.models import Alert

TITLES = {rule.kind: rule.title for rule in RULES}


class RuleFilter(admin.SimpleListFilter):
    title = "rule"
    parameter_name = "rule__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(TITLES.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Alert]) -> QuerySet[Alert]:
        return queryset.filter(rule=self.value()) if self.value() else queryset


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    list_display = ["due_on", "days", "about", "kind", "lead", "recipient", "state", "raised_on"]
    list_select_related = ["recipient"]
    list_filter = [RuleFilter, "state", "due_on", ("recipient", InUseFilter)]
    search_fields = ["recipient__name", "recipient__email"]
    fields = ["kind", "about", "due_on", "lead", "recipient", "state", "raised_on", "message"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Alert]:
        records = [Asset.objects.select_related("product"), Contract.objects.all()]
        return super().get_queryset(request).prefetch_related(GenericPrefetch("record", records))

    @admin.display(description="rule", ordering="rule")
    def kind(self, alert: Alert) -> str:
        return TITLES.get(alert.rule, alert.rule)

    @admin.display(description="days left")
    def days(self, alert: Alert) -> int:
        return (alert.due_on - localdate()).days

    @admin.display(description="about")
    def about(self, alert: Alert) -> str:
        record = alert.record
        if record is None:
            return "a record that was deleted"
        name = f"admin:{record._meta.app_label}_{record._meta.model_name}_change"
        return format_html('<a href="{}">{}</a>', reverse(name, args=[record.pk]), record)
