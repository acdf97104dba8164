"""What a person decides about one line of the ledger; no rule writes over it."""

from django.core.exceptions import ValidationError
from django.db import transaction

from config.history import Actor, save_as
from contracts.models import Contract, Spend

Matched = Spend.Matched


@transaction.atomic
def match_by_hand(spend: Spend, *, contract: Contract, by: Actor, reason: str = "") -> Spend:
    """Say that a line pays for a contract, whatever the rule made of it.

    Raises ValidationError where somebody said so already.
    """
    line = _locked(spend)
    if line.matched == Matched.BY_HAND and line.contract_id == contract.pk:
        raise ValidationError(f"{line} is matched to {contract} by hand already.")
    line.contract, line.matched = contract, Matched.BY_HAND
    save_as(line, by=by, reason=reason or f"matched to {contract} by hand")
    return line


@transaction.atomic
def set_aside(spend: Spend, *, by: Actor, reason: str = "") -> Spend:
    """Say that a line pays for no contract: it was bought outside, and the rule leaves it alone.

    Raises ValidationError where somebody said so already.
    """
    line = _locked(spend)
    if line.matched == Matched.BY_HAND and line.contract_id is None:
        raise ValidationError(f"{line} is marked as belonging to no contract already.")
    line.contract, line.matched = None, Matched.BY_HAND
    save_as(line, by=by, reason=reason or "belongs to no contract")
    return line


@transaction.atomic
def unmatch(spend: Spend, *, by: Actor, reason: str = "") -> Spend:
    """Take back what was decided about a line; the rule may match it again.

    Raises ValidationError where nothing was decided.
    """
    line = _locked(spend)
    if line.matched == Matched.NOT:
        raise ValidationError(
            f"{line} is not matched: there is nothing to take back. It can be matched to a"
            " contract, or marked as belonging to none."
        )
    line.contract, line.matched = None, Matched.NOT
    save_as(line, by=by, reason=reason or "taken back")
    return line


def _locked(spend: Spend) -> Spend:
    return Spend.objects.select_for_update().get(pk=spend.pk)
