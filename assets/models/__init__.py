from assets.models.asset import Asset, Identifier, StateLabel, TagSequence
from assets.models.catalog import Category, Product, Vendor, VendorAlias, VendorContact
from assets.models.custody import Custody, Handover
from assets.models.procurement import Inspection, Order, OrderLine
from assets.models.sim import SimCard
from assets.models.stock import Kit, KitLine, StockItem, StockMovement
from assets.models.stocktake import Count, Stocktake
from assets.models.structure import ExtraField, Relation, Release
from assets.models.upkeep import Disposal, Repair, Upgrade, Wipe
from assets.models.warranty import Warranty

__all__ = [
    "Asset",
    "Category",
    "Count",
    "Custody",
    "Disposal",
    "ExtraField",
    "Handover",
    "Identifier",
    "Inspection",
    "Kit",
    "KitLine",
    "Order",
    "OrderLine",
    "Product",
    "Relation",
    "Release",
    "Repair",
    "SimCard",
    "StateLabel",
    "StockItem",
    "StockMovement",
    "Stocktake",
    "TagSequence",
    "Upgrade",
    "Vendor",
    "VendorAlias",
    "VendorContact",
    "Warranty",
    "Wipe",
]
