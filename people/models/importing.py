"""A spreadsheet on its way into the register."""

from typing import Any

from django.conf import settings
from django.db import models


def _no_options() -> dict[str, Any]:
    return {}


class ImportJob(models.Model):
    """One uploaded file: previewed, confirmed, written. The stored file is what is confirmed."""

    class State(models.TextChoices):
        UPLOADED = "uploaded", "waiting for its preview"
        PREVIEWED = "previewed", "waiting for confirmation"
        CONFIRMED = "confirmed", "waiting to be written"
        DONE = "done", "written"
        REFUSED = "refused", "refused"

    kind = models.CharField(max_length=20)
    file = models.FileField(upload_to="imports/%Y/%m/")
    name = models.CharField(max_length=255, help_text="What the file was called.")
    checksum = models.CharField(max_length=64, help_text="SHA-256 of the file, in hexadecimal.")
    options = models.JSONField(default=_no_options)
    report = models.JSONField(null=True)
    state = models.CharField(max_length=10, choices=State, default=State.UPLOADED)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT)
    created_at = models.DateTimeField(auto_now_add=True)
    leased_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.name} ({self.kind})"
