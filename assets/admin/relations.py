"""What an asset is to others, on its page; and the page of what is affected if it fails."""

from typing import Any

from django.contrib.admin import display
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from assets.models import Asset, Relation
from assets.relations import affected_by, needs
from config.admin import BaseAdmin, BaseInline, ReadOnlyInline
from config.forms import VersionedForm

SHOWN = 500
"""How many assets a page names one by one."""
NAMED = 3
"""How many the asset's own page names."""


class NewRelationForm(VersionedForm):
    def clean(self) -> dict[str, Any] | None:
        """Checks what Django leaves out in an inline: the constraints that name the parent."""
        cleaned = super().clean()
        kind, target = self.cleaned_data.get("kind"), self.cleaned_data.get("target")
        if kind and target:
            Relation(source=self.instance.source, kind=kind, target=target).validate_constraints()
        return cleaned


class RelationInline(BaseInline):
    """The relations there are: each stays what it is, or is deleted."""

    template = ReadOnlyInline.template
    model = Relation
    fk_name = "source"
    fields = readonly_fields = ["kind", "target"]
    select_related = ["target__product__maker"]
    verbose_name_plural = "what it runs on, depends on, connects to and backs up"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class NewRelationInline(BaseInline):
    """Adds relations; apart from those there are, or each of them would look up its choices."""

    model = Relation
    form = NewRelationForm
    fk_name = "source"
    fields = ["kind", "target"]
    verbose_name_plural = "new relations"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Relation]:
        rows: QuerySet[Relation] = super().get_queryset(request).none()
        return rows

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class RelatedByInline(ReadOnlyInline):
    model = Relation
    fk_name = "target"
    fields = ["source", "kind"]
    select_related = ["source__product__maker"]
    verbose_name_plural = "what runs on it, depends on it, connects to it and backs it up"
    show_change_link = False


INLINES = [RelationInline, NewRelationInline, RelatedByInline]


class RelationsAdmin(BaseAdmin):
    """An asset's page answers what is affected if it fails."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_safe(self.affected_view))
        own = path("<path:object_id>/affected/", view, name="assets_asset_affected")
        return [own, *super().get_urls()]

    def may_see_relations(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request) and request.user.has_perm("assets.view_relation")

    def hidden_fields(self, request: HttpRequest) -> set[str]:
        return super().hidden_fields(request) | (
            set() if request.user.has_perm("assets.view_relation") else {"failure"}
        )

    @display(description="if it fails")
    def failure(self, asset: Asset) -> SafeString:
        """How many others stop with it, the nearest by name, and the way to all of them."""
        reach = affected_by(asset)
        count, lost = len(reach.assets), len(reach.backups)
        names = ", ".join(it.asset.tag for it in reach.assets[:NAMED])
        more = f" and {count - NAMED} more" if count > NAMED else ""
        stops = f"{count} affected: {names}{more}." if count else "Nothing else is affected."
        backups = f" {lost} no longer backed up." if lost else ""
        address = reverse("admin:assets_asset_affected", args=[asset.pk])
        link = format_html('<a class="step" href="{}">What is affected if this fails?</a>', address)
        return format_html("{}{} {}", stops, backups, link)

    def affected_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What stops with an asset, by how far away it is, and what the asset itself needs."""
        if not self.may_see_relations(request):
            raise PermissionDenied
        asset = self.get_object(request, unquote(object_id))
        if not isinstance(asset, Asset):
            raise Http404(f"There is no asset {object_id}.")
        visible = self.get_queryset(request)
        affected, needed = affected_by(asset, among=visible), needs(asset, among=visible)
        context = {
            **self.admin_site.each_context(request),
            "title": f"What is affected if {asset.tag} fails?",
            "opts": self.opts,
            "asset": asset,
            "affected": affected.assets[:SHOWN],
            "unprotected": affected.backups[:SHOWN],
            "needed": needed.assets[:SHOWN],
            "backups": needed.backups[:SHOWN],
            "counts": {"affected": len(affected.assets), "needed": len(needed.assets)},
            "shown": SHOWN,
            "back": reverse("admin:assets_asset_change", args=[asset.pk]),
        }
        return TemplateResponse(request, "admin/assets/affected.html", context)
