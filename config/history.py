"""Every write to a tracked record, with the actor and the reason in its history.

`update()` and `bulk_*` leave no history, so nothing outside this module calls them on a `Record`.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models
from simple_history.models import HistoricalRecords
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

type Actor = AbstractBaseUser | None
"""Who did it; None is Steward itself, in a scheduled task."""

BATCH = 500


class Record(models.Model):
    """A row whose every version is kept."""

    history = HistoricalRecords(inherit=True, user_model=settings.AUTH_USER_MODEL)
    # The fields that `derive` fills; a form checks their constraints though it does not show them.
    derived: ClassVar[tuple[str, ...]] = ()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.derive()
        super().save(*args, **kwargs)

    def derive(self) -> None:
        """Fill in the stored fields that follow from this row's others. Runs before each write."""

    def clean(self) -> None:
        self.derive()


def save_as(record: Record, *, by: Actor, reason: str, at: datetime | None = None) -> None:
    """Save one record; the version is of now, or of the moment `at`."""
    sign(record, by=by, reason=reason, at=at)
    record.save()


def delete_as(record: Record, *, by: Actor, reason: str) -> None:
    """Delete one record; its history stays.

    Raises ProtectedError where it is in use.
    """
    sign(record, by=by, reason=reason)
    record.delete()


def create_all_as[R: Record](
    records: Sequence[R], *, by: Actor, reason: str, at: datetime | None = None
) -> list[R]:
    """Insert many records of one model, set-based, and return them with their keys."""
    return create_signed([sign(record, by=by, reason=reason, at=at) for record in records])


def update_all_as[R: Record](
    records: Sequence[R],
    fields: Iterable[str],
    *,
    by: Actor,
    reason: str,
    at: datetime | None = None,
) -> None:
    """Write the named fields of many records of one model, set-based."""
    update_signed([sign(record, by=by, reason=reason, at=at) for record in records], fields)


def sign[R: Record](record: R, *, by: Actor, reason: str, at: datetime | None = None) -> R:
    """Say who makes the record's next version, why, and when if not now; returns the record."""
    # simple-history's own contract: it reads these from the instance when it writes a version,
    # and they outlive that, so each write needs its own.
    vars(record).pop("_history_date", None)
    vars(record).update(_history_user=by, _change_reason=reason)
    if at is not None:
        vars(record).update(_history_date=at)
    return record


def create_signed[R: Record](records: Sequence[R]) -> list[R]:
    """Insert many signed records of one model, set-based, and return them with their keys."""
    if not records:
        return []
    for record in records:
        record.derive()
    model = type(records[0])
    created: list[R] = bulk_create_with_history(records, model, batch_size=BATCH)
    return created


def update_signed[R: Record](records: Sequence[R], fields: Iterable[str]) -> None:
    """Write the named fields of many signed records of one model, set-based."""
    if not records:
        return
    for record in records:
        record.derive()
    model = type(records[0])
    bulk_update_with_history(
        records, model, list(fields), batch_size=BATCH, manager=model._base_manager
    )
