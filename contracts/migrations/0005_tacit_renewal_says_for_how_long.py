from typing import Any

from django.db import migrations, models


def say_for_how_long(apps: Any, schema_editor: Any) -> None:
    """A term without a length of the next one renews for as long as it was, a month at least."""
    for term in apps.get_model("contracts", "Term").objects.filter(
        renewal="tacit", renewal_months=None, ends_on__isnull=False
    ):
        months = round(((term.ends_on - term.starts_on).days + 1) * 12 / 365.25)
        term.renewal_months = max(1, months)
        term.save(update_fields=["renewal_months"])


class Migration(migrations.Migration):
    dependencies = [
        ("contracts", "0004_runs_of_the_matching"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="term",
            name="term_that_renews_by_itself_says_for_how_long",
        ),
        migrations.RunPython(say_for_how_long, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="term",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("renewal", "tacit"), _negated=True),
                    models.Q(("renewal_months__gte", 1), ("renewal_months__isnull", False)),
                    ("ends_on", None),
                    _connector="OR",
                ),
                name="term_that_renews_by_itself_says_for_how_long",
                violation_error_message="Say for how many months it renews by itself.",
            ),
        ),
    ]
