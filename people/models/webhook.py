"""Rooms of a chat, or other programs, that are told what people are mailed."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from config.history import Record
from config.secrets import SecretField


class Webhook(Record):
    """An https address that messages of the outbox are posted to; see `people.webhooks`.

    Who knows the address of a chat room's webhook may write there: it is kept like a password.
    """

    class Format(models.TextChoices):
        SLACK = "slack", "Slack, Mattermost, Rocket.Chat"
        TEAMS = "teams", "Microsoft Teams"
        JSON = "json", "another program (JSON)"

    name = models.CharField(max_length=100)
    url = SecretField("address")
    format = models.CharField(max_length=10, choices=Format, default=Format.SLACK)
    secret = SecretField(
        "signing secret",
        blank=True,
        help_text="Each post is signed with it, so that the receiver knows whose it is.",
    )
    is_active = models.BooleanField("active", default=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="webhook_name_is_unique_in_any_case",
                violation_error_message="There is a webhook of this name already.",
            ),
            models.CheckConstraint(
                name="webhook_has_an_address",
                condition=~Q(url=""),
                violation_error_message="Give the address that your chat shows for its webhook.",
            ),
        ]

    def __str__(self) -> str:
        return self.name
