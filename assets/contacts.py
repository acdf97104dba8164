"""Whom to talk to at a vendor's."""

from assets.models import Vendor, VendorContact


def contacts_of(vendor: Vendor) -> list[VendorContact]:
    """The contacts of a vendor, those that take notices first, then by name."""
    return list(vendor.contacts.order_by("-takes_notices", "name", "pk"))
