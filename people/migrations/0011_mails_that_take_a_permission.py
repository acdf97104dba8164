"""The body of a mail may take a permission in the outbox.

Whether the mails of alerts so far tell costs is not known: those of whom they could be told take it.
"""

from django.db import migrations, models
from django.db.models import Q


def take_those_of_alerts(apps, schema_editor):
    person, message = (apps.get_model("people", name) for name in ("Person", "Message"))
    told = person.objects.filter(Q(answers_for__in=["it", "finance"]) | Q(user__is_staff=True))
    mails = message.objects.filter(list_name="alerts", recipient__in=told.values("pk"))
    mails.update(readable_with="assets.view_cost")


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0010_mail_to_somebody_outside"),
    ]

    operations = [
        migrations.AddField(
            model_name="message",
            name="readable_with",
            field=models.CharField(
                blank=True,
                editable=False,
                help_text="The permission that its body takes here, such as assets.view_cost; else none.",
                max_length=100,
            ),
        ),
        migrations.RunPython(take_those_of_alerts, migrations.RunPython.noop),
    ]
