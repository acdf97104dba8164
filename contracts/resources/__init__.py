from contracts.resources.contract import ContractResource

__all__ = ["ContractResource"]
