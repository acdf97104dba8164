"""Documents in the back office: on the page of their record, for those who may view it."""

import logging
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin import display
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, OuterRef, Q, QuerySet, Subquery
from django.http import FileResponse, Http404, HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_safe

from config.admin import ReadOnlyAdmin
from config.admin.record import GenericInline
from config.forms import VersionedForm
from people import documents
from people.models import Document

logger = logging.getLogger(__name__)


class DocumentForm(VersionedForm):
    upload = forms.FileField(label="File", required=False)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        upload = self.cleaned_data.get("upload")
        if self.instance.pk is None and not upload:
            raise ValidationError({"upload": "Choose a file."})
        if upload:
            try:
                documents.describe(self.instance, upload)
            except ValidationError as refusal:
                self.add_error("upload", refusal)
        return cleaned


class DocumentInline(GenericInline):
    """Adds and deletes; a document that is there is not changed."""

    model = Document
    form = DocumentForm
    fields = ["title", "upload", "link", "added_at", "added_by"]
    readonly_fields = ["link", "added_at", "added_by"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Document]:
        return with_authors(super().get_queryset(request))

    @display(description="by", empty_value="–")
    def added_by(self, document: Any) -> str | None:
        return getattr(document, "author", None)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @display(description="open", empty_value="–")
    def link(self, document: Document) -> str | None:
        return _link(document) if document.pk else None


def with_authors(rows: QuerySet[Document]) -> QuerySet[Document]:
    """Each with the name of who added it in `author`."""
    versions = Document.history.filter(id=OuterRef("pk")).order_by("history_id")
    return rows.annotate(author=Subquery(versions.values("history_user__name")[:1]))


def _link(document: Document) -> str:
    address = reverse("admin:people_document_open", args=[document.pk])
    size = documents.size_in_words(document.size)
    return format_html('<a href="{}">{}</a> ({})', address, document.name, size)


@admin.register(Document)
class DocumentAdmin(ReadOnlyAdmin):
    list_display = ["title", "content_type", "name", "media_type", "size", "added_at", "added_by"]
    list_filter = ["media_type"]
    search_fields = ["title", "name"]
    list_select_related = ["content_type"]
    fields = ["title", "link", "record", "media_type", "size", "checksum", "added_at"]
    readonly_fields = ["link", "record"]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_safe(self.open_view))
        own = path("<int:object_id>/open/", view, name="people_document_open")
        return [own, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Document]:
        """The documents of the records that this user may view: in the list as on every page."""
        seen = Q(pk__in=[])
        for kind in documents.kinds():
            model = kind.model_class()
            owner: Any = self.admin_site._registry.get(model) if model else None
            if owner is not None and owner is not self and owner.has_view_permission(request):
                records = owner.get_queryset(request).order_by().values("pk")
                seen |= Q(content_type=kind, object_id__in=records)
        return with_authors(super().get_queryset(request).filter(seen))

    @display(description="by", empty_value="–")
    def added_by(self, document: Any) -> str:
        return str(document.author or "")

    def open_view(self, request: HttpRequest, object_id: int) -> FileResponse:
        """The file, for who may view the record; for anybody else there is none."""
        document = self.get_queryset(request).filter(pk=object_id).first()
        if document is None:
            raise Http404("There is no such document.")
        if not request.user.has_perm("people.view_document"):
            raise PermissionDenied
        try:
            return documents.response(document)
        except FileNotFoundError as error:
            logger.exception("The file of document %s is missing: %s", document.pk, document.file)
            raise Http404(f"The file of {document} is missing: tell IT.") from error

    @display(description="file")
    def link(self, document: Document) -> str:
        return _link(document)
