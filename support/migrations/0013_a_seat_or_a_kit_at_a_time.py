"""An offer of a seat or a kit gives one at a time; those that promised more no longer do."""

from typing import Any

from django.db import migrations, models
from django.utils import timezone


def give_one(apps: Any, schema_editor: Any) -> None:
    Offer, Version = (apps.get_model("support", it) for it in ("Offer", "HistoricalOffer"))
    for offer in Offer.objects.filter(most__gt=1).exclude(licence=None, kit=None):
        offer.most = 1
        offer.save(update_fields=["most"])
        Version.objects.create(
            **{it.attname: getattr(offer, it.attname) for it in Offer._meta.concrete_fields},
            history_date=timezone.now(),
            history_type="~",
            history_change_reason="one is given at a time",
        )


class Migration(migrations.Migration):
    dependencies = [("support", "0012_starter_kits_are_named_once")]

    operations = [
        migrations.RunPython(give_one, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="offer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kit", None), ("licence", None)), ("most", 1), _connector="OR"
                ),
                name="offer_of_a_seat_or_a_kit_gives_one_at_a_time",
                violation_error_message="Of a licence or a kit one is given at a time.",
            ),
        ),
    ]
