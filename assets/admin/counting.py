"""The page on which a phone counts: scan after scan at one place, or a list at once."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.forms import Form
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    JsonResponse,
)
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_http_methods

from assets import stocktaking
from assets.models import Count, Stocktake
from assets.stocktaking import Upload
from assets.stocktaking.counting import MAX_BYTES
from config.admin.screens import actor
from config.admin.steps import StepsAdmin
from people.models import Location

SHOWN = 200
"""How many readings of an upload, and how many latest counts, a page names one by one."""
LATEST = 10
LEVELS = {"found": messages.SUCCESS, "again": messages.INFO, "refused": messages.ERROR}


class PlaceForm(Form):
    """Where somebody counts; the address keeps it from scan to scan."""

    at = forms.ModelChoiceField(
        Location.objects.none(),
        label="Place",
        empty_label="Choose the place",
        widget=forms.Select(attrs={"class": "field-plain"}),
        error_messages={
            "required": "Choose the place where you count.",
            "invalid_choice": "That place is not in this stocktake. Choose another.",
        },
    )

    def __init__(self, data: Any, *, stocktake: Stocktake) -> None:
        super().__init__(data)
        field = self.fields["at"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = stocktaking.places(stocktake)


class UploadForm(Form):
    codes = forms.CharField(
        required=False,
        label="Codes",
        max_length=MAX_BYTES,
        widget=forms.Textarea(attrs={"rows": 4, "class": "field-plain"}),
        help_text="One a line, as a scanner with a memory gives them.",
    )
    file = forms.FileField(
        required=False,
        label="Or a file",
        allow_empty_file=True,
        widget=forms.FileInput(attrs={"accept": ".csv,.txt", "class": "field-plain"}),
        help_text="Text or CSV with one code a line. Of several columns the first counts.",
    )

    def read(self) -> list[str]:
        """Every code that was given. Raises ValidationError where the file is none of codes."""
        codes: list[str] = self.cleaned_data["codes"].splitlines()
        file = self.cleaned_data["file"]
        if file:
            data = file.read(MAX_BYTES + 1)
            codes += stocktaking.codes_in(data, file.name)
        return codes


class CountingAdmin(StepsAdmin):
    """What the admin of stocktakes adds for those who count."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(
            require_http_methods(["GET", "HEAD", "POST"])(self.count_view)
        )
        return [
            path("<path:object_id>/count/", view, name="assets_stocktake_count"),
            *super().get_urls(),
        ]

    def may_count(self, request: HttpRequest) -> bool:
        may = request.user.has_perm("assets.count_stocktake")
        return may and bool(self.has_view_permission(request))

    def step_links(self, request: HttpRequest, record: Any) -> list[dict[str, Any]]:
        """Counting comes first among what can be done."""
        links = super().step_links(request, record)
        if not (record.is_open and self.may_count(request)):
            return links
        address = reverse("admin:assets_stocktake_count", args=[record.pk])
        return [{"label": "Count", "url": address}, *links]

    def count_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Counts what is posted; shows where, what to scan, and what was counted last."""
        if not self.may_count(request):
            raise PermissionDenied
        stocktake = self.get_object(request, object_id)
        if stocktake is None:
            raise Http404(f"There is no stocktake {object_id}.")
        data = request.POST if request.method == "POST" else request.GET
        place = PlaceForm(data if "at" in data else None, stocktake=stocktake)
        location = place.cleaned_data["at"] if place.is_valid() else None
        if request.method == "POST":
            if "upload" in request.POST:
                return self._uploaded(request, stocktake, place, location)
            return self._scanned(request, stocktake, place, location)
        return self._count_page(request, stocktake, place, location, UploadForm())

    def _scanned(
        self,
        request: HttpRequest,
        stocktake: Stocktake,
        place: PlaceForm,
        location: Location | None,
    ) -> HttpResponse:
        """One code: a line for the script of the page, or the page anew with a message."""
        try:
            kind, sentence = self._scan(request, stocktake, place, location)
        except ValidationError as refusal:
            kind, sentence = "refused", " ".join(refusal.messages)
        if request.accepts("text/html"):
            self.message_user(request, sentence, LEVELS.get(kind, messages.WARNING))
            return HttpResponseRedirect(_address(request, location))
        return JsonResponse({"kind": kind, "sentence": sentence, "left": _left(stocktake)})

    def _scan(
        self,
        request: HttpRequest,
        stocktake: Stocktake,
        place: PlaceForm,
        location: Location | None,
    ) -> tuple[str, str]:
        if location is None:
            raise ValidationError(_complaint(place))
        code = request.POST.get("code", "")
        reading = stocktaking.scan(stocktake, code, location=location, by=actor(request))
        return reading.kind, reading.sentence

    def _uploaded(
        self,
        request: HttpRequest,
        stocktake: Stocktake,
        place: PlaceForm,
        location: Location | None,
    ) -> HttpResponse:
        form, done = UploadForm(request.POST, request.FILES), None
        if form.is_valid():
            try:
                if location is None:
                    raise ValidationError(_complaint(place))
                codes = form.read()
                done = stocktaking.upload(stocktake, codes, location=location, by=actor(request))
            except ValidationError as refusal:
                form.add_error(None, refusal)
        form = UploadForm() if done else form
        return self._count_page(request, stocktake, place, location, form, done)

    def _count_page(
        self,
        request: HttpRequest,
        stocktake: Stocktake,
        place: PlaceForm,
        location: Location | None,
        form: UploadForm,
        done: Upload | None = None,
    ) -> TemplateResponse:
        counted = stocktake.counts.filter(found_at=location).select_related("asset__product")
        context = {
            **self.admin_site.each_context(request),
            "title": f"Count: {stocktake}",
            "opts": self.opts,
            "media": self.media + forms.Media(js=["admin/stocktake.js"]),
            "stocktake": stocktake,
            "place": place,
            "location": location,
            "form": form,
            "done": done,
            "totals": _totals(done) if done else [],
            "strange": done.strange[:SHOWN] if done else [],
            "more": max(0, len(done.strange) - SHOWN) if done else 0,
            "latest": counted.order_by("-counted_at", "-pk")[:LATEST] if location else [],
            "left": _left(stocktake),
            "address": _address(request, location),
            "back": reverse("admin:assets_stocktake_change", args=[stocktake.pk]),
        }
        return TemplateResponse(request, "admin/assets/stocktake_count.html", context)


def _totals(done: Upload) -> list[tuple[str, int]]:
    words = {
        "found": "Found",
        "misplaced": "In another place",
        "unexpected": "Not expected here",
        "unknown": "Unknown codes",
        "again": "Already counted",
        "refused": "Refused",
    }
    return [(word, done.totals[kind]) for kind, word in words.items() if kind in done.totals]


def _left(stocktake: Stocktake) -> int:
    return stocktake.counts.filter(result=Count.Result.AWAITED).count()


def _address(request: HttpRequest, location: Location | None) -> str:
    return f"{request.path}?at={location.pk}" if location else request.path


def _complaint(place: PlaceForm) -> str:
    errors = place.errors.get("at") if place.is_bound else None
    return str(errors[0]) if errors else str(place.fields["at"].error_messages["required"])
