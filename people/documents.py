"""Attaching files to records: what is accepted, where it lies, how it is given out."""

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import PurePath
from zipfile import BadZipFile, ZipFile

import filetype
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import models
from django.http import FileResponse
from django.utils import timezone

from config.history import Actor, delete_as, save_as
from people.models import Document

LARGEST = 20 * 1024 * 1024
OFFICE = "application/vnd.openxmlformats-officedocument"
ACCEPTED = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "heic": "image/heic",
    "docx": f"{OFFICE}.wordprocessingml.document",
    "xlsx": f"{OFFICE}.spreadsheetml.sheet",
    "odt": "application/vnd.oasis.opendocument.text",
    "txt": "text/plain",
    "csv": "text/csv",
}
"""Nothing that a browser would run: no HTML, no SVG."""
TEST_VIRUS = re.compile(
    rb"X5[O0]!P%@AP\[4\\PZX54\(P\^\)7CC\)7\}\$"
    rb"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!\$H\+H\*",
    re.IGNORECASE,
)
"""What every virus scanner is tried with: harmless, and refused wherever in a file it stands."""
IN_WORDS = "PDF, PNG, JPEG, WebP, HEIC, DOCX, XLSX, ODT, TXT or CSV"


def attach(
    record: models.Model, *, title: str, file: File, by: Actor, reason: str = ""
) -> Document:
    """Attach a file to a record, in the caller's transaction.

    Raises ValidationError where the file is empty, too large, or not what its name says.
    """
    document = Document(record=record, title=title)
    describe(document, file)
    try:
        save_as(document, by=by, reason=reason or f"attached to {record}")
    except Exception:
        document.file.delete(save=False)  # no file without a row
        raise
    return document


def keep_original(
    record: models.Model, *, title: str, name: str, media_type: str, content: bytes, by: Actor
) -> Document:
    """Keep what Steward itself received with a record, as it came and whatever it holds.

    It is served as any document is: to be saved, to who may view the record. For what people send
    there is `attach`.
    """
    document = Document(
        record=record,
        title=title[:150],
        name=cleaned_name(name),
        media_type=media_type,
        size=len(content),
        checksum=hashlib.sha256(content).hexdigest(),
        file=ContentFile(content, name=name),
    )
    save_as(document, by=by, reason=f"came with {record}"[:250])
    return document


def describe(document: Document, file: File) -> None:
    """Fill in everything that follows from the file. Raises ValidationError as `attach` does."""
    name = cleaned_name(file.name or "")
    _check_size(name, file.size)
    file.seek(0)  # one file may be for many records, and was read to its end for the one before
    content = file.read()
    file.seek(0)
    document.name, document.size = name, len(content)
    document.media_type = _media_type(name, content)
    document.checksum = hashlib.sha256(content).hexdigest()
    document.file = File(file, name=name)


def cleaned_name(name: str) -> str:
    """A file name without folders, control characters and marks that reverse the reading."""
    base = PurePath(name.replace("\\", "/")).name
    plain = "".join(it for it in base if unicodedata.category(it)[0] != "C")
    stem, dot, extension = plain.rpartition(".")
    return f"{stem[: 149 - len(extension)]}{dot}{extension}"[-150:]


def _check_size(name: str, size: int) -> None:
    if size == 0:
        raise ValidationError(f"{name} is empty.")
    if size > LARGEST:
        raise ValidationError(
            f"{name} has {size / 1024**2:.1f} MB: at most {LARGEST // 1024**2} MB are accepted."
        )


def _media_type(name: str, content: bytes) -> str:
    extension = name.rpartition(".")[2].lower()
    media_type = ACCEPTED.get(extension)
    if media_type is None:
        raise ValidationError(f"{name} is not accepted: send {IN_WORDS}.")
    if TEST_VIRUS.search(content):
        raise ValidationError(f"{name} is not accepted: it holds the test virus of scanners.")
    found = _is_text(content) if media_type.startswith("text/") else _is(media_type, content)
    if not found:
        raise ValidationError(f"{name} is no {extension.upper()} file, whatever its name says.")
    if media_type.startswith(OFFICE) and _has_macros(content):
        raise ValidationError(f"{name} holds macros: save it without them, or as PDF.")
    return media_type


def _is(media_type: str, content: bytes) -> bool:
    kind = filetype.guess(content)
    if kind is None:
        return False
    # An OpenDocument says what it is in its first entry, which stands there uncompressed.
    return kind.mime == media_type or (
        kind.mime == "application/zip" and media_type.encode() in content[:200]
    )


def _is_text(content: bytes) -> bool:
    """Whether it reads as text, as Excel in western Europe saves it too, and is no markup."""
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return not re.search(r"[\x00-\x08\x0e-\x1f]", text) and not re.match(r"\s*<", text)
    return False


def _has_macros(content: bytes) -> bool:
    try:
        names = ZipFile(BytesIO(content)).namelist()
    except BadZipFile:
        return False
    return any(name.endswith("vbaProject.bin") for name in names)


def documents_of(record: models.Model) -> models.QuerySet[Document]:
    """What is attached to a record, the newest first."""
    kind = ContentType.objects.get_for_model(record)
    return Document.objects.filter(content_type=kind, object_id=record.pk)


def kinds() -> models.QuerySet[ContentType]:
    """What has documents: the content types in use."""
    return ContentType.objects.filter(pk__in=Document.objects.order_by().values("content_type"))


def response(document: Document) -> FileResponse:
    """The file, to be saved and not shown: whatever it holds runs nowhere on this site."""
    return FileResponse(
        document.file.open("rb"),
        as_attachment=True,
        filename=document.name,
        content_type=document.media_type,
        headers={"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"},
    )


def tidy(at: datetime | None = None) -> int:
    """Remove files of a day ago and older that no document has; returns how many there were.

    Such are left where a document was deleted, or a transaction undone after its file was written.
    Then deletes the documents of records that are gone; their files go a day later.
    """
    before = (at or timezone.now()) - timedelta(days=1)
    known = set(Document.objects.values_list("file", flat=True))
    orphans = [
        name
        for name in _files("attached")
        if name not in known and default_storage.get_modified_time(name) < before
    ]
    for name in orphans:
        default_storage.delete(name)
    _delete_left_behind()
    return len(orphans)


def _delete_left_behind() -> None:
    for kind in kinds():
        model = kind.model_class()
        if model is None:
            continue  # its app is not installed at present: nobody knows what is gone
        there = model._base_manager.order_by().values("pk")
        for document in Document.objects.filter(content_type=kind).exclude(object_id__in=there):
            delete_as(document, by=None, reason="its record was deleted")


def _files(folder: str) -> Iterator[str]:
    if not default_storage.exists(folder):
        return
    folders, files = default_storage.listdir(folder)
    for inner in folders:
        yield from _files(f"{folder}/{inner}")
    for file in files:
        yield f"{folder}/{file}"


def size_in_words(size: int) -> str:
    return f"{size / 1024:.0f} kB" if size < 1024**2 else f"{size / 1024**2:.1f} MB"
