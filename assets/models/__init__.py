from assets.models.asset import Asset, Identifier, TagSequence
from assets.models.catalog import Category, Product, Vendor, VendorAlias
from assets.models.custody import Custody

__all__ = [
    "Asset",
    "Category",
    "Custody",
    "Identifier",
    "Product",
    "TagSequence",
    "Vendor",
    "VendorAlias",
]
