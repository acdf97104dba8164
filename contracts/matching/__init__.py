"""Which lines of the finance ledger belong to which vendor and contract.

The rules (`vendors`, `agreements`) fill in only what is open and certain; what they are not certain
of is suggested with a score, and a person decides (`spellings`, `by_hand`). What a person has
decided no rule writes over.
"""

from contracts.matching.agreements import candidates, match_contracts
from contracts.matching.by_hand import match_by_hand, set_aside, unmatch
from contracts.matching.runs import ask, match, run_waiting
from contracts.matching.spellings import confirm, make_vendor, suggestions, tell_apart, unknown
from contracts.matching.vendors import match_vendors

__all__ = [
    "ask",
    "candidates",
    "confirm",
    "make_vendor",
    "match",
    "match_by_hand",
    "match_contracts",
    "match_vendors",
    "run_waiting",
    "set_aside",
    "suggestions",
    "tell_apart",
    "unknown",
    "unmatch",
]
