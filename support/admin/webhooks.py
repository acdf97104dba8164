"""Webhooks: where alerts are posted, of which kinds, and how the last posts went."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.admin import display
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, QuerySet
from django.forms import CheckboxSelectMultiple
from django.http import HttpRequest

from config.admin import ReadOnlyInline, Step
from config.admin.screens import actor
from config.admin.secrets import MaskedAdmin
from config.forms import RecordForm
from config.history import create_all_as, delete_as
from config.outcomes import each
from people.models import Message, Webhook
from people.webhooks import Target
from support.alert_words import title_of
from support.alerts import RULES
from support.models import Subscription
from support.posts import send_test

SHOWN = 10
ADDRESS_HELP = (
    "The https address that your chat shows for an incoming webhook, or for a workflow of Teams. It"
    " is kept like a password and not shown again; empty: as it is."
)


class WebhookForm(RecordForm):
    rules = forms.MultipleChoiceField(
        label="Posts alerts about",
        required=False,
        widget=CheckboxSelectMultiple,
        help_text="Only what is raised from now on. Each date is posted once.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if field := self.fields.get("url"):
            field.help_text = ADDRESS_HELP
        if field := self.fields.get("rules"):
            field.choices = [(rule.kind, rule.title) for rule in RULES]  # type: ignore[attr-defined]
            field.initial = _rules(self.instance)

    def clean_url(self) -> str:
        """Raises ValidationError, which does not repeat it, where nothing may be posted there."""
        url: str = self.cleaned_data["url"]
        if not url and not self.instance.url:
            raise ValidationError("Give the address that your chat shows for its webhook.")
        if url == "-":
            raise ValidationError("A webhook needs its address. Switch it off instead.")
        if url:
            try:
                Target.of(url)
            except ValueError as refusal:
                raise ValidationError(str(refusal)) from None
        return url


def _rules(webhook: Webhook) -> list[str]:
    if not webhook.pk:
        return []
    return list(Subscription.objects.filter(webhook=webhook).values_list("rule", flat=True))


class LastPosts(ReadOnlyInline):
    """What became of the last posts, the newest first."""

    model = Message
    fk_name = "webhook"
    fields = ["subject", "state", "created_at", "sent_at", "attempts", "error"]
    verbose_name_plural = "last posts"
    ordering = ["-pk"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        # A formset filters further, which a slice forbids: the newest are those with fewer after.
        rows: QuerySet[Message] = super().get_queryset(request)
        later = Message.objects.filter(webhook=OuterRef("webhook"), pk__gt=OuterRef("pk"))
        return rows.filter(~Exists(later.order_by("pk")[SHOWN - 1 :]))


@admin.register(Webhook)
class WebhookAdmin(MaskedAdmin):
    form = WebhookForm
    list_display = ["name", "format", "is_active", "kinds"]
    list_filter = ["format", "is_active"]
    search_fields = ["name"]
    fields = ["name", "format", "url", "secret", "is_active"]
    inlines: ClassVar[Sequence[Any]] = [LastPosts]
    steps: ClassVar[Sequence[Step]] = [
        Step(
            name="test",
            label="Send a test post",
            run=each(send_test),
            permission="people.change_webhook",
            allows=lambda webhook: webhook.is_active,
            help="It goes out within seconds. What came of it stands below on the webhook's page.",
            in_bulk=False,
        )
    ]

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        return [*super().get_inlines(request, obj)] if obj else []

    def get_queryset(self, request: HttpRequest) -> QuerySet[Webhook]:
        return super().get_queryset(request).prefetch_related("subscriptions")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if self._is_editing(request, obj):
            return [*self.fields, "rules"]
        return [*self.fields, *([] if getattr(request, "reading_history", False) else ["kinds"])]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [*super().get_readonly_fields(request, obj), "kinds"]

    @display(description="posts alerts about")
    def kinds(self, webhook: Webhook) -> str:
        titles = [title_of(it.rule) for it in webhook.subscriptions.all()]
        return ", ".join(sorted(titles)) or "nothing yet"

    def save_model(self, request: HttpRequest, obj: Webhook, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        chosen, by = set(form.cleaned_data.get("rules", [])), actor(request)
        current = {it.rule: it for it in Subscription.objects.filter(webhook=obj)}
        reason = self.reason(form, change)
        for rule in current.keys() - chosen:
            delete_as(current[rule], by=by, reason=reason)
        new = [Subscription(webhook=obj, rule=rule) for rule in sorted(chosen - current.keys())]
        create_all_as(new, by=by, reason=reason)
