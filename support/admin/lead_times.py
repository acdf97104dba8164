"""The days of a rule as staff set them: for all that it watches, for a part, for one record."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin import display
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from config.admin.dressing import WIDGETS
from config.admin.reporting import ReportsAdmin
from config.forms import RecordForm
from support import alert_words, lead_time_words
from support.admin.alert_rules import RulesPageAdmin, part_of, told
from support.admin.days import DaysField
from support.alerts import RULES
from support.lead_times_editing import Scope, check_days, rule_of
from support.models import LeadTime

TITLES = {rule.kind: rule.title for rule in RULES}
PARTS = {"all": (), "kind": ("contract_kind",), "category": ("category",)}
"""What the page that adds one asks for, as `for` in its address says."""
SCOPE = ("rule", "contract_kind", "category")


class LeadTimeForm(RecordForm):
    rule = forms.ChoiceField(choices=TITLES.items, widget=WIDGETS[forms.ChoiceField])
    days = DaysField()

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        given, is_new = self.cleaned_data, self.instance.pk is None
        kind = given.get("rule") if is_new else self.instance.rule
        if kind and is_new:
            of_kind, category = given.get("contract_kind") or "", given.get("category")
            Scope(rule_of(kind), of_kind, category).check()
        if kind in TITLES and "days" in given:
            check_days(rule_of(kind), given["days"])
        return cleaned

    def shown_in(self, version: Any, name: str) -> str:
        if name == "days":
            return lead_time_words.written(version.days)
        return super().shown_in(version, name)

    def _get_validation_exclusions(self) -> set[str]:
        # For whom it is decides which of the constraints holds, whether or not the page asks it.
        return super()._get_validation_exclusions() - {*SCOPE, "content_type", "object_id"}


class RuleFilter(admin.SimpleListFilter):
    title = "rule"
    parameter_name = "rule__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(TITLES.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(rule=self.value()) if self.value() else queryset


class PartFilter(admin.SimpleListFilter):
    title = "for"
    parameter_name = "part"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("all", "all of the rule"),
            ("kind", "a kind of contract"),
            ("category", "a category"),
            ("record", "one record"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "all":
            return queryset.filter(contract_kind="", category=None, object_id=None)
        if self.value() == "kind":
            return queryset.exclude(contract_kind="")
        if self.value() == "category":
            return queryset.exclude(category=None)
        return queryset.exclude(object_id=None) if self.value() == "record" else queryset


@admin.register(LeadTime)
class LeadTimeAdmin(RulesPageAdmin, ReportsAdmin):
    """One row of days; `support.admin.alert_rules` shows all of them under their rules."""

    form = LeadTimeForm
    list_display = ["title", "part", "told"]
    list_filter = [RuleFilter, PartFilter]
    list_select_related = ["category"]
    search_fields = ["rule", "contract_kind", "category__name"]
    fieldsets: ClassVar[list[Any]] = [(None, {"fields": ["title", "part", "days"]})]
    add_fieldsets: ClassVar[list[Any]] = [(None, {"fields": [*SCOPE, "days"]})]
    readonly_fields = ["title", "part"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[LeadTime]:
        rows = super().get_queryset(request).select_related("category")
        return rows.prefetch_related(alert_words.with_records())

    # --- What it is for, in words ---

    @display(description="rule", ordering="rule")
    def title(self, lead_time: LeadTime) -> str:
        return alert_words.title_of(lead_time.rule)

    @display(description="for")
    def part(self, lead_time: LeadTime) -> str | SafeString:
        return part_of(lead_time)

    @display(description="told")
    def told(self, lead_time: LeadTime) -> str:
        return told(lead_time)

    def shown_pair(self, request: HttpRequest, old: Any, new: Any, name: str) -> tuple[str, str]:
        if name == "days":
            return told(old), told(new)
        return super().shown_pair(request, old, new, name)

    # --- What the page that adds one asks for ---

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        fieldsets = super().get_fieldsets(request, obj)
        unasked = set() if obj else _unasked(request)
        return [
            (title, {**options, "fields": [it for it in options["fields"] if it not in unasked]})
            for title, options in fieldsets
        ]

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        if obj is None:
            _narrow(request, form.base_fields)
        return form


def _unasked(request: HttpRequest) -> set[str]:
    """The parts that the address does not ask for, or that its rule does not have."""
    asked = PARTS.get(request.GET.get("for", ""), SCOPE[1:])
    rule = request.GET.get("rule", "")
    if rule in TITLES:
        has = {"contract_kind": rule_of(rule).kind_path, "category": rule_of(rule).category_path}
        asked = tuple(name for name in asked if has[name])
    return set(SCOPE[1:]) - set(asked)


def _narrow(request: HttpRequest, fields: dict[str, Any]) -> None:
    """The rule of the address alone, and a part that must be chosen, where it says so."""
    rule = request.GET.get("rule", "")
    if rule in TITLES and "rule" in fields:
        # Another field: the one of the class is that of every other page.
        choices, widget = [(rule, TITLES[rule])], WIDGETS[forms.ChoiceField]
        fields["rule"] = forms.ChoiceField(choices=choices, widget=widget)
    for name in PARTS.get(request.GET.get("for", ""), ()):
        if name in fields:
            fields[name].required = True
