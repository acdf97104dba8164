"""Being away: from when until when, and who decides in one's place."""

from django.db import transaction
from django.utils import timezone

from config.history import Actor, delete_as, save_as
from support import approvals
from support.models import Absence


@transaction.atomic
def enter(absence: Absence, *, by: Actor, reason: str = "entered") -> Absence:
    """Write down an absence, a new or a changed one; of today, what waits goes to the deputy.

    Raises ValidationError, by field, where the deputy cannot be asked or the days are wrong.
    """
    absence.full_clean()
    save_as(absence, by=by, reason=reason)
    approvals.ask_deputies(timezone.localdate(), of=absence.person, by=by)
    return absence


def cancel(absence: Absence, *, by: Actor) -> None:
    """Take an absence back; what the deputy was asked already stays with them."""
    delete_as(absence, by=by, reason="taken back")
