"""One after the other: who writes many lines of the ledger at once."""

from contracts.models import Spend


def take_turn() -> None:
    """Wait until nobody else writes many lines, and hold the others off until the transaction ends.

    They would lock the same lines in different orders, each waiting for the other's. The oldest
    line stands for them all: it is what each of them locks first. Call it in a transaction.
    """
    Spend.objects.select_for_update().order_by("pk").first()
