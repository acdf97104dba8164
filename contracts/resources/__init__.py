from contracts.resources.contract import ContractResource
from contracts.resources.licence import LicenceResource
from contracts.resources.seat import SeatResource
from contracts.resources.seat_use import SeatUseResource
from contracts.resources.spend import SpendResource
from contracts.resources.subscription import SubscriptionResource

__all__ = [
    "ContractResource",
    "LicenceResource",
    "SeatResource",
    "SeatUseResource",
    "SpendResource",
    "SubscriptionResource",
]
