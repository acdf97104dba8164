from contracts.resources.contract import ContractResource
from contracts.resources.licence import LicenceResource
from contracts.resources.money import BudgetResource, ExchangeRateResource
from contracts.resources.seat import SeatResource
from contracts.resources.seat_use import SeatUseResource
from contracts.resources.spend import SpendResource
from contracts.resources.subscription import SubscriptionResource

__all__ = [
    "BudgetResource",
    "ContractResource",
    "ExchangeRateResource",
    "LicenceResource",
    "SeatResource",
    "SeatUseResource",
    "SpendResource",
    "SubscriptionResource",
]
