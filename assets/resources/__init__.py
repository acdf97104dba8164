from assets.resources.asset import AssetResource
from assets.resources.catalog import ProductResource, VendorResource

__all__ = ["AssetResource", "ProductResource", "VendorResource"]
