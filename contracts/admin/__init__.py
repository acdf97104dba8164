from contracts.admin import (
    contract,
    licence,
    reports,
    savings,
    seat,
    seat_reports,
    spend,
    spend_reports,
)

__all__ = [
    "contract",
    "licence",
    "reports",
    "savings",
    "seat",
    "seat_reports",
    "spend",
    "spend_reports",
]
