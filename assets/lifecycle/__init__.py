"""Every way an asset changes state, holder or place.

Each move is atomic, under a lock, recorded with actor and reason, and refuses in words. It is
written for many assets, set-based; one refused asset never stops the others. What is installed in
an asset, such as the SIM in a phone, goes wherever the asset goes.
"""

from assets.lifecycle.custody import hand_over, lend, move, take_back
from assets.lifecycle.ending import dispose, retire, wipe
from assets.lifecycle.loans import extend_loan, is_lent
from assets.lifecycle.moves import MOVES, Move, Outcome, one, refusal
from assets.lifecycle.parts import fit, pair, unpair
from assets.lifecycle.register import (
    enter,
    inspect,
    number,
    order,
    plan,
    receive,
    relabel,
    stock,
)
from assets.lifecycle.upkeep import (
    find,
    report_lost,
    return_from_repair,
    send_to_repair,
    upgrade,
)

__all__ = [
    "MOVES",
    "Move",
    "Outcome",
    "dispose",
    "enter",
    "extend_loan",
    "find",
    "fit",
    "hand_over",
    "inspect",
    "is_lent",
    "lend",
    "move",
    "number",
    "one",
    "order",
    "pair",
    "plan",
    "receive",
    "refusal",
    "relabel",
    "report_lost",
    "retire",
    "return_from_repair",
    "send_to_repair",
    "stock",
    "take_back",
    "unpair",
    "upgrade",
    "wipe",
]
