from django.core.management import call_command
from django.db import migrations


def make(apps, schema_editor):
    # It leaves a table that is there already alone, and makes none for other kinds of cache.
    call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


class Migration(migrations.Migration):
    dependencies = [("people", "0002_message_is_confidential")]

    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
