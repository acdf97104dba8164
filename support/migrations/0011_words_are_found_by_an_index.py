"""Indexes on PostgreSQL by which a search finds words inside of tickets and what was said.

They need the extension pg_trgm, which comes with PostgreSQL's own packages and may be added by
the owner of a database. Where it cannot be had, and on SQLite, the search works without, slower.
"""

from django.db import DatabaseError, migrations, transaction

INDEXES = {
    # The very expressions that `icontains` compares.
    "comment_words": "support_comment USING gin (UPPER(body) gin_trgm_ops)",
    "ticket_words": (
        "support_ticket USING gin (UPPER(number::text) gin_trgm_ops,"
        " UPPER(subject::text) gin_trgm_ops, UPPER(description) gin_trgm_ops)"
    ),
}


def add(apps, schema_editor):
    connection = schema_editor.connection
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'")
        if cursor.fetchone() is None:
            return
        try:
            with transaction.atomic(using=connection.alias):
                cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        except DatabaseError:
            return
        for name, expression in INDEXES.items():
            cursor.execute(f"CREATE INDEX IF NOT EXISTS {name} ON {expression}")


def remove(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for name in INDEXES:
            schema_editor.execute(f"DROP INDEX IF EXISTS {name}")


class Migration(migrations.Migration):
    dependencies = [("support", "0010_decisions_on_mail")]

    operations = [migrations.RunPython(add, remove)]
