"""Rows made from rows, in the database: one statement, and no object for each."""

from typing import Any

from django.db import connections, models, router

ONCE = "ON CONFLICT DO NOTHING"
"""What is there already, or is entered by another at the same moment, is passed over."""


def insert_from(model: type[models.Model], rows: models.QuerySet[Any], **columns: Any) -> int:
    """Insert a row for each of `rows` where there is none like it yet; returns how many are new.

    `columns` gives for each field of `model` an expression over `rows`: it stands for the value, or
    for the key of a related one. Unlike `bulk_create` it takes no memory; no default is filled in.
    """
    values = rows.order_by().values_list(*columns.values())
    connection = connections[router.db_for_write(model)]
    fields: list[Any] = [model._meta.get_field(name) for name in columns]
    into = ", ".join(connection.ops.quote_name(field.column) for field in fields)
    table = connection.ops.quote_name(model._meta.db_table)
    select, parameters = values.query.sql_with_params()
    with connection.cursor() as cursor:
        # Without a WHERE of its own SQLite would read ON CONFLICT as the condition of a join.
        cursor.execute(
            f"INSERT INTO {table} ({into}) SELECT * FROM ({select}) AS found WHERE true {ONCE}",
            parameters,
        )
        return int(cursor.rowcount)
