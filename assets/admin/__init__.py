from assets.admin import asset, catalog

__all__ = ["asset", "catalog"]
