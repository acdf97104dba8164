"""The back office's screens for the PIN and PUK of SIMs."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from assets.models import Asset, Category, SimCard
from config.admin.record import BaseAdmin
from config.admin.secrets import SecretsAdmin, SecretsInline

REVEAL = "assets.reveal_simcard"


@admin.register(SimCard)
class SimCardAdmin(SecretsAdmin):
    reveal_permission = REVEAL
    list_display = ["asset", "pin", "puk"]
    list_select_related = ["asset__product"]
    search_fields = ["asset__tag", "asset__serial", "asset__identifiers__value"]
    fields = ["asset", ("pin", "puk")]


class SimCardInline(SecretsInline):
    model = SimCard
    fields = ["pin", "puk", "page"]
    readonly_fields = ["page"]
    max_num = 1

    @display(description="reveal", empty_value="–")
    def page(self, card: SimCard) -> str | None:
        if not card.pk:
            return None
        address = reverse("admin:assets_simcard_change", args=[card.pk])
        return format_html('<a href="{}">PIN and PUK</a>', address)


class SimsAdmin(BaseAdmin):
    """The page of an asset that is a SIM has its PIN and PUK, masked."""

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        inlines = [*super().get_inlines(request, obj)]
        if not isinstance(obj, Asset) or obj.product.category.kind != Category.Kind.SIM:
            return inlines
        return [SimCardInline, *inlines]
