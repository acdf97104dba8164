"""Very many rows from one, made in the database in a few seconds; on PostgreSQL."""

from django.db import connection


def multiply(record, count, **columns):
    """Insert `count` copies of a row.

    `columns` gives the SQL of what differs, over `n`, which counts from 1; the key is given anew.
    """
    kept = [field.column for field in record._meta.concrete_fields if not field.primary_key]
    assert set(columns) <= set(kept), set(columns) - set(kept)
    quote = connection.ops.quote_name
    table = quote(record._meta.db_table)
    names = ", ".join(quote(name) for name in kept)
    values = ", ".join(columns.get(name, f"one.{quote(name)}") for name in kept)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} AS one"
            f" CROSS JOIN generate_series(1, {count}) AS n WHERE one.id = {record.pk}"
        )
        # What refers to it next is checked row by row, by a plan made for how large it was.
        cursor.execute(f"ANALYZE {table}")


def a_key_of(model, count):
    """The SQL of the keys of the last `count` rows of a model, one after the other over `n`."""
    rows = getattr(model, "objects", model)
    first = rows.order_by("-pk").values_list("pk", flat=True)[count - 1]
    return f"{first} + n % {count}"


def analyse():
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def forget(*models):
    """Empty their tables and all that refer to them: row by row it would take minutes."""
    tables = ", ".join(connection.ops.quote_name(model._meta.db_table) for model in models)
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {tables} CASCADE")
