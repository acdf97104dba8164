"""What assets cost, as facts that keep saying that they are told to no one else."""

from decimal import Decimal

from config.money import Money

SEE_COSTS = "assets.view_cost"
"""The permission that `Cost` takes."""


class Cost(str):
    """A fact that says what an asset costs, wherever it goes."""


def cost(word: str, amount: Decimal | None, currency: str, costs: bool) -> str:
    """The fact for a reader who may see `costs`; else, and where nothing is known, ""."""
    return Cost(f"{word} {Money(amount, currency)}") if costs and amount is not None else ""
