from assets.admin import asset, catalog, upkeep

__all__ = ["asset", "catalog", "upkeep"]
