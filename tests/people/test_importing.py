"""The import screens: upload, preview, confirm, report; who may, and what is never lost."""

import io
import threading
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from config import tables
from people import import_work, importing, tasks
from people.importing import Options
from people.models import Department, ImportJob, Person
from tests.factories import PersonFactory

STAFF = (
    "Name,E-mail,Department\n"
    "Ada Byron,ada@example.com,Research\n"
    "Bob Stone,bob@example.com,Research\n"
)
UPLOAD = "admin:people_person_import"
JOB = "admin:people_person_import_job"
KINDS = {
    "people": ("people", "person"),
    "locations": ("people", "location"),
    "vendors": ("assets", "vendor"),
    "products": ("assets", "product"),
    "assets": ("assets", "asset"),
    "stock": ("assets", "stockitem"),
    "contracts": ("contracts", "contract"),
    "tickets": ("support", "ticket"),
}
ROLES = ["administrator", "it", "finance", "service_desk", "auditor", "superuser"]


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def signed_in(client, it):
    client.force_login(it)
    return client


def file(text=STAFF, name="staff.csv"):
    data = text.encode() if isinstance(text, str) else text
    return SimpleUploadedFile(name, data)


def send(client, text=STAFF, name="staff.csv", **options):
    return client.post(reverse(UPLOAD), {"file": file(text, name), **options})


def uploaded(by, text=STAFF, **options):
    return importing.upload(file(text), kind="people", options=Options(**options), by=by)


def stored():
    return [
        path for path in Path(ImportJob.file.field.storage.location).rglob("*") if path.is_file()
    ]


def many(count, start=0):
    rows = (f"Person {n},p{n}@example.com\n" for n in range(start, start + count))
    return "Name,E-mail\n" + "".join(rows)


# --- From a file to the register -----------------------------------------------------------------


def test_it_imports_people_from_a_small_file_end_to_end(signed_in, it):
    listed = signed_in.get(reverse("admin:people_person_changelist")).content.decode()
    assert reverse(UPLOAD) in listed
    assert "Which columns are understood" in signed_in.get(reverse(UPLOAD)).content.decode()

    page = signed_in.post(reverse(UPLOAD), {"file": file(), "create_missing": "on"}, follow=True)
    shown = page.content.decode()
    assert "Nothing is written yet" in shown
    assert "To be made: departments (1)" in shown
    assert not Person.objects.filter(email="ada@example.com").exists()

    page = signed_in.post(page.request["PATH_INFO"], {"confirm": "1"}, follow=True)
    assert "The file is written" in page.content.decode()
    ada = Person.objects.get(email="ada@example.com")
    assert ada.department.name == "Research"
    version = ada.history.get()
    assert version.history_user == it
    assert version.history_change_reason == "imported from staff.csv"


def test_a_refused_row_is_shown_with_its_column_value_and_what_is_accepted(signed_in):
    page = signed_in.post(reverse(UPLOAD), {"file": file()}, follow=True).content.decode()
    assert "Nothing is written while rows are refused" in page
    assert "Department</td>" in page
    assert "Research</td>" in page
    assert "accepted is the name of a department that is there" in page
    assert 'name="confirm"' not in page


def test_what_would_be_refused_cannot_be_confirmed_by_hand_either(signed_in, it):
    job = uploaded(it)
    page = signed_in.post(reverse(JOB, args=[job.pk]), {"confirm": "1"}, follow=True)
    assert "has 2 refused rows" in page.content.decode()
    assert not Person.objects.filter(email="ada@example.com").exists()


def test_the_same_file_is_read_again_with_other_options(signed_in, it):
    job = uploaded(it)
    again = {"again": "1", "create_missing": "on"}
    page = signed_in.post(reverse(JOB, args=[job.pk]), again, follow=True).content.decode()
    assert "Nothing is written yet" in page
    signed_in.post(reverse(JOB, args=[job.pk]), {"confirm": "1"})
    assert Department.objects.get(name="Research").people.count() == 2


def test_refused_rows_are_left_out_where_that_was_chosen(signed_in):
    text = STAFF + "Eve,eve@example.com,\n"
    page = send(signed_in, text, skip_refused="on")
    shown = signed_in.get(page.url).content.decode()
    assert "The 2 refused rows are left out" in shown
    signed_in.post(page.url, {"confirm": "1"})
    assert Person.objects.filter(email="eve@example.com").exists()
    assert not Person.objects.filter(email="ada@example.com").exists()


def test_the_preview_tells_before_and_after(signed_in):
    PersonFactory(name="Ada", email="ada@example.com", title="Clerk")
    page = send(signed_in, "Name,E-mail,Title\nAda,ada@example.com,Director\n")
    shown = signed_in.get(page.url).content.decode()
    assert "<td>Clerk</td>" in shown
    assert "<td>Director</td>" in shown


def test_a_file_that_changes_nothing_has_nothing_to_confirm(signed_in, it):
    text = "Name,E-mail\nAda,ada@example.com\n"
    importing.confirm(uploaded(it, text), by=it)
    job = uploaded(it, text)
    page = signed_in.get(reverse(JOB, args=[job.pk])).content.decode()
    assert "There is nothing to write" in page
    assert 'name="confirm"' not in page
    with pytest.raises(ValidationError, match="would change nothing"):
        importing.confirm(job, by=it)


def test_columns_and_values_are_given_by_lines(signed_in):
    text = "Who,Where to write\nAda,ada@example.com\n"
    options = {"mapping": "Who=name\nWhere to write=email\n", "constants": "title=Clerk"}
    page = send(signed_in, text, **options)
    signed_in.post(page.url, {"confirm": "1"})
    assert Person.objects.get(email="ada@example.com").title == "Clerk"


def test_what_a_file_says_is_shown_as_text(signed_in):
    text = "Name,E-mail,Department\n<script>alert(1)</script>,x@example.com,<b>bold</b>\n"
    page = signed_in.post(
        reverse(UPLOAD), {"file": file(text, "<i>staff.csv"), "create_missing": "on"}, follow=True
    ).content.decode()
    assert "<script>alert" not in page
    assert "<b>bold" not in page
    assert "<i>staff" not in page


def test_an_excel_file_is_imported_too(signed_in):
    book = openpyxl.Workbook()
    book.active.append(["Name", "E-mail"])
    book.active.append(["Ada", "ada@example.com"])
    saved = io.BytesIO()
    book.save(saved)
    page = send(signed_in, saved.getvalue(), "staff.xlsx")
    signed_in.post(page.url, {"confirm": "1"})
    assert Person.objects.get(email="ada@example.com").name == "Ada"


# --- What is refused at the door -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("empty.csv", b"", "empty.csv is empty."),
        ("blank.csv", b" \n\n", "blank.csv is empty."),
        ("header.csv", b"Name,E-mail\n", "header.csv has a header and no row below it."),
        ("picture.png", b"\x89PNG\r\n", "picture.png is neither CSV nor Excel"),
        ("staff.csv.exe", b"MZ", "staff.csv.exe is neither CSV nor Excel"),
        ("old.xls", b"\xd0\xcf\x11\xe0", "old.xls is neither CSV nor Excel"),
        ("broken.xlsx", b"PK\x03\x04 and no more", "broken.xlsx is damaged"),
        ("strange.csv", b"a,b\n1,2\n", "No header of strange.csv is known."),
        ("../../etc/passwd.csv", b"a,b\n1,2\n", "No header of passwd.csv is known."),
        ("quote.csv", b'Name,E-mail\n"Ada,a@example.com\n', "quote.csv cannot be read"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words_and_not_stored(signed_in, name, data, sentence):
    response = send(signed_in, data, name)
    assert response.status_code == 200
    import html

    assert sentence in html.unescape(response.content.decode())
    assert not ImportJob.objects.exists()
    assert not stored()


def test_binary_data_named_csv_is_refused_in_words(signed_in):
    data = bytes(range(256)) * 20
    response = send(signed_in, data, "noise.csv")
    assert response.status_code == 200
    assert "noise.csv" in response.content.decode()
    assert not ImportJob.objects.exists()


def test_a_file_that_is_too_large_is_refused(signed_in, monkeypatch):
    monkeypatch.setattr(tables, "MAX_BYTES", 100)
    response = send(signed_in, many(10))
    assert "staff.csv is larger than" in response.content.decode()
    assert not ImportJob.objects.exists()


def test_no_file_and_a_line_without_a_sign_are_refused(signed_in):
    assert "required" in signed_in.post(reverse(UPLOAD), {}).content.decode()
    response = send(signed_in, mapping="no sign")
    assert "is not understood. Accepted is HEADER=field" in response.content.decode()


def test_the_form_keeps_what_was_typed(signed_in):
    page = send(signed_in, b"x,y\n1,2\n", "odd.csv", constants="title=Clerk").content.decode()
    assert "title=Clerk</textarea>" in page


# --- Who may -------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ROLES)
def test_only_who_may_import_reaches_the_screens(request, client, who, without_menus):
    user = request.getfixturevalue(who)
    client.force_login(user)
    for kind, (app, model) in KINDS.items():
        allowed = user.has_perm(f"{app}.import_{model}")
        job = ImportJob.objects.create(
            kind=kind, name="x.csv", checksum="0", created_by=user, state="refused"
        )
        upload, page = f"admin:{app}_{model}_import", f"admin:{app}_{model}_import_job"
        upload, page = reverse(upload), reverse(page, args=[job.pk])
        expected = 200 if allowed else 403
        assert client.post(upload, {"file": file("")}).status_code == expected, kind
        assert client.get(page).status_code == expected, kind
        assert client.post(page, {}).status_code == (302 if allowed else 403), kind
        listed = client.get(reverse(f"admin:{app}_{model}_changelist")).content.decode()
        assert (upload in listed) == allowed, kind


def test_who_lost_the_permission_writes_nothing(signed_in, it):
    job = uploaded(it, many(2))
    it.groups.clear()
    assert signed_in.post(reverse(JOB, args=[job.pk]), {"confirm": "1"}).status_code == 403
    with pytest.raises(ValidationError, match="You may not import people"):
        importing.confirm(job, by=type(it).objects.get(pk=it.pk))


def test_rights_count_when_the_rows_are_written(it, monkeypatch):
    job = uploaded(it, many(2))
    monkeypatch.setattr(importing, "INLINE_ROWS", 1)
    importing.confirm(job, by=it)
    it.groups.clear()
    import_work.run_waiting()
    job.refresh_from_db()
    assert job.state == "refused"
    assert not Person.objects.filter(email="p1@example.com").exists()


def test_another_ones_upload_does_not_exist(client, it, administrator):
    job = uploaded(it, many(2))
    client.force_login(administrator)
    address = reverse(JOB, args=[job.pk])
    assert client.get(address).status_code == 404
    assert client.post(address, {"confirm": "1"}).status_code == 404
    assert client.post(address, {"again": "1"}).status_code == 404
    job.refresh_from_db()
    assert job.state == "previewed"


def test_an_upload_of_one_kind_is_not_reached_as_another(signed_in, it):
    job = uploaded(it, many(2))
    other = reverse("admin:people_location_import_job", args=[job.pk])
    assert signed_in.get(other).status_code == 404
    assert signed_in.get(reverse(JOB, args=[job.pk + 1])).status_code == 404


def test_the_stored_file_has_no_address_and_no_name_to_guess(signed_in, it):
    job = uploaded(it, many(2))
    assert "staff" not in job.file.name
    for start in ("/", "/media/", "/documents/", "/static/"):
        assert signed_in.get(start + job.file.name).status_code == 404


# --- Once, and all of it or nothing --------------------------------------------------------------


def test_a_second_confirmation_is_told_and_writes_nothing(signed_in, it):
    job = uploaded(it, many(2))
    address = reverse(JOB, args=[job.pk])
    signed_in.post(address, {"confirm": "1"})
    page = signed_in.post(address, {"confirm": "1"}, follow=True).content.decode()
    assert "it cannot be confirmed" in page
    assert Person.objects.get(email="p1@example.com").history.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_confirmations_at_once_write_once():
    from tests.conftest import member

    it = member("IT")
    job = uploaded(it, many(20))
    barrier, told = threading.Barrier(2), []

    def confirm():
        try:
            barrier.wait()
            importing.confirm(ImportJob.objects.get(pk=job.pk), by=it)
        except ValidationError as refusal:
            told.extend(refusal.messages)
        finally:
            connection.close()

    threads = [threading.Thread(target=confirm) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(told) == 1
    assert "it cannot be confirmed" in told[0]
    job.refresh_from_db()
    assert job.state == "done"
    assert Person.history.filter(history_change_reason="imported from staff.csv").count() == 20


def test_a_file_that_was_exchanged_is_not_written(signed_in, it):
    job = uploaded(it, many(2))
    Path(job.file.path).write_text(many(2, start=50))
    page = signed_in.post(reverse(JOB, args=[job.pk]), {"confirm": "1"}, follow=True)
    assert "was changed where it is stored" in page.content.decode()
    assert not Person.objects.filter(email__startswith="p").exclude(email__startswith="pe").exists()


def test_a_file_that_is_gone_is_told(signed_in, it):
    job = uploaded(it, many(2))
    Path(job.file.path).unlink()
    page = signed_in.post(reverse(JOB, args=[job.pk]), {"confirm": "1"}, follow=True)
    assert page.status_code == 200
    assert "no longer stored" in page.content.decode()


def test_what_was_refused_since_the_preview_means_that_nothing_is_written(it):
    PersonFactory(name="Boss", email="boss@example.com")
    job = uploaded(it, "Name,E-mail,Manager\nAda,ada@example.com,boss@example.com\n")
    Person.objects.get(email="boss@example.com").delete()
    importing.confirm(job, by=it)
    job.refresh_from_db()
    assert job.state == "refused"
    assert job.report["refusals"][0]["column"] == "Manager"
    assert not Person.objects.filter(email="ada@example.com").exists()


# --- Many rows, in the background ----------------------------------------------------------------


def test_many_rows_are_previewed_and_written_by_the_task(signed_in, it):
    page = send(signed_in, many(importing.INLINE_ROWS + 1))
    shown = signed_in.get(page.url).content.decode()
    assert 'http-equiv="refresh"' in shown
    assert "being read in the background" in shown

    tasks.run_imports()
    shown = signed_in.get(page.url).content.decode()
    assert "Nothing is written yet" in shown
    assert 'http-equiv="refresh"' not in shown
    signed_in.post(page.url, {"confirm": "1"})
    assert "being written in the background" in signed_in.get(page.url).content.decode()
    assert not Person.objects.filter(email="p1@example.com").exists()

    tasks.run_imports()
    assert "The file is written" in signed_in.get(page.url).content.decode()
    assert Person.objects.filter(email__regex=r"^p\d+@").count() == importing.INLINE_ROWS + 1


@pytest.fixture
def confirmed(it, monkeypatch):
    """A job that waits for a worker to write it."""
    job = uploaded(it, many(3))
    monkeypatch.setattr(importing, "INLINE_ROWS", 1)
    importing.confirm(job, by=it)
    job.refresh_from_db()
    return job


def test_a_job_under_a_lease_is_not_taken_twice(confirmed):
    ImportJob.objects.filter(pk=confirmed.pk).update(leased_until=timezone.now() + timedelta(1))
    assert import_work.run_waiting() == 0


def test_what_a_killed_worker_left_is_written_once_its_lease_has_run_out(confirmed, monkeypatch):
    class Killed(BaseException):
        pass

    whole = import_work.run

    def killed(*args, **kwargs):
        whole(*args, **kwargs)
        raise Killed

    monkeypatch.setattr(import_work, "run", killed)
    with pytest.raises(Killed):
        import_work.run_waiting()
    assert not Person.objects.filter(email="p1@example.com").exists()
    confirmed.refresh_from_db()
    assert confirmed.state == "confirmed"

    monkeypatch.setattr(import_work, "run", whole)
    assert import_work.run_waiting() == 0  # the lease still holds
    past = timezone.now() - timedelta(seconds=1)
    ImportJob.objects.filter(pk=confirmed.pk).update(leased_until=past)
    assert import_work.run_waiting() == 1
    assert Person.objects.get(email="p1@example.com").history.count() == 1


def test_a_job_that_breaks_every_worker_is_given_up(confirmed):
    ImportJob.objects.filter(pk=confirmed.pk).update(attempts=import_work.ATTEMPTS)
    import_work.run_waiting()
    confirmed.refresh_from_db()
    assert confirmed.state == "refused"
    assert "could not be worked through" in confirmed.report["refusals"][0]["problem"]


def test_an_unforeseen_fault_is_kept_in_words_and_the_next_job_runs(confirmed, it, monkeypatch):
    monkeypatch.setattr(importing, "INLINE_ROWS", 2000)
    other = uploaded(it, many(3, start=100))
    monkeypatch.setattr(importing, "INLINE_ROWS", 1)
    importing.confirm(other, by=it)
    whole = import_work.run

    monkeypatch.setattr(import_work, "run", lambda r, t, **k: _fail_first(whole, r, t, k))
    assert import_work.run_waiting() == 2
    confirmed.refresh_from_db()
    other.refresh_from_db()
    assert (confirmed.state, other.state) == ("refused", "done")
    assert "secret" not in str(confirmed.report)


def _fail_first(whole, resource, table, options):
    if "p0@example.com" in table["E-mail"]:
        raise RuntimeError("secret detail")
    return whole(resource, table, **options)
