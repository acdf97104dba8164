"""What unlocks a SIM."""

from django.core.exceptions import ValidationError
from django.db import models

from assets.models.asset import Asset
from assets.models.catalog import Category
from config.history import Record
from config.secrets import SecretField


class SimCard(Record):
    """The PIN and PUK of a SIM, sealed."""

    asset = models.OneToOneField(Asset, models.CASCADE, related_name="sim_card")
    pin = SecretField("PIN", blank=True, default="")
    puk = SecretField("PUK", blank=True, default="")

    class Meta:
        ordering = ["asset"]
        verbose_name = "PIN and PUK"
        verbose_name_plural = "PINs and PUKs"
        permissions = [("reveal_simcard", "Can reveal PINs and PUKs")]

    def __str__(self) -> str:
        return f"PIN and PUK of {self.asset}"

    def clean(self) -> None:
        super().clean()
        if self.asset_id and self.asset.product.category.kind != Category.Kind.SIM:
            raise ValidationError({"asset": f"{self.asset} is no SIM: it has no PIN and no PUK."})
