from assets.admin import asset, catalog, stock, stocktake, upkeep

__all__ = ["asset", "catalog", "stock", "stocktake", "upkeep"]
