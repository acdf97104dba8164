from contracts.admin import contract

__all__ = ["contract"]
