"""Every write to a tracked record, with the actor and the reason in its history.

`update()` and `bulk_*` leave no history, so nothing outside this module calls them on a `Record`.
"""

from collections.abc import Iterable, Sequence
from typing import Any

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

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.derive()
        super().save(*args, **kwargs)

    def derive(self) -> None:
        """Fill in the stored fields that follow from this row's others. Runs before each write."""

    def clean(self) -> None:
        self.derive()


def save_as(record: Record, *, by: Actor, reason: str) -> None:
    """Save one record."""
    _sign(record, by, reason)
    record.save()


def delete_as(record: Record, *, by: Actor, reason: str) -> None:
    """Delete one record; its history stays.

    Raises ProtectedError where it is in use.
    """
    _sign(record, by, reason)
    record.delete()


def create_all_as[R: Record](records: Sequence[R], *, by: Actor, reason: str) -> list[R]:
    """Insert many records of one model, set-based, and return them with their keys."""
    if not records:
        return []
    for record in records:
        record.derive()
    created: list[R] = bulk_create_with_history(
        records,
        type(records[0]),
        batch_size=BATCH,
        default_user=by,
        default_change_reason=reason,
    )
    return created


def update_all_as[R: Record](
    records: Sequence[R], fields: Iterable[str], *, by: Actor, reason: str
) -> None:
    """Write the named fields of many records of one model, set-based."""
    if not records:
        return
    for record in records:
        record.derive()
    bulk_update_with_history(
        records,
        type(records[0]),
        list(fields),
        batch_size=BATCH,
        default_user=by,
        default_change_reason=reason,
        manager=type(records[0])._base_manager,
    )


def _sign(record: Record, by: Actor, reason: str) -> None:
    # simple-history's own contract: it reads these two from the instance when it is saved.
    vars(record).update(_history_user=by, _change_reason=reason)
