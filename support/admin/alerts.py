"""The ledger of alerts, and the inbox of whoever looks."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.timezone import localdate

from assets.admin.asset import AssetAdmin
from config.admin import AskingAdmin, DateRangeFilter, InUseFilter, Step
from config.admin.record import GenericReadOnlyInline
from config.admin.screens import NeverByHand
from contracts.admin.contract import ContractAdmin
from people.models import Person
from support import inbox
from support.admin.alert_steps import STEPS
from support.alert_words import RULE, name_of, page_of, title_of, when, why, with_records
from support.models import Alert
from support.responses import named, turns_of

TITLES = {kind: rule.title for kind, rule in RULE.items()}


class ChoiceFilter(admin.SimpleListFilter):
    """One of a few, or all."""

    choices_shown: ClassVar[list[tuple[str, str]]] = []

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return self.choices_shown


class RuleFilter(ChoiceFilter):
    title = "rule"
    parameter_name = "rule__exact"
    choices_shown = list(TITLES.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Alert]) -> QuerySet[Alert]:
        return queryset.filter(rule=self.value()) if self.value() else queryset


class MineFilter(ChoiceFilter):
    title = "for whom"
    parameter_name = "mine"
    choices_shown: ClassVar = [("yes", "For me, or a mailbox that I read")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Alert]) -> QuerySet[Alert]:
        return inbox.mine(request.user, queryset) if self.value() == "yes" else queryset


class EscalatedFilter(ChoiceFilter):
    title = "escalated"
    parameter_name = "escalated"
    choices_shown: ClassVar = [("yes", "Yes, nobody had answered"), ("no", "No")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Alert]) -> QuerySet[Alert]:
        if self.value() not in {"yes", "no"}:
            return queryset
        return queryset.filter(escalates__isnull=self.value() == "no")


@admin.register(Alert)
class AlertAdmin(NeverByHand, AskingAdmin):
    list_display = [
        "due_on",
        "days",
        "about",
        "kind",
        "recipient",
        "state",
        "escalated",
        "lead",
        "raised_on",
    ]
    list_select_related = ["recipient"]
    list_filter = [
        MineFilter,
        RuleFilter,
        "state",
        EscalatedFilter,
        ("due_on", DateRangeFilter),
        ("recipient", InUseFilter),
    ]
    allowed_lookups: ClassVar[Sequence[str]] = ["due_on"]
    search_fields = ["recipient__name", "recipient__email"]
    change_form_outer_before_template = "admin/support/alert_top.html"
    steps = STEPS

    class Media:
        css: ClassVar = {"all": ["admin/ticket.css"]}

    SHOWN = ("kind", "about", "until", "recipient", "reason", "state", "snoozed_until")
    HISTORY = ("lead", "raised_on", "assigned", "escalated")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Alert]:
        """Each says whether this user may see its record, and whether they were told anyway."""
        alerts: QuerySet[Alert] = super().get_queryset(request).prefetch_related(with_records())
        kinds = {rule.record_type for rule in RULE.values()}
        seen = [it for it in kinds if request.user.has_perm(f"{it.app_label}.view_{it.model}")]
        return alerts.select_related("recipient__user").annotate(
            is_seen=ExpressionWrapper(Q(content_type__in=seen), BooleanField()),
            is_own=ExpressionWrapper(
                Q(recipient__in=Person.objects.filter(user=request.user.pk)), BooleanField()
            ),
        )

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        seen = obj is not None and obj.is_seen
        told = ["message"] if seen and request.user.has_perm("people.view_message") else []
        return [*self.SHOWN, *self.HISTORY, *told]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return self.get_fields(request, obj)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """With what was done about it, for those who may know what it is about."""
        alert: Any = context.get("original")
        if alert and (alert.is_own or alert.is_seen):
            if request.user.has_perm("support.view_response"):
                context["turns"] = turns_of(alert)
            if alert.is_own and not context.get("step_links"):
                context["answer"] = reverse("portal:alert", args=[alert.pk])
        return super().render_change_form(request, context, *args, **kwargs)

    def render_step(
        self, request: HttpRequest, step: Step, rows: Sequence[Any], form: Form, back: str
    ) -> TemplateResponse:
        """With the record of each, where the user may see that."""
        page = super().render_step(request, step, rows, form, back)
        assert page.context_data is not None
        for name in ("rows", "refusable"):
            page.context_data[name] = [_named(alert) for alert in page.context_data[name]]
        return page

    @display(description="rule", ordering="rule")
    def kind(self, alert: Alert) -> str:
        return title_of(alert.rule)

    @display(description="days left", ordering="due_on")
    def days(self, alert: Alert) -> int:
        return (alert.due_on - localdate()).days

    @display(description="until when")
    def until(self, alert: Alert) -> str:
        return when(alert, on=localdate())

    @display(description="why")
    def reason(self, alert: Alert) -> str:
        return why(alert, list(turns_of(alert))) if _is_known(alert) else "-"

    @display(description="escalated", ordering="escalates")
    def escalated(self, alert: Alert) -> str:
        return "yes" if alert.escalates_id else ""

    @display(description="passed on to them")
    def assigned(self, alert: Alert) -> str:
        return "yes, and what follows on this date" if alert.is_assigned else "no"

    @display(description="about")
    def about(self, alert: Any) -> str:
        if not _is_known(alert):
            return _kind_alone(alert)
        if alert.record is None or not alert.is_seen:
            return name_of(alert.record)
        return format_html(
            '<a class="text-link" href="{}">{}</a>', page_of(alert.record), name_of(alert.record)
        )


def _is_known(alert: Any) -> bool:
    """Whether whoever looks may know what it is about."""
    return bool(alert.is_seen or alert.is_own)


def _kind_alone(alert: Alert) -> str:
    model = alert.content_type.model_class()
    return f"a record ({model._meta.verbose_name})" if model else "a record"


def _named(alert: Alert) -> str:
    return named(alert) if _is_known(alert) else f"{alert}, {_kind_alone(alert)}"


class AlertsOfRecord(GenericReadOnlyInline):
    """Who was told of its dates, and what they said; on the record's own page."""

    model = Alert
    ct_fk_field = "object_id"
    fields = ["due_on", "lead", "recipient", "state", "snoozed_until", "raised_on"]
    ordering = ["-due_on", "lead"]
    select_related = ["recipient"]
    verbose_name_plural = "alerts"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Alert]:
        past = [Alert.State.FOLLOWED, Alert.State.MOOT]
        return super().get_queryset(request).exclude(state__in=past)


AssetAdmin.inlines = [*AssetAdmin.inlines, AlertsOfRecord]
ContractAdmin.inlines = [*ContractAdmin.inlines, AlertsOfRecord]
