"""Files attached to records: what is accepted, who gets them, what is left behind."""

from datetime import timedelta
from io import BytesIO
from zipfile import ZipFile, ZipInfo

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from people import documents
from people.models import Document
from tests.factories import AssetFactory, ContractFactory, DocumentFactory

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40
PDF = b"%PDF-1.4\n%%EOF\n"
# In two parts, so that no scanner stops at this file.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}" rb"$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def open_document():
    bytes_ = BytesIO()
    with ZipFile(bytes_, "w") as archive:
        archive.writestr(ZipInfo("mimetype"), documents.ACCEPTED["odt"])
    return bytes_.getvalue()


def word(*parts):
    bytes_ = BytesIO()
    with ZipFile(bytes_, "w") as archive:
        for part in ("[Content_Types].xml", "_rels/.rels", "docProps/core.xml", *parts):
            archive.writestr(ZipInfo(part), "<x/>")  # not of this second: it is in a test's name
        archive.writestr(ZipInfo("word/styles.xml"), "<x/>")
    return bytes_.getvalue()


def files():
    return list(documents._files("attached"))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("invoice.pdf", PDF),
        ("Screen.PNG", PNG),
        ("note.txt", "Grüße".encode()),
        ("list.csv", b"tag;serial\n"),
        ("excel.csv", "Gerät;Größe €\r\n".encode("cp1252")),
        ("scanner.txt", b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE is what it looks for."),
        ("letter.odt", open_document()),
        ("report.docx", word("word/document.xml")),
    ],
)
def test_what_is_accepted_is_kept_as_it_came(name, content, it):
    asset = AssetFactory()
    document = documents.attach(asset, title="Paper", file=ContentFile(content, name), by=it)
    assert documents.documents_of(asset).get() == document
    assert (document.name, document.size) == (name, len(content))
    assert document.file.read() == content
    assert len(document.checksum) == 64
    assert name not in document.file.name
    assert document.history.get().history_user == it


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("empty.pdf", b"", "empty.pdf is empty"),
        ("run.exe", b"MZ", "run.exe is not accepted: send PDF"),
        ("invoice.pdf.exe", PDF, "is not accepted"),
        ("page.html", b"<html>", "is not accepted"),
        ("icon.svg", b"<svg/>", "is not accepted"),
        ("photo.png", PDF, "is no PNG file"),
        ("paper.pdf", b"<html><script>", "is no PDF file"),
        ("note.txt", b" <script>alert(1)</script>", "is no TXT file"),
        ("note.txt", b"a\x00b", "is no TXT file"),
        ("archive.docx", open_document(), "is no DOCX file"),
        ("noextension", PDF, "is not accepted"),
        ("binary.csv", b"tag\x01\x02", "is no CSV file"),
        ("report.docx", word("word/vbaProject.bin"), "holds macros"),
        ("x.txt", EICAR, "test virus"),
        ("x.csv", b"\xef\xbb\xbf tag;" + EICAR.lower() + b"\r\n", "test virus"),
        ("x.txt", EICAR.replace(b"X5O", b"X50"), "test virus"),
        ("x.pdf", PDF + EICAR, "test virus"),
        ("x.eicar", EICAR, "is not accepted: send PDF"),
    ],
)
def test_anything_else_is_refused_in_words_and_leaves_nothing(name, content, sentence, it):
    with pytest.raises(ValidationError, match=sentence):
        documents.attach(AssetFactory(), title="Paper", file=ContentFile(content, name), by=it)
    assert not Document.objects.exists()
    assert files() == []


def test_what_is_too_large_is_refused_by_its_size(it, monkeypatch):
    monkeypatch.setattr(documents, "LARGEST", 10)
    with pytest.raises(ValidationError, match="at most 0 MB"):
        documents.attach(AssetFactory(), title="x", file=ContentFile(PDF, "a.pdf"), by=it)


@pytest.mark.parametrize("kind", [SimpleUploadedFile, "on disk"])
def test_one_file_is_kept_whole_with_each_of_many_records(kind, it):
    if kind == "on disk":  # as Django takes in what is large
        file = TemporaryUploadedFile("screen.png", "image/png", len(PNG), None)
        file.write(PNG)
    else:
        file = kind("screen.png", PNG)

    kept = [documents.attach(AssetFactory(), title="Photo", file=file, by=it) for _ in range(3)]

    assert [(it.size, it.file.read()) for it in kept] == [(len(PNG), PNG)] * 3


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("../../etc/passwd.txt", "passwd.txt"),
        ("C:\\papers\\bill.pdf", "bill.pdf"),
        ("bill\r\nX-Evil: 1.pdf", "billX-Evil: 1.pdf"),
        ("bill\u202efdp.txt", "billfdp.txt"),
        ("x" * 400 + ".pdf", "x" * 146 + ".pdf"),
    ],
)
def test_a_file_name_is_cleaned(name, cleaned):
    assert documents.cleaned_name(name) == cleaned


def opened(client, document):
    return client.get(reverse("admin:people_document_open", args=[document.pk]))


def test_a_document_is_given_out_to_be_saved_and_runs_nowhere(client, it):
    document = DocumentFactory(name='über"uns.txt')
    client.force_login(it)
    response = opened(client, document)
    assert b"".join(response.streaming_content) == b"Hello"
    assert response["Content-Disposition"].startswith("attachment")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]


def test_who_may_not_view_the_record_gets_no_document_of_it(client, it):
    document = DocumentFactory(record=ContractFactory())
    client.force_login(it)
    assert opened(client, document).status_code == 200
    it.groups.clear()
    assert opened(client, document).status_code in (403, 404)


def test_of_a_record_that_is_gone_there_is_no_document(client, superuser):
    document = DocumentFactory()
    document.record.delete()
    client.force_login(superuser)
    assert opened(client, document).status_code == 404


def test_a_document_is_uploaded_on_the_page_of_its_record(client, it):
    asset = AssetFactory()
    address = reverse("admin:assets_asset_change", args=[asset.pk])
    client.force_login(it)
    page = client.get(address)
    sent = sent_back(page)
    prefix = "people-document-content_type-object_id"
    sent |= {
        f"{prefix}-TOTAL_FORMS": "1",
        f"{prefix}-0-title": "Invoice",
        f"{prefix}-0-upload": SimpleUploadedFile("invoice.pdf", b"<html>"),
        "reason": "filed",
    }
    refused = client.post(address, sent)
    assert "is no PDF file" in refused.content.decode()
    sent = sent_back(client.get(address)) | {
        f"{prefix}-TOTAL_FORMS": "1",
        f"{prefix}-0-title": "Invoice",
        f"{prefix}-0-upload": SimpleUploadedFile("invoice.pdf", PDF),
        "reason": "filed",
    }
    assert client.post(address, sent).status_code == 302
    document = documents.documents_of(asset).get()
    assert (document.title, document.media_type) == ("Invoice", "application/pdf")
    assert document.history.get().history_change_reason == "filed"
    assert "invoice.pdf" in client.get(address).content.decode()


def sent_back(page):
    """What a browser would send of the page as it is."""
    sent = {}
    forms = [page.context["adminform"].form]
    for inline in page.context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.initial_forms]
    for form in forms:
        for bound in form:
            value = bound.value()
            if value is not None and value is not False:
                sent[bound.html_name] = value
    return sent


def test_files_without_a_row_are_removed_after_a_day(it):
    kept = DocumentFactory()
    with transaction.atomic():
        documents.attach(AssetFactory(), title="x", file=ContentFile(PDF, "a.pdf"), by=it)
        transaction.set_rollback(True)
    assert len(files()) == 2
    assert documents.tidy() == 0
    assert documents.tidy(timezone.now() + timedelta(days=2)) == 1
    assert default_storage.exists(kept.file.name)


def test_the_list_shows_only_documents_of_records_one_may_view(client, service_desk):
    shown = DocumentFactory(title="Visible paper")
    secret = DocumentFactory(title="Salaries", record=ContractFactory())
    service_desk.user_permissions.add(Permission.objects.get(codename="view_document"))
    service_desk.groups.clear()
    service_desk.user_permissions.add(Permission.objects.get(codename="view_asset"))
    client.force_login(service_desk)
    text = client.get(reverse("admin:people_document_changelist")).content.decode()
    assert shown.title in text
    assert secret.title not in text
    page = reverse("admin:people_document_change", args=[secret.pk])
    assert secret.title not in client.get(page, follow=True).content.decode().replace(page, "")
    assert opened(client, secret).status_code == 404


def test_a_document_whose_file_is_missing_is_not_found_and_logged(client, it, caplog):
    document = DocumentFactory()
    default_storage.delete(document.file.name)
    client.force_login(it)
    assert opened(client, document).status_code == 404
    assert "is missing" in caplog.text


def test_documents_of_a_deleted_record_go_and_their_files_a_day_later():
    kept, left = DocumentFactory(), DocumentFactory()
    left.record.delete()
    later = timezone.now() + timedelta(days=2)
    documents.tidy()
    assert Document.objects.get() == kept
    trace = Document.history.filter(id=left.pk).latest()
    assert trace.history_change_reason == "its record was deleted"
    assert default_storage.exists(left.file.name)
    assert documents.tidy(later) == 1
    assert files() == [kept.file.name]
