"""A spreadsheet's way into the register from the back office: uploaded, previewed, confirmed.

What is written is the file that was previewed: it is stored where no address leads, and its
checksum is compared before each use. Few rows are worked through at once, in the request; many wait
for the scheduled task of `people.import_work`.
"""

import io
import uuid
from dataclasses import asdict
from pathlib import PurePath

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from config import tables
from config.reports import Report
from people import import_work
from people.import_work import Options, check_permission, may_import
from people.models import ImportJob, User

__all__ = ["Options", "confirm", "jobs_of", "may_import", "preview", "upload"]

State = ImportJob.State
EXTENSIONS = (".csv", ".tsv", ".txt", ".xlsx")
INLINE_ROWS = 2_000
INLINE_BYTES = 2**20
"""A file above either is not worked through while somebody waits for the page."""
LONGEST_NAME = 100


def jobs_of(user: User, kind: str) -> QuerySet[ImportJob]:
    """The user's own imports of a kind; nobody sees another's."""
    own = ImportJob.objects.filter(created_by=user, kind=kind)
    return own if may_import(user, kind) else own.none()


def upload(file: UploadedFile, *, kind: str, options: Options, by: User) -> ImportJob:
    """Store a file, and preview it at once where it is small.

    Raises ValidationError where it cannot be read as a table or its columns are not understood;
    nothing is stored then.
    """
    check_permission(by, kind)
    name = _name(file)
    data = _content(file, name)
    job = ImportJob(
        kind=kind,
        name=name,
        checksum=import_work.checksum(data),
        options=asdict(options),
        created_by=by,
    )
    if len(data) <= INLINE_BYTES:
        table = tables.read(io.BytesIO(data), name)
        if _rows(table) <= INLINE_ROWS:
            import_work.keep(job, State.PREVIEWED, import_work.run_job(job, table, dry_run=True))
    _store(job, data)
    return job


@transaction.atomic
def preview(job: ImportJob, *, options: Options, by: User) -> None:
    """Preview the stored file once more, with other options.

    Raises ValidationError where it was confirmed already, or cannot be read so.
    """
    check_permission(by, job.kind)
    job = _locked(job, {State.PREVIEWED, State.REFUSED}, "previewed again")
    job.options, job.attempts, job.leased_until = asdict(options), 0, None
    job.state, job.finished_at = State.UPLOADED, None
    if _is_small(job):
        import_work.keep(
            job, State.PREVIEWED, import_work.run_job(job, import_work.table_of(job), dry_run=True)
        )
    job.save()


def confirm(job: ImportJob, *, by: User) -> None:
    """Have the previewed file written: at once where it is small, else by the next task.

    Raises ValidationError where it was confirmed already, or would write nothing.
    """
    check_permission(by, job.kind)
    with transaction.atomic():
        job = _locked(job, {State.PREVIEWED}, "confirmed")
        _check_worth(job)
        job.state, job.attempts = State.CONFIRMED, 0
        small = _is_small(job)
        if small:  # the request is the first to try
            job.leased_until = timezone.now() + import_work.LEASE
        job.save()
    if small:
        import_work.work(job)


# --- What is uploaded ----------------------------------------------------------------------------


def _name(file: UploadedFile) -> str:
    """What the file is called, without a path; a long name keeps its end."""
    name = PurePath((file.name or "").replace("\\", "/")).name
    name = "".join(letter for letter in name if letter.isprintable())[-LONGEST_NAME:]
    if PurePath(name.lower()).suffix not in EXTENSIONS:
        raise tables.refusal(
            name or "The file", "is neither CSV nor Excel: its name must end with .csv or .xlsx"
        )
    return name


def _content(file: UploadedFile, name: str) -> bytes:
    if (file.size or 0) > tables.MAX_BYTES:
        raise tables.refusal(name, f"is larger than {tables.MAX_BYTES // 2**20} MB; split it")
    data: bytes = file.read()
    if not data.strip():
        raise tables.refusal(name, "is empty")
    return data


def _store(job: ImportJob, data: bytes) -> None:
    """No file without its job, and none under a name that anybody could guess."""
    extension = PurePath(job.name.lower()).suffix
    job.file.save(f"{uuid.uuid4().hex}{extension}", ContentFile(data), save=False)
    try:
        job.save()
    except BaseException:
        job.file.delete(save=False)
        raise


def _rows(table: tables.Table) -> int:
    return len(table.numbers) + len(table.broken)


# --- What is asked of a job ----------------------------------------------------------------------


def _locked(job: ImportJob, states: set[State], verb: str) -> ImportJob:
    locked = ImportJob.objects.select_for_update().get(pk=job.pk)
    if locked.state not in states:
        state = State(locked.state).label
        raise ValidationError(f"{locked.name} is {state}: it cannot be {verb}.")
    return locked


def _is_small(job: ImportJob) -> bool:
    try:
        size = job.file.size
    except OSError:
        return True  # what is gone is refused where it is read
    report = Report.from_json(job.report) if job.report else Report()
    rows = report.created + report.updated + report.unchanged + report.refused
    return size <= INLINE_BYTES and rows <= INLINE_ROWS


def _check_worth(job: ImportJob) -> None:
    report = Report.from_json(job.report or {})
    if report.refused and not job.options["skip_refused"]:
        raise ValidationError(
            f"{job.name} has {report.refused} refused rows: correct the file and upload it again,"
            " or choose to leave those rows out."
        )
    if not report.created and not report.updated:
        raise ValidationError(f"{job.name} would change nothing: there is nothing to write.")
