"""Every write to a tracked record, with the actor and the reason in its history.

`update()` and `bulk_*` leave no history, so nothing outside this module calls them on a `Record`.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, cast

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connections, models, router, transaction
from django.db.models import Value
from django.utils import timezone
from simple_history.manager import HistoryManager
from simple_history.models import HistoricalRecords
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

type Actor = AbstractBaseUser | None
"""Who did it; None is Steward itself, in a scheduled task."""

BATCH = 500
SET = 5_000
"""How many rows one statement of `update_set_as` writes, which bounds locks and memory."""


class Versions(HistoryManager):
    @classmethod
    @cache
    def from_queryset(cls, queryset_class: type[models.QuerySet[Any]]) -> type[HistoryManager]:
        """Made once: each look at a history would make a class of its own, a tenth of a save."""
        found: type[HistoryManager] = super().from_queryset(queryset_class)
        return found


class Record(models.Model):
    """A row whose every version is kept."""

    history = HistoricalRecords(
        inherit=True, user_model=settings.AUTH_USER_MODEL, history_manager=Versions
    )
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


@transaction.atomic
def update_set_as(
    rows: models.QuerySet[Any],
    *,
    by: Actor,
    reason: str,
    at: datetime | None = None,
    **values: Any,
) -> int:
    """Write the same fields of many records without reading them, and return how many there were.

    `values` are what `QuerySet.update` takes, expressions included. Each 5,000 rows are locked in
    the order of their keys and written by one UPDATE, their versions by one INSERT ... SELECT.
    `derive` does not run: no field that it reads may be among the values.
    """
    model, moment, written, last = rows.model, at or timezone.now(), 0, 0
    while keys := _locked_keys(rows, after=last):
        chosen = model._base_manager.filter(pk__in=keys)
        chosen.update(**values)
        _write_versions(chosen, by=by, reason=reason, at=moment)
        written, last = written + len(keys), keys[-1]
        if len(keys) < SET:
            break
    return written


def _locked_keys(rows: models.QuerySet[Any], *, after: int) -> list[int]:
    following = rows.order_by("pk").filter(pk__gt=after).select_for_update(of=("self",))
    return list(following.values_list("pk", flat=True)[:SET])


def _write_versions(rows: models.QuerySet[Any], *, by: Actor, reason: str, at: datetime) -> None:
    """A version "changed" of each row as it now is, in one statement."""
    versions = cast(Any, rows.model).history.model
    said = {
        "history_date": at,
        "history_user": by.pk if by else None,
        "history_change_reason": reason,
        "history_type": "~",
    }
    names = [field.name for field in versions.tracked_fields]
    constants = [Value(said[it], output_field=_plain(versions, it)) for it in said]
    chosen = rows.order_by("pk").values_list(
        *(field.attname for field in versions.tracked_fields), *constants
    )
    connection = connections[router.db_for_write(versions)]
    columns = [versions._meta.get_field(name).column for name in [*names, *said]]
    into = ", ".join(connection.ops.quote_name(column) for column in columns)
    table = connection.ops.quote_name(versions._meta.db_table)
    select, parameters = chosen.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({into}) {select}", parameters)


def _plain(model: type[models.Model], name: str) -> Any:
    """The field of a column, or of the key that it refers to."""
    field: Any = model._meta.get_field(name)
    return field.target_field if field.is_relation else field


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
