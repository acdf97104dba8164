from assets.admin import asset, catalog, stock, upkeep

__all__ = ["asset", "catalog", "stock", "upkeep"]
