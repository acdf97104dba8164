from assets.admin import asset, catalog, procurement, sim, stock, stocktake, upkeep

__all__ = ["asset", "catalog", "procurement", "sim", "stock", "stocktake", "upkeep"]
