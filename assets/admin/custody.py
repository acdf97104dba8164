"""The back office's screens for handovers, and for who held what on a day."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import display
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_safe

from assets import handovers
from assets.models import Custody, Handover
from config.admin import BaseAdmin, DateRangeFilter, ReadOnlyInline, Step, TextFilter
from config.admin.screens import NeverByHand
from config.forms import StepForm
from config.outcomes import each
from people.document_admin import DocumentInline

Answer = Handover.Answer


class SettleForm(StepForm):
    reason = forms.CharField(
        label="What was done about it",
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="The person reads it and is asked once more.",
    )


class AnswerFilter(admin.SimpleListFilter):
    title = "answer"
    parameter_name = "answered"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("waiting", "waiting for it"), *Answer.choices[1:]]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "waiting":
            return queryset.filter(pk__in=Handover.objects.waiting().order_by().values("pk"))
        return queryset.filter(answer=self.value()) if self.value() else queryset


class ItemInline(ReadOnlyInline):
    model = Custody
    fk_name = "handover"
    fields = ["asset", "since", "until", "accepted_at", "condition"]
    select_related = ["asset__product"]
    verbose_name_plural = "what was handed over"
    show_change_link = False


@admin.register(Handover)
class HandoverAdmin(NeverByHand, BaseAdmin):
    list_display = ["pk", "to", "handed_over_at", "items", "due_back_on", "answer", "answered_at"]
    list_filter = [AnswerFilter, ("handed_over_at", DateRangeFilter)]
    list_select_related = ["to"]
    search_fields = ["to__name", "to__email", "custodies__asset__tag"]
    fieldsets = [
        (None, {"fields": ["to", "handed_over_at", "due_back_on", "needs_acceptance", "paper"]}),
        ("Answer", {"fields": ["answer", "answered_at", "signed_name", "dispute"]}),
    ]
    readonly_fields = ["paper"]
    inlines = (ItemInline, DocumentInline)
    steps = (
        Step(
            "settle",
            "Settle the dispute",
            each(handovers.settle),
            "assets.settle_handover",
            SettleForm,
            lambda handover: handover.answer == Answer.DISPUTED,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Handover]:
        return super().get_queryset(request).annotate(count=Count("custodies"))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_safe(self.note_view))
        own = path("<int:object_id>/note/", view, name="assets_handover_note")
        return [own, *super().get_urls()]

    def note_view(self, request: HttpRequest, object_id: int) -> HttpResponseBase:
        """The note to print and sign, or as it was accepted."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        handover = (
            Handover.objects.select_related("to__location", "note").filter(pk=object_id).first()
        )
        if handover is None:
            raise Http404(f"There is no handover {object_id}.")
        return handovers.paper(handover)

    @display(description="items", ordering="count")
    def items(self, handover: Any) -> int:
        return handover.count

    @display(description="note")
    def paper(self, handover: Handover) -> str:
        page = reverse("admin:assets_handover_note", args=[handover.pk])
        return format_html('<a href="{}">{}</a>', page, handovers.file_name(handover))


class HeldOnFilter(TextFilter):
    title = "held on"
    parameter_name = "held_on"

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        text = self.value()
        if not text:
            return queryset
        try:
            return queryset.held_on(forms.DateField().clean(text))
        except (ValidationError, OverflowError):
            sentence = f"“{text[:40]}” is no day: write it as 2026-11-24 or 24/11/2026."
            messages.error(request, sentence)
            return queryset.none()


class OpenFilter(admin.SimpleListFilter):
    title = "returned"
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "not yet"), ("late", "not yet, and too late")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "late":
            return queryset.overdue(timezone.localdate())
        return queryset.open() if self.value() else queryset


@admin.register(Custody)
class CustodyAdmin(NeverByHand, BaseAdmin):
    list_display = [
        "asset",
        "holder",
        "location",
        "device",
        "since",
        "until",
        "due_back_on",
        "accepted_at",
    ]
    list_filter = [OpenFilter, HeldOnFilter, ("since", DateRangeFilter)]
    allowed_lookups: ClassVar[list[str]] = ["holder", "asset", "handover"]
    list_select_related = ["asset__product", "holder", "location", "device__product"]
    search_fields = ["asset__tag", "asset__serial", "holder__name", "holder__email"]
    fields = [
        ("asset", "handover"),
        ("holder", "location", "device"),
        ("since", "until", "due_back_on"),
        ("accepted_at", "condition"),
    ]
