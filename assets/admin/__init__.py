from assets.admin import (
    asset,
    catalog,
    custody,
    health,
    procurement,
    sim,
    stock,
    stocktake,
    upkeep,
    warranty,
)

__all__ = [
    "asset",
    "catalog",
    "custody",
    "health",
    "procurement",
    "sim",
    "stock",
    "stocktake",
    "upkeep",
    "warranty",
]
