"""What employees may ask for, and who gets it from the start."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin import display
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest

from config.admin import BaseAdmin
from config.admin.screens import actor
from config.forms import RecordForm
from people import documents
from support.models import Offer, StarterKit, Ticket


class OfferForm(RecordForm):
    upload = forms.FileField(
        label="Picture",
        required=False,
        help_text="PNG, JPEG or WebP; shown in the portal. A new one takes the place of the old.",
    )

    def clean_upload(self) -> Any:
        """Refused where it is no picture by its content, whatever its name says."""
        upload = self.cleaned_data["upload"]
        if upload:
            described = documents.Document()
            documents.describe(described, upload)
            if described.media_type not in PICTURES:
                raise forms.ValidationError("Send a picture: PNG, JPEG or WebP.")
        return upload


PICTURES = ("image/png", "image/jpeg", "image/webp")


@admin.register(Offer)
class OfferAdmin(BaseAdmin):
    form = OfferForm
    list_display = ["name", "gives", "price", "currency", "is_active", "asked_for"]
    list_filter = ["is_active", "needs_manager"]
    list_select_related = ["product__maker", "category", "licence__product__maker", "kit"]
    search_fields = ["name", "description"]
    fieldsets = [
        (None, {"fields": ["name", "description", "upload", ("is_active", "position")]}),
        ("What it gives", {"fields": [("product", "category"), ("licence", "kit"), "most"]}),
        ("Who may ask", {"fields": ["departments", "for_contractors"]}),
        (
            "What it costs, and who agrees",
            {
                "fields": [
                    ("price", "currency"),
                    ("needs_manager", "budget_above"),
                    "approver",
                ]
            },
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Offer]:
        waiting = Count("tickets", filter=~Q(tickets__state__in=Ticket.ENDED))
        offers: QuerySet[Offer] = super().get_queryset(request)
        return offers.annotate(open_count=waiting)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Who only reads is asked for no picture."""
        fieldsets = super().get_fieldsets(request, obj)
        if self._is_editing(request, obj):
            return fieldsets
        left = [name for name in fieldsets[0][1]["fields"] if name != "upload"]
        return [(None, {"fields": left}), *fieldsets[1:]]

    def shown_fields(self, request: HttpRequest, obj: Any) -> list[str]:
        return [name for name in super().shown_fields(request, obj) if name != "upload"]

    def get_autocomplete_fields(self, request: HttpRequest) -> Any:
        return [*super().get_autocomplete_fields(request), "departments"]

    def save_model(self, request: HttpRequest, obj: Offer, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if upload := form.cleaned_data.get("upload"):
            obj.picture = documents.attach(obj, title="Picture", file=upload, by=actor(request))
            super().save_model(request, obj, form, change)

    @display(description="gives")
    def gives(self, offer: Offer) -> str:
        return str(offer.product or offer.category or offer.licence or offer.kit or "in words")

    @display(description="open requests", ordering="open_count")
    def asked_for(self, offer: Any) -> int:
        return int(offer.open_count)


@admin.register(StarterKit)
class StarterKitAdmin(BaseAdmin):
    """What is asked for whoever joins."""

    list_display = ["offer", "department", "title"]
    list_select_related = ["offer", "department"]
    list_filter = ["department"]
    search_fields = ["offer__name", "title"]
    fields = ["offer", "department", "title"]
