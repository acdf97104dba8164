"""The tickets of an asset, a person, a contract, a product and a vendor, from their own pages."""

from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse

from assets.admin.asset import AssetAdmin
from assets.admin.catalog import ProductAdmin, VendorAdmin
from config.admin import ReadOnlyInline
from contracts.admin.contract import ContractAdmin
from people.admin import PersonAdmin
from support.models import Ticket

LAST = 10
"""How many tickets the page of an asset names; a link leads to all."""


class TicketsOfAsset(ReadOnlyInline):
    """The last tickets of an asset, the open ones first."""

    model = Ticket
    fields = ["number", "subject", "state", "priority", "requester", "opened_at"]
    readonly_fields = ["number", "state", "opened_at"]
    verbose_name_plural = "last tickets"
    select_related = ["requester", "asset__product"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Ticket]:
        # A formset filters further, which a slice forbids: the last are those with fewer after.
        rows: Any = super().get_queryset(request)
        before = Ticket.objects.filter(asset=OuterRef("asset"))
        later = before.filter(
            Q(opened_at__gt=OuterRef("opened_at"))
            | Q(opened_at=OuterRef("opened_at"), pk__gt=OuterRef("pk"))
        )
        last: QuerySet[Ticket] = rows.open_first().filter(
            ~Exists(later.order_by("pk")[LAST - 1 :]) | ~Q(state__in=Ticket.ENDED)
        )
        return last


def _links(**lookups: str) -> Callable[[HttpRequest, Any], Iterator[dict[str, str]]]:
    """Links to the tickets of a record: the field by which they are its own, and what to call it.

    All tickets are counted in one query; what there is none of has no link.
    """

    def links(request: HttpRequest, record: Any) -> Iterator[dict[str, str]]:
        if not request.user.has_perm("support.view_ticket"):
            return
        is_open = ~Q(state__in=Ticket.ENDED)
        sums = {
            f"{kind}{at}": Count("pk", filter=Q(**{lookup: record.pk}) & condition)
            for at, lookup in enumerate(lookups)
            for kind, condition in (("all", Q()), ("open", is_open))
        }
        own = Q()
        for lookup in lookups:
            own |= Q(**{lookup: record.pk})
        counts = Ticket.objects.filter(own).order_by().aggregate(**sums)
        address = reverse("admin:support_ticket_changelist")
        for at, (lookup, label) in enumerate(lookups.items()):
            if count := counts[f"all{at}"]:
                yield {
                    "label": f"{label} ({count}, {counts[f'open{at}']} open)",
                    "url": f"{address}?{lookup}__id__exact={record.pk}",
                }

    return links


AssetAdmin.inlines = [*AssetAdmin.inlines, TicketsOfAsset]
AssetAdmin.further_links = [*AssetAdmin.further_links, _links(asset="Tickets")]
ProductAdmin.further_links = [*ProductAdmin.further_links, _links(asset__product="Tickets")]
ContractAdmin.further_links = [*ContractAdmin.further_links, _links(contract="Tickets")]
PersonAdmin.further_links = [
    *PersonAdmin.further_links,
    _links(requester="Tickets", on_behalf_of="Tickets for this person", assignee="Works on"),
]
VendorAdmin.further_links = [
    *VendorAdmin.further_links,
    _links(asset__product__maker="Tickets on products", contract__vendor="Tickets on contracts"),
]
PersonAdmin.change_form_outer_before_template = "admin/support/holds.html"
