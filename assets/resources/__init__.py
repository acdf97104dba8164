from assets.resources.asset import AssetResource
from assets.resources.catalog import ProductResource, VendorResource
from assets.resources.release import ReleaseResource
from assets.resources.stock import StockItemResource

__all__ = [
    "AssetResource",
    "ProductResource",
    "ReleaseResource",
    "StockItemResource",
    "VendorResource",
]
