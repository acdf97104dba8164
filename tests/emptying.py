"""Empties the database after a test that committed: only the tables that have rows.

Django empties every table and then makes content types, permissions and roles anew, which takes
longer than most tests do. Here they stay, unless a test has touched them.
"""

from django.db import connection, transaction
from django.test import TransactionTestCase

django_empties = TransactionTestCase._fixture_teardown


class Emptying:
    """`Emptying()` looks at a new database; `after(case)` makes it as new again."""

    def __init__(self):
        names = connection.introspection.django_table_names(only_existing=True, include_views=False)
        self.tables = sorted(names)
        self.kept = self._filled()
        self.intact = self._rows_kept()

    def after(self, case):
        if case.reset_sequences or self._rows_kept() != self.intact:
            django_empties(case)
            self.intact = self._rows_kept()
            return
        with transaction.atomic(), connection.cursor() as cursor:
            for table in sorted(self._filled() - self.kept):
                cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")

    def _filled(self):
        rows = self._of_each(self.tables, "SELECT '{0}' WHERE EXISTS (SELECT 1 FROM {1})")
        return {name for (name,) in rows}

    def _rows_kept(self):
        return self._of_each(sorted(self.kept), "SELECT '{0}', count(*), max(id) FROM {1}")

    def _of_each(self, tables, select):
        quote = connection.ops.quote_name
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(select.format(it, quote(it)) for it in tables))
            return cursor.fetchall()
