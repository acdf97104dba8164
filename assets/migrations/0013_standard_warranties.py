"""The warranty that an asset came with becomes a row of its own, from the days on the asset."""

from django.conf import settings
from django.db import migrations
from django.utils import timezone

REASON = "taken over from the asset"

# Two statements for the whole table, however large. What has warranties already keeps them.
WARRANTIES = """
    INSERT INTO assets_warranty (asset_id, kind, starts_on, ends_on, reference, currency)
    SELECT asset.id, 'standard', asset.warranty_starts_on, asset.warranty_ends_on, '', %s
      FROM assets_asset asset
     WHERE asset.warranty_ends_on IS NOT NULL
       AND NOT EXISTS (SELECT 1 FROM assets_warranty known WHERE known.asset_id = asset.id)
     ORDER BY asset.id
"""
VERSIONS = """
    INSERT INTO assets_historicalwarranty (id, asset_id, kind, starts_on, ends_on, reference,
           currency, history_date, history_change_reason, history_type)
    SELECT made.id, made.asset_id, made.kind, made.starts_on, made.ends_on, made.reference,
           made.currency, %s, %s, '+'
      FROM assets_warranty made
     WHERE NOT EXISTS (SELECT 1 FROM assets_historicalwarranty known WHERE known.id = made.id)
     ORDER BY made.id
"""
MADE = """
    SELECT id FROM assets_historicalwarranty
     WHERE history_type = '+' AND history_change_reason = %s AND history_user_id IS NULL
"""


def take_over(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(WARRANTIES, [settings.DEFAULT_CURRENCY])
        cursor.execute(VERSIONS, [timezone.now(), REASON])


def give_back(apps, schema_editor):
    """The days stand on the assets still; what was added to the rows since is lost."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM assets_warranty WHERE id IN ({MADE})", [REASON])
        cursor.execute(f"DELETE FROM assets_historicalwarranty WHERE id IN ({MADE})", [REASON])


class Migration(migrations.Migration):
    dependencies = [("assets", "0012_the_warranty_that_counts")]

    operations = [migrations.RunPython(take_over, give_back)]
