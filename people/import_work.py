"""The work on uploaded spreadsheets: each job previewed or written by one worker at a time.

A job is taken under a lease: what a killed worker left behind is taken again once it has run out.
"""

import hashlib
import io
import logging
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from config import tables
from config.cells import Order
from config.reports import Refusal, Report
from config.resources import kinds, run
from people.models import ImportJob, User

log = logging.getLogger(__name__)

State = ImportJob.State
LEASE = timedelta(minutes=15)
ATTEMPTS = 3
KEPT = 500
"""How many refusals a job keeps; their number is kept in any case."""


@dataclass(frozen=True)
class Options:
    """How a file is to be read: as the options of `config.resources.run`."""

    create_missing: bool = False
    skip_refused: bool = False
    mapping: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    order: str = ""


def may_import(user: User, kind: str) -> bool:
    options = kinds()[kind]._meta.model._meta
    return user.has_perm(f"{options.app_label}.import_{options.model_name}")


def check_permission(by: User, kind: str) -> None:
    if not may_import(by, kind):
        raise ValidationError(f"You may not import {kind}.")


def run_waiting() -> int:
    """Work through every job that waits, oldest first; returns how many there were."""
    count = 0
    while (job := _claimed()) is not None:
        work(job)
        count += 1
    return count


def _claimed() -> ImportJob | None:
    """The oldest waiting job that nobody is at work on, now ours until the lease ends."""
    now = timezone.now()
    waiting = ImportJob.objects.filter(
        Q(leased_until=None) | Q(leased_until__lt=now),
        state__in=[State.UPLOADED, State.CONFIRMED],
    )
    for pk in waiting.order_by("created_at", "pk").values_list("pk", flat=True)[:10]:
        job = ImportJob.objects.filter(pk=pk)
        lease = {"leased_until": now + LEASE, "attempts": F("attempts") + 1}
        if waiting.filter(pk=pk).update(**lease):
            return job.select_related("created_by").get()
    return None


def work(job: ImportJob) -> None:
    """Preview or write one claimed job; whatever goes wrong is kept with it, in words."""
    try:
        if job.attempts > ATTEMPTS:
            raise ValidationError(
                f"{job.name} could not be worked through: each of {ATTEMPTS} attempts was broken"
                " off. Split the file."
            )
        check_permission(job.created_by, job.kind)
        if job.state == State.UPLOADED:
            _preview(job)
        else:
            _write(job)
    except ValidationError as refusal:
        _refuse(job, " ".join(refusal.messages))
    except Exception:
        log.exception("The import %s (%s) failed.", job.pk, job.kind)
        _refuse(job, f"{job.name} could not be worked through. The log of the server says why.")


def _preview(job: ImportJob) -> None:
    report = run_job(job, table_of(job), dry_run=True)
    with transaction.atomic():
        locked = ImportJob.objects.select_for_update().get(pk=job.pk)
        if locked.state == State.UPLOADED and locked.options == job.options:
            keep(locked, State.PREVIEWED, report)
            locked.save()


def _write(job: ImportJob) -> None:
    """All or nothing, the job's own state included: a killed worker leaves it as it was."""
    table = table_of(job)
    with transaction.atomic():
        locked = ImportJob.objects.select_for_update().get(pk=job.pk)
        if locked.state != State.CONFIRMED:
            return  # somebody else was faster, after our lease had run out
        report = run_job(locked, table, dry_run=False)
        keep(locked, State.DONE if report.written else State.REFUSED, report)
        locked.save()
        if report.written and kinds()[job.kind].secrets:
            transaction.on_commit(partial(job.file.delete, save=False))


def run_job(job: ImportJob, table: tables.Table, *, dry_run: bool) -> Report:
    options = Options(**job.options)
    return run(
        kinds()[job.kind],
        table,
        by=job.created_by,
        mapping=options.mapping,
        constants=options.constants,
        order=Order(options.order) if options.order else None,
        dry_run=dry_run,
        create_missing=options.create_missing,
        skip_refused=options.skip_refused,
    )


def table_of(job: ImportJob) -> tables.Table:
    """The stored file, if it still is the one that was uploaded."""
    try:
        with job.file.open("rb") as file:
            data = file.read()
    except OSError as error:
        raise ValidationError(f"{job.name} is no longer stored. Upload it again.") from error
    if checksum(data) != job.checksum:
        raise ValidationError(
            f"{job.name} was changed where it is stored, after it was uploaded. Nothing was"
            " written. Upload it again."
        )
    return tables.read(io.BytesIO(data), job.name)


def keep(job: ImportJob, state: State, report: Report) -> None:
    job.state, job.leased_until = state, None
    job.report = {**report.as_json(), "refusals": report.as_json()["refusals"][:KEPT]}
    if state in (State.DONE, State.REFUSED):
        job.finished_at = timezone.now()


def _refuse(job: ImportJob, sentence: str) -> None:
    with transaction.atomic():
        locked = ImportJob.objects.select_for_update().get(pk=job.pk)
        if locked.state not in (State.UPLOADED, State.CONFIRMED):
            return
        refusal = Refusal(None, "", "", sentence.removesuffix("."))
        keep(locked, State.REFUSED, Report(name=job.name, refusals=[refusal]))
        locked.save()


def checksum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
