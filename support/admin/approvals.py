"""Approvals and absences: to look at, and to answer for a mailbox that is asked."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from config.admin import BaseAdmin, InUseFilter, ReadOnlyInline, Step
from config.admin.screens import NeverByHand, actor
from config.forms import StepForm
from config.outcomes import each
from support import absences, approvals
from support.admin.ticket import TicketAdmin
from support.models import Absence, Approval, Fulfilment


class ApproveForm(StepForm):
    text = forms.CharField(
        label="What you want to say",
        required=False,
        max_length=5_000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class RefuseForm(StepForm):
    text = forms.CharField(
        label="Why",
        max_length=5_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Whoever asked will read it.",
    )


def _waits(approval: Approval) -> bool:
    return approval.state == Approval.State.WAITING


@admin.register(Approval)
class ApprovalAdmin(NeverByHand, BaseAdmin):
    list_display = ["ticket", "role", "approver", "for_whom", "state", "asked_at", "due_on"]
    list_select_related = ["ticket", "approver", "for_whom"]
    list_filter = ["state", "role", ("approver", InUseFilter)]
    search_fields = ["ticket__number", "ticket__subject", "approver__name"]
    fields = [
        "ticket",
        ("role", "approver", "for_whom"),
        ("state", "asked_at", "due_on"),
        ("decided_at", "decided_by"),
        "reason",
    ]
    steps: ClassVar = [
        Step("approve", "Approve", each(approvals.approve), approvals.DECIDE, ApproveForm, _waits),
        Step("refuse", "Refuse", each(approvals.refuse), approvals.DECIDE, RefuseForm, _waits),
        Step(
            "escalate",
            "Ask the next above",
            each(approvals.escalate),
            "support.answer_ticket",
            allows=_waits,
            help="The deputy, else the next above whoever is asked, is asked in their place.",
        ),
    ]


@admin.register(Absence)
class AbsenceAdmin(BaseAdmin):
    list_display = ["person", "deputy", "starts_on", "ends_on"]
    list_select_related = ["person", "deputy"]
    search_fields = ["person__name", "deputy__name"]
    fields = ["person", "deputy", ("starts_on", "ends_on")]

    def save_model(self, request: HttpRequest, obj: Absence, form: Any, change: bool) -> None:
        absences.enter(obj, by=actor(request), reason=self.reason(form, change))


class ApprovalsOfTicket(ReadOnlyInline):
    model = Approval
    fields = ["role", "approver", "for_whom", "state", "due_on", "decided_at", "reason"]
    verbose_name_plural = "approvals"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("approver", "for_whom")


class FulfilmentOfTicket(ReadOnlyInline):
    model = Fulfilment
    fields = ["way", "handover", "order", "done_at", "note"]
    verbose_name_plural = "what was given"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("handover__to", "order__supplier")


TicketAdmin.inlines = [*TicketAdmin.inlines, ApprovalsOfTicket, FulfilmentOfTicket]
