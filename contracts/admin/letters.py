"""A cancelled contract's page hands out its notice: the letter, and the mail to send it with."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from config.admin import BaseAdmin
from config.admin.screens import actor
from config.admin.steps import Download
from contracts import letters
from contracts.models import Contract, Decision

DECIDE = "contracts.decide_contract"
FILES = {"pdf": "Notice letter (PDF)", "eml": "Notice as a mail draft"}


class LettersAdmin(BaseAdmin):
    """Adds the notice of a contract that is to be cancelled, for who decides on contracts."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_safe(self.notice_view))
        own = path(
            "<path:object_id>/notice/<slug:extension>/", view, name="contracts_contract_notice"
        )
        return [own, *super().get_urls()]

    def step_links(self, request: HttpRequest, record: Model) -> list[dict[str, str]]:
        links = super().step_links(request, record)
        if not request.user.has_perm(DECIDE) or _cancellation(record) is None:
            return links
        name = "admin:contracts_contract_notice"
        files = [
            {"label": label, "url": reverse(name, args=[record.pk, extension])}
            for extension, label in FILES.items()
        ]
        return [*files, *links]

    def notice_view(self, request: HttpRequest, object_id: str, extension: str) -> HttpResponse:
        """The notice of the standing cancellation, dated today."""
        if not request.user.has_perm(DECIDE) or not self.has_view_permission(request):
            raise PermissionDenied
        contract = self.get_object(request, object_id)
        decision = _cancellation(contract) if contract else None
        if decision is None or extension not in FILES:
            raise Http404("There is no such notice.")
        return _file(request, decision, extension).response()


def _cancellation(contract: Any) -> Decision | None:
    found: Decision | None = (
        contract.decisions.standing()
        .filter(kind=Decision.Kind.CANCEL)
        .select_related("contract__vendor")
        .first()
    )
    return found


def _file(request: HttpRequest, decision: Decision, extension: str) -> Download:
    user: Any = actor(request)
    letter = letters.notice(decision, on=timezone.localdate(), signed=str(user.name or ""))
    name = f"notice-{_plain(decision.contract)}.{extension}"
    if extension == "pdf":
        return Download(name, letters.pdf(letter), "application/pdf")
    draft = letters.mail_draft(letter, sender=user.email, sender_name=user.name)
    return Download(name, draft, "message/rfc822")


def _plain(contract: Contract) -> str:
    return "".join(it if it.isalnum() else "-" for it in contract.number)
