"""Run by the bench in a process of its own: imports a file and prints what it took, as JSON."""

import io
import json
import os
import sys
import time
from pathlib import Path

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
django.setup()

from import_export.fields import Field  # noqa: E402
from import_export.resources import ModelResource  # noqa: E402
from import_export.widgets import ForeignKeyWidget  # noqa: E402

from assets.models import Asset, Product  # noqa: E402
from config import tables  # noqa: E402
from config.resources import kinds, run  # noqa: E402
from people.models import Location, Person  # noqa: E402
from tests.bench.memory import peak  # noqa: E402


class PlainResource(ModelResource):
    """What import-export does by itself with the same columns."""

    product = Field("product", "product", ForeignKeyWidget(Product, "name"))
    holder = Field("holder", "holder", ForeignKeyWidget(Person, "email"))
    location = Field("location", "location", ForeignKeyWidget(Location, "name"))

    class Meta:
        model = Asset
        fields = ["tag", "serial", "product", "holder", "location", "cost", "state"]
        import_id_fields = ["tag"]
        clean_model_instances = True


def plain(path):
    table = tables.read(io.BytesIO(path.read_bytes()), path.name)
    table.append_col(["in_use"] * len(table), header="state")
    began = time.perf_counter()
    result = PlainResource().import_data(table, dry_run=True)
    assert not result.has_errors()
    assert not result.has_validation_errors()
    return time.perf_counter() - began


def ours(path, **options):
    began = time.perf_counter()
    with path.open("rb") as file:
        report = run(kinds()["assets"], tables.read(file, path.name), **options)
    return time.perf_counter() - began, report.summary


def main(large, small):
    preview, foreseen = ours(large, dry_run=True)
    commit, done = ours(large)
    again, same = ours(large)
    # The peak of the whole way, before the plain resource adds its own.
    most = peak()
    small_ours, _ = ours(small, dry_run=True)
    print(
        json.dumps(
            {
                "preview": preview,
                "commit": commit,
                "again": again,
                "peak": most,
                "summaries": [foreseen, done, same],
                "ratio": plain(small) / small_ours,
            }
        )
    )


main(*map(Path, sys.argv[1:]))
