from contracts.models.contract import Contract, Coverage, Term
from contracts.models.decision import CalendarFeed, Decision
from contracts.models.licence import Licence, Seat
from contracts.models.money import Budget, ExchangeRate
from contracts.models.spend import Distinction, MatchRun, Spend

__all__ = [
    "Budget",
    "CalendarFeed",
    "Contract",
    "Coverage",
    "Decision",
    "Distinction",
    "ExchangeRate",
    "Licence",
    "MatchRun",
    "Seat",
    "Spend",
    "Term",
]
