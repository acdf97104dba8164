"""The outbox: every mail and post that is owed, was sent or failed, and to whom."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.timesince import timesince

from config.admin import AskingAdmin, DateRangeFilter, ReadOnlyAdmin, Step
from people.delivery import retry
from people.models import Message, User
from people.outbox import may_read
from people.outbox_filters import ChannelFilter, ListFilter, ToFilter

FAILED = Message.State.FAILED


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin, AskingAdmin):
    list_display = ["subject", "to", "state", "age", "attempts", "error"]
    list_select_related = ["recipient", "webhook"]
    list_filter = [ChannelFilter, "state", ToFilter, ListFilter, ("created_at", DateRangeFilter)]
    allowed_lookups: ClassVar[Sequence[str]] = ["recipient", "webhook"]
    # Never the body: whoever searches it letter by letter would read a secret.
    search_fields = [
        "subject",
        "recipient__name",
        "recipient__email",
        "address",
        "webhook__name",
    ]
    list_before_template = change_form_before_template = "admin/outbox_note.html"
    steps: ClassVar[Sequence[Step]] = [
        Step(
            name="retry",
            label="Send again",
            run=retry,
            permission="people.retry_message",
            allows=lambda message: message.state == FAILED and not message.is_confidential,
            help="It is queued anew and sent within seconds.",
        )
    ]

    class Media:
        css: ClassVar[dict[str, list[str]]] = {"all": ["admin/outbox.css"]}

    SHOWN = ["subject", "to", "state", "created_at", "sent_at"]
    DELIVERY = ["attempts", "next_attempt_at", "error", "message_id", "list_name"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        messages: QuerySet[Message] = super().get_queryset(request)
        return messages.select_related("recipient", "webhook")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        body = _body_fields(obj, request) if obj else []
        return [
            (None, {"fields": [*self.SHOWN, *body]}),
            ("Delivery", {"fields": self.DELIVERY}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [
            name for _, options in self.get_fieldsets(request, obj) for name in options["fields"]
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {
            **(extra_context or {}),
            "mail_is_sent": settings.MAIL_IS_SENT,
            "figures": Message.objects.figures(timezone.now()),
        }
        page: HttpResponse = super().changelist_view(request, context)
        return page

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        context = {**(extra_context or {}), "mail_is_sent": settings.MAIL_IS_SENT}
        page: HttpResponse = super().change_view(request, object_id, form_url, context)
        return page

    @admin.display(description="to", ordering="recipient__name")
    def to(self, message: Message) -> str:
        return str(message.recipient or message.webhook or message.address)

    @admin.display(description="age", ordering="created_at")
    def age(self, message: Message) -> str:
        return timesince(message.created_at, depth=1)

    @admin.display(description="text")
    def text_shown(self, message: Message) -> str:
        return format_html('<pre class="mail-text">{}</pre>', message.text)

    @admin.display(description="as it looks")
    def picture(self, message: Message) -> str:
        # Its markup stays outside this page: a frame without scripts, forms or an origin.
        return format_html(
            '<iframe class="mail-picture" sandbox="" title="The mail as it looks" srcdoc="{}">'
            "</iframe>",
            message.html,
        )

    @admin.display(description="text")
    def withheld(self, message: Message) -> str:
        if message.is_confidential:
            return "The body holds a sign-in code and is shown to nobody."
        return f"The body needs the permission “{_permission(message.readable_with)}”."


def _body_fields(message: Message, request: HttpRequest) -> list[str]:
    user = request.user
    if not isinstance(user, User) or not may_read(message, user):
        return ["withheld"]
    return ["text_shown", "picture"] if message.html else ["text_shown"]


def _permission(name: str) -> str:
    """What a permission such as people.view_person is called."""
    app, _, codename = name.partition(".")
    found = Permission.objects.filter(content_type__app_label=app, codename=codename).first()
    return found.name if found else name
