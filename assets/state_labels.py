"""What an organisation calls the states of its assets; `lifecycle.relabel` gives the labels."""

from django.db import transaction

from assets.models import Asset, StateLabel
from config.history import Actor, delete_as, update_all_as


@transaction.atomic
def remove(label: StateLabel, *, by: Actor, reason: str) -> None:
    """Delete a label, and take it from the assets that have it; their history says so."""
    rows = Asset.objects.filter(label=label).order_by("pk")
    assets = list(rows.select_for_update(of=("self",)))
    for asset in assets:
        asset.label = None
    update_all_as(assets, ["label"], by=by, reason=reason)
    delete_as(label, by=by, reason=reason)
