"""A phone that was entered by its IMEISV gets its IMEI, by which it is entered and scanned too.

An IMEISV is the IMEI with two digits that count the versions of its software in place of the check
digit. Where the asset has the IMEI beside it, the IMEISV goes; where another asset has it, somebody
has to look which of the two it is, so the number stays as it is until then.
"""

from django.db import migrations
from django.utils import timezone
from stdnum import luhn

REASON = "the IMEI of what was given as IMEISV"
BATCH = 500


def shorten(apps, schema_editor):
    rows = apps.get_model("assets", "Identifier").objects
    found = rows.filter(kind="imei", value__regex="^[0-9]{16}$").order_by("pk")
    last = 0
    while batch := list(found.filter(pk__gt=last)[:BATCH]):
        last = batch[-1].pk
        shorten_batch(apps, batch)


def shorten_batch(apps, batch):
    rows = apps.get_model("assets", "Identifier").objects
    imeis = {row.pk: row.value[:14] + luhn.calc_check_digit(row.value[:14]) for row in batch}
    known = rows.filter(kind="imei", value__in=set(imeis.values()))
    owners = dict(known.values_list("value", "asset_id"))
    shortened, doubled = [], []
    for row in batch:
        owner = owners.setdefault(imeis[row.pk], None)
        if owner is None:
            owners[imeis[row.pk]] = row.asset_id
            row.value = imeis[row.pk]
            shortened.append(row)
        elif owner == row.asset_id:
            doubled.append(row)
    rows.bulk_update(shortened, ["value"])
    rows.filter(pk__in=[row.pk for row in doubled]).delete()
    note(apps, shortened, "~")
    note(apps, doubled, "-")


def note(apps, rows, kind):
    """The versions that `config.history` would write."""
    version = apps.get_model("assets", "HistoricalIdentifier")
    said = {
        "history_date": timezone.now(),
        "history_change_reason": REASON,
        "history_type": kind,
    }
    facts = ("id", "asset_id", "kind", "value")
    version.objects.bulk_create(
        [version(**{name: getattr(row, name) for name in facts}, **said) for row in rows]
    )


class Migration(migrations.Migration):
    dependencies = [("assets", "0013_standard_warranties")]

    # Back again an IMEI is as good as the IMEISV was; the histories have that.
    operations = [migrations.RunPython(shorten, migrations.RunPython.noop)]
