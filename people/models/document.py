"""Papers and pictures that belong to a record."""

import secrets
from typing import Any

from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Q
from django.utils import timezone

from config.history import Record


def random_path(document: "Document", name: str) -> str:
    """Where the file lies in the private storage: by day, under a name that nobody can guess."""
    return f"attached/{timezone.localdate():%Y/%m}/{secrets.token_hex(16)}"


class Document(Record):
    """A file attached to any record; added and deleted, never changed.

    Made by `people.documents`, which looks at what the file is; served only to who may view the
    record.
    """

    content_type = models.ForeignKey(ContentType, models.PROTECT, related_name="+")
    object_id = models.PositiveBigIntegerField()
    record: Any = GenericForeignKey()
    title = models.CharField(max_length=150)
    file = models.FileField(upload_to=random_path, max_length=200, editable=False)
    name = models.CharField("file name", max_length=150, editable=False)
    media_type = models.CharField(max_length=100, editable=False)
    size = models.PositiveIntegerField("bytes", editable=False)
    checksum = models.CharField(
        max_length=64, editable=False, help_text="SHA-256 of the file, in hexadecimal."
    )
    added_at = models.DateTimeField("added", default=timezone.now, editable=False)

    class Meta:
        ordering = ["-added_at", "-pk"]
        indexes = [models.Index(fields=["content_type", "object_id"])]
        constraints = [
            models.CheckConstraint(
                name="document_is_not_empty",
                condition=Q(size__gt=0),
                violation_error_message="The file is empty.",
            ),
        ]

    def __str__(self) -> str:
        return self.title
