"""What assets are worth in the books: on an asset's page, and as its schedule."""

from datetime import date
from decimal import Decimal

from django.contrib.admin import display
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_safe

from assets.admin.books import VIEW_COST, BooksAdmin
from assets.books import departure
from assets.depreciation import Rule, book_value, rule_of, schedule
from assets.models import Asset
from assets.precaution import told

LONGEST = 600
"""How many months of a schedule a page shows."""


class DepreciationAdmin(BooksAdmin):
    """An asset's page says what it is worth, and leads to its schedule."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_safe(self.schedule_view))
        own = path("<path:object_id>/depreciation/", view, name="assets_asset_depreciation")
        return [own, *super().get_urls()]

    def hidden_fields(self, request: HttpRequest) -> set[str]:
        hidden = super().hidden_fields(request)
        return hidden if request.user.has_perm(VIEW_COST) else hidden | {"worth"}

    @display(description="book value")
    def worth(self, asset: Asset) -> str:
        """What it is worth today, or was on the day it was disposed of, and why it may be none."""
        known = valued(asset)
        if known is None:
            return why_not(asset)
        words = worth_in_words(asset, known, timezone.localdate())
        link = reverse("admin:assets_asset_depreciation", args=[asset.pk])
        return format_html('{} <a class="step" href="{}">Schedule</a>', words, link)

    def schedule_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What one asset loses month by month."""
        if not self.may_see_worth(request):
            raise PermissionDenied
        asset = self.get_object(request, unquote(object_id))
        if not isinstance(asset, Asset):
            raise Http404(f"There is no asset {object_id}.")
        known, today = valued(asset), timezone.localdate()
        disposal = getattr(asset, "disposal", None)
        until = disposal.disposed_on if disposal else None
        lines = schedule(known[0], cost=known[1], placed_on=known[2], until=until) if known else []
        context = {
            **self.admin_site.each_context(request),
            "title": f"Depreciation of {asset.tag}",
            "opts": self.opts,
            "asset": asset,
            "category": asset.product.category,
            "why_not": "" if known else why_not(asset),
            "words": worth_in_words(asset, known, today) if known else "",
            "lines": lines[:LONGEST],
            "more": max(0, len(lines) - LONGEST),
            "today": today,
            "back": reverse("admin:assets_asset_change", args=[asset.pk]),
        }
        return TemplateResponse(request, "admin/assets/depreciation_schedule.html", context)


def valued(asset: Asset) -> tuple[Rule, Decimal, date] | None:
    """The rule, the cost and the day that an asset's book value follows from, if all are known."""
    rule = rule_of(asset.product.category)
    if rule is None or asset.cost is None or asset.placed_on is None:
        return None
    return rule, asset.cost, asset.placed_on


def why_not(asset: Asset) -> str:
    """Why an asset has no book value."""
    category = asset.product.category
    if not category.depreciation:
        return f"None: the category {category} is not depreciated."
    missing = [
        word
        for word, value in [("cost", asset.cost), ("purchase date", asset.placed_on)]
        if value is None
    ]
    return f"Not known without its {' and '.join(missing)}."


def worth_in_words(asset: Asset, known: tuple[Rule, Decimal, date], today: date) -> str:
    rule, cost, placed_on = known
    disposal = getattr(asset, "disposal", None)
    on = min(today, disposal.disposed_on) if disposal else today
    worth = book_value(rule, cost=cost, placed_on=placed_on, on=on)
    words = (
        f"{worth:,.2f} {asset.currency} on {told(on)}, after {cost - worth:,.2f} of depreciation."
    )
    if disposal is None:
        return words
    gone = departure(asset)
    if gone.result is None:
        return f"{words} Disposed of for {gone.proceeds:,.2f} {gone.paid_in}."
    kind = "gain" if gone.result > 0 else "loss"
    amount = f"{abs(gone.result):,.2f} {asset.currency}"
    return f"{words} Disposed of for {gone.proceeds:,.2f}: a {kind} of {amount}."
