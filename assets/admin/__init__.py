from assets.admin import asset, catalog, health, procurement, sim, stock, stocktake, upkeep

__all__ = ["asset", "catalog", "health", "procurement", "sim", "stock", "stocktake", "upkeep"]
