"""Where the QR code on an asset leads: staff to its page, its holder to the form about it."""

from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from assets.models import Asset


@require_safe
@login_required
def scanned(request: HttpRequest, tag: str) -> HttpResponse:
    """Leads on, or answers as if there were no such tag: a label tells a finder nothing."""
    asset = Asset.objects.select_related("holder").filter(tag=tag).first()
    if asset and admin.site.has_permission(request) and request.user.has_perm("assets.view_asset"):
        return redirect("admin:assets_asset_change", asset.pk)
    if asset and asset.holder and asset.holder.user_id == request.user.pk:
        return redirect("portal:report_device", asset.pk)
    raise Http404
