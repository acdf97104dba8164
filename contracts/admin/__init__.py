from contracts.admin import contract, licence, reports, savings, seat, seat_reports, spend

__all__ = ["contract", "licence", "reports", "savings", "seat", "seat_reports", "spend"]
