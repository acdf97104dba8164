from contracts.models.contract import Contract, Coverage, Term

__all__ = ["Contract", "Coverage", "Term"]
