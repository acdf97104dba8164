"""Records with secrets: masked everywhere, revealed to those who may, with a trace."""

from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.cache import never_cache
from unfold import widgets

from config.admin.record import BaseAdmin, BaseInline
from config.admin.screens import actor
from config.forms import StepForm, reason_field
from config.history import save_as
from config.secrets import Secret, SecretField, Undecipherable

UNREADABLE = "cannot be read: the key that sealed it is not in FIELD_KEYS"


HIDDEN: dict[Any, Any] = {SecretField: {"widget": widgets.UnfoldAdminPasswordWidget}}


class SecretsInline(BaseInline):
    """Secrets on the page of the record they belong to: masked, replaced, never shown."""

    formfield_overrides: ClassVar[Any] = {**BaseInline.formfield_overrides, **HIDDEN}


class RevealForm(StepForm):
    reason = reason_field(
        required=True, label="What for", help_text="Kept in the history, with your name."
    )


class MaskedAdmin(BaseAdmin):
    """An admin whose secrets are replaced and shown to nobody."""

    formfield_overrides: ClassVar[Any] = {**BaseAdmin.formfield_overrides, **HIDDEN}

    def shown_pair(self, request: HttpRequest, old: Any, new: Any, name: str) -> tuple[str, str]:
        """A history says that a secret was replaced, and by nothing what it was or is."""
        before, after = getattr(old, name), getattr(new, name)
        if not isinstance(after, Secret) or before == after:
            return super().shown_pair(request, old, new, name)
        return str(before) or "none", "replaced" if after else "removed"


class SecretsAdmin(MaskedAdmin):
    """An admin whose secrets are shown on a page of their own, one view a version of history."""

    reveal_permission: ClassVar[str]

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_reveal"
        view = self.admin_site.admin_view(never_cache(self.reveal_view))
        return [path("<path:object_id>/reveal/", view, name=name), *super().get_urls()]

    def step_links(self, request: HttpRequest, record: Model) -> list[dict[str, str]]:
        links = super().step_links(request, record)
        if not request.user.has_perm(self.reveal_permission):
            return links
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_reveal"
        return [{"label": "Reveal", "url": reverse(name, args=[record.pk])}, *links]

    def reveal_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Asks what for; then shows the secrets once, and writes down that it did."""
        if not request.user.has_perm(self.reveal_permission):
            raise PermissionDenied
        record = self.get_object(request, object_id)
        if record is None or not self.has_view_permission(request, record):
            raise Http404(f"There is no {self.opts.verbose_name} {object_id}.")
        form = RevealForm(request.POST or None)
        self.prepare_step_form(request, form, [record])
        revealed = None
        if form.is_valid():
            revealed = self._reveal(request, record, form.cleaned_data["reason"])
        context = {
            **self.admin_site.each_context(request),
            "title": f"Reveal: {record}",
            "opts": self.opts,
            "form": form,
            "media": self.media + form.media,
            "revealed": revealed,
            "back": reverse(
                f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[record.pk]
            ),
        }
        return TemplateResponse(request, "admin/reveal.html", context)

    @transaction.atomic
    def _reveal(self, request: HttpRequest, record: Any, reason: str) -> list[tuple[str, str]]:
        self.model._base_manager.select_for_update().get(pk=record.pk)
        record.refresh_from_db()
        save_as(record, by=actor(request), reason=f"revealed: {reason}")
        fields = [it for it in self.opts.fields if isinstance(it, SecretField)]
        return [(str(it.verbose_name), _text(getattr(record, it.name))) for it in fields]


def _text(secret: Secret) -> str:
    try:
        return secret.reveal() or "–"
    except Undecipherable:
        return UNREADABLE
