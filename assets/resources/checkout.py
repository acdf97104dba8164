"""To whom and where other systems say that an asset was checked out, beside where it belongs."""

from typing import Any

from django.core.exceptions import ValidationError

from assets.models import Asset
from config import cells
from config.resources import BaseResource
from people.lookups import People

HEADERS: dict[str, list[str]] = {
    "checkout_type": [],
    "used_at": ["checked out to: location", "checkout location"],
    "holder_first_name": ["checked out to: first name"],
    "holder_last_name": ["checked out to: last name"],
    "holder_email": ["checked out to: email"],
}
State = Asset.State


class CheckoutColumns(BaseResource):
    """What is checked out to a place is in use there; who is not there yet is made whole."""

    def prepare(self, row: dict[str, Any]) -> None:
        super().prepare(row)
        kind = cells.text(row.get("checkout_type") or "").casefold()
        if kind not in ("", "user", "location"):
            raise ValidationError({"checkout_type": "is not known; accepted are user and location"})
        if kind == "user":
            row["used_at"] = None
        elif kind == "location":
            row["used_at"], row["holder"] = row.get("used_at") or row.get("holder"), None
        row["location"] = row.get("used_at") or row.get("location")

    def import_field(self, field: Any, instance: Any, row: Any, *args: Any, **kwargs: Any) -> None:
        if field.attribute == "holder" and row.get("holder"):
            instance.holder = self._holder(row)
            return
        try:
            super().import_field(field, instance, row, *args, **kwargs)
        except ValueError as error:
            if field.attribute != "location" or not row.get("used_at"):
                raise
            raise ValidationError({"used_at": str(error)}) from error

    def _holder(self, row: dict[str, Any]) -> Any:
        names = [cells.text(row.get(f"holder_{it}_name") or "") for it in ("first", "last")]
        return self.lookup(People).named(
            cells.text(row["holder"]),
            name=" ".join(filter(None, names)),
            email=cells.text(row.get("holder_email") or ""),
        )

    def import_instance(self, instance: Asset, row: dict[str, Any], **kwargs: Any) -> None:
        super().import_instance(instance, row, **kwargs)
        said, at_place = row.get("state"), row.get("used_at")
        in_stock = instance.state == State.IN_STOCK
        if not self.new:
            # It moves there; that it is in use there is for a step of its own, and is told.
            if at_place and in_stock and not (said or instance.holder):
                self.left_alone["state"] += 1
        elif (instance.holder or at_place) and (in_stock or not said):
            instance.state = State.IN_USE
        elif not said:
            instance.state = State.IN_STOCK
