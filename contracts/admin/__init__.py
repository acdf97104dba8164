from contracts.admin import contract, savings, spend

__all__ = ["contract", "savings", "spend"]
