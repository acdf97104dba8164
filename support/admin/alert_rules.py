"""The page of all alert rules: what each watches, whom it tells and when, and what differs."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from config.admin.exchange import LinksAdmin
from contracts.models import Contract
from support import alert_words, lead_time_words, rules_overview
from support.models import LeadTime
from support.rules_overview import Line

CHANGE = "support.change_leadtime"


def part_of(lead_time: LeadTime) -> str:
    """What its days are for, in words."""
    if lead_time.object_id:
        return alert_words.name_of(lead_time.record)
    if lead_time.category:
        return f"Category {lead_time.category}"
    if lead_time.contract_kind:
        return f"Contracts: {Contract.Kind(lead_time.contract_kind).label}"
    return "All that it watches"


def told(lead_time: LeadTime) -> str:
    """When somebody is told, in words."""
    rule = alert_words.RULE.get(lead_time.rule)
    return lead_time_words.said(lead_time.days, of_condition=bool(rule and rule.is_standing))


class RulesPageAdmin(LinksAdmin):
    """The page of the rules beside the list of their days."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_safe(self.rules_view))
        return [path("rules/", view, name="support_leadtime_rules"), *super().get_urls()]

    def permitted_reports(self, request: HttpRequest) -> list[dict[str, str]]:
        found = super().permitted_reports(request)
        if not self.has_view_permission(request):
            return found
        return [{"label": "Alert rules", "url": self.address("rules")}, *found]

    def rules_view(self, request: HttpRequest) -> HttpResponse:
        """Every rule on one page, in the same number of queries however much it watches."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        lines = rules_overview.lines(timezone.localdate())
        context = {
            **self.admin_site.each_context(request),
            "title": "Alert rules",
            "opts": self.opts,
            "lines": [self._shown_rule(request, line) for line in lines],
            "list": self.address("changelist"),
            "reports": super().permitted_reports(request),
        }
        return TemplateResponse(request, "admin/support/alert_rules.html", context)

    def _shown_rule(self, request: HttpRequest, line: Line) -> dict[str, Any]:
        """One rule as the page shows it, with the buttons that this user has."""
        return {
            "line": line,
            "days": lead_time_words.said(line.days, of_condition=line.rule.is_standing),
            "usual": lead_time_words.said(line.rule.leads, of_condition=line.rule.is_standing),
            "exceptions": [self._exception(request, it) for it in line.exceptions],
            "more": f"{self.address('changelist')}?rule__exact={line.rule.kind}",
            "alerts": _alerts(request, line),
            "buttons": self._buttons(request, line),
        }

    def _exception(self, request: HttpRequest, lead_time: LeadTime) -> dict[str, str]:
        return {
            "part": part_of(lead_time),
            "record": _page_of(request, lead_time),
            "days": told(lead_time),
            "url": self.address("change", lead_time.pk),
        }

    def _buttons(self, request: HttpRequest, line: Line) -> list[tuple[str, str]]:
        found = []
        if line.own and request.user.has_perm(CHANGE):
            found.append(("Change the days", self.address("change", line.own.pk)))
        if not self.has_add_permission(request):
            return found
        add = [] if line.own else [("Change the days", "all")]
        if line.rule.kind_path:
            add.append(("Add a kind of contract", "kind"))
        if line.rule.category_path:
            add.append(("Add a category", "category"))
        return found + [(label, self._adding(line, part)) for label, part in add]

    def _adding(self, line: Line, part: str) -> str:
        asked: dict[str, str] = {"rule": line.rule.kind, "for": part}
        if part == "all":
            asked["days"] = lead_time_words.written(line.rule.leads)
        return f"{self.address('add')}?{urlencode(asked)}"


def _page_of(request: HttpRequest, lead_time: LeadTime) -> str:
    """The page of the record that it is for, where there is one and this user may open it."""
    record = lead_time.record if lead_time.object_id else None
    if record is None or not _may_view(request, record):
        return ""
    return alert_words.page_of(record)


def _may_view(request: HttpRequest, record: Any) -> bool:
    return request.user.has_perm(f"{record._meta.app_label}.view_{record._meta.model_name}")


def _alerts(request: HttpRequest, line: Line) -> str:
    """The open alerts of the rule as a list, for who may see it."""
    if not request.user.has_perm("support.view_alert"):
        return ""
    query = urlencode({"rule__exact": line.rule.kind, "state__exact": "open"})
    return f"{reverse('admin:support_alert_changelist')}?{query}"
