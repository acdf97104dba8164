"""A product is corrected, and its assets follow: their serial keys its maker, their extra fields
its category.
"""

from django.core.exceptions import ValidationError
from django.db import transaction

from assets import extra_fields
from assets.models import Asset, Category, ExtraField, Product, Vendor
from assets.serials import serial_key
from config.history import Actor, save_as, update_all_as

SHOWN = 5
"""How many assets a refusal names."""


@transaction.atomic
def change(product: Product, *, by: Actor, reason: str) -> None:
    """Write a product that is on the register, and what follows for its assets.

    Raises ValidationError where two assets of its new maker would have the same serial number.
    """
    before = Product.objects.select_for_update(of=("self",)).get(pk=product.pk)
    if product.maker_id != before.maker_id:
        refuse_clashes(product, product.maker)
    save_as(product, by=by, reason=reason)
    if product.maker_id != before.maker_id:
        rekey(product, by=by, reason=f"its product is made by {product.maker}"[:250])
    if product.category_id != before.category_id:
        refit(product, by=by, reason=f"its product is of {product.category}"[:250])


# --- The maker -----------------------------------------------------------------------------------


def refuse_clashes(product: Product, maker: Vendor | None) -> None:
    """Raises ValidationError with the assets that would have the same serial number of `maker`."""
    key = maker.pk if maker else None
    theirs = Asset.objects.exclude(product=product).filter(serial_key__startswith=f"{key or ''}:")
    taken = {it.serial_key: it for it in theirs.select_related("product").order_by("pk")}
    clashes = []
    for asset in product.assets.exclude(serial="").select_related("product").order_by("pk"):
        mine = serial_key(key, asset.serial)
        other = taken.setdefault(mine, asset) if mine else asset
        if other is not asset:
            clashes.append(f"{asset} and {other} would both have the serial number {asset.serial}")
    if clashes:
        more = f", and {len(clashes) - SHOWN} more pairs" if len(clashes) > SHOWN else ""
        raise ValidationError(
            f"{product} cannot be made by {maker or 'nobody'}: {'; '.join(clashes[:SHOWN])}{more}."
            " Correct one of each pair first."
        )


def rekey(product: Product, *, by: Actor, reason: str) -> None:
    """Store anew the serial keys of the product's assets, which are unique per maker."""
    assets = _locked(product)
    stale = [it for it in assets if it.serial_key != serial_key(product.maker_id, it.serial)]
    update_all_as(stale, ["serial_key"], by=by, reason=reason)


# --- The category --------------------------------------------------------------------------------


def refit(product: Product, *, by: Actor, reason: str) -> None:
    """Leave its assets the extra values that its category's fields take; history has the rest."""
    fields = extra_fields.fields_of(product.category)
    changed = []
    for asset in _locked(product):
        kept = extra_fields.fitting(asset.extra, fields)
        if kept != asset.extra:
            asset.extra = kept
            changed.append(asset)
    update_all_as(changed, ["extra"], by=by, reason=reason)


def losing(product: Product, category: Category) -> list[str]:
    """What its assets would lose in another category: ["12 × Leased until"]."""
    fields = extra_fields.fields_of(category) if category.pk else []
    counts: dict[str, int] = {}
    for extra in product.assets.exclude(extra={}).values_list("extra", flat=True).iterator():
        for key in extra.keys() - extra_fields.fitting(extra, fields).keys():
            counts[key] = counts.get(key, 0) + 1
    names = dict(ExtraField.objects.filter(key__in=counts).values_list("key", "name"))
    return [f"{count} × {names.get(key, key)}" for key, count in sorted(counts.items())]


def _locked(product: Product) -> list[Asset]:
    """Its assets under a lock, each with the product as it is now."""
    assets = list(product.assets.select_for_update(of=("self",)).order_by("pk"))
    for asset in assets:
        asset.product = product
    return assets
