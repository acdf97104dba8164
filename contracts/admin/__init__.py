from contracts.admin import (
    charging,
    contract,
    forecasts,
    licence,
    money,
    reports,
    savings,
    seat,
    seat_reports,
    spend,
    spend_reports,
)

__all__ = [
    "charging",
    "contract",
    "forecasts",
    "licence",
    "money",
    "reports",
    "savings",
    "seat",
    "seat_reports",
    "spend",
    "spend_reports",
]
