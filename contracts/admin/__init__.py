from contracts.admin import contract, licence, savings, seat, spend

__all__ = ["contract", "licence", "savings", "seat", "spend"]
