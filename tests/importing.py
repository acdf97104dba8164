"""Imports a table written in a test."""

import csv
import io

from django.db import connection
from django.test.utils import CaptureQueriesContext

from config import tables
from config.resources import kinds, run


def table(*rows, name="file.csv"):
    """The table of these rows, the header first."""
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return tables.read(io.BytesIO(out.getvalue().encode()), name)


def load(kind, *rows, name="file.csv", **options):
    return run(kinds()[kind], table(*rows, name=name), **options)


def problems(report):
    return [str(refusal) for refusal in report.refusals]


def queries(kind, rows):
    with CaptureQueriesContext(connection) as captured:
        report = load(kind, *rows)
    assert not report.refusals
    return len(captured)
