"""Which priority follows from how urgent a ticket is and how many it stops."""

from django.db import transaction

from config.history import Actor, save_as
from support.models import PriorityCell, Ticket

Level, Priority = Ticket.Level, Ticket.Priority

# ITIL 4, practice "incident management": priority follows from urgency (how soon it must be solved)
# and impact (how many it stops). The cells are those of the usual 3 x 3 matrix, where the two
# lowest of its five priorities are our "low".
MATRIX = {  # urgency: for high, medium and low impact
    Level.HIGH: (Priority.CRITICAL, Priority.HIGH, Priority.MODERATE),
    Level.MEDIUM: (Priority.HIGH, Priority.MODERATE, Priority.LOW),
    Level.LOW: (Priority.MODERATE, Priority.LOW, Priority.LOW),
}
USUAL = {
    (urgency, impact): priority
    for urgency, row in MATRIX.items()
    for impact, priority in zip(Level, row, strict=True)
}


def matrix() -> dict[tuple[int, int], int]:
    """The priority of each pair of urgency and impact: the organisation's own, else the usual."""
    cells = PriorityCell.objects.values_list("urgency", "impact", "priority")
    return {(int(urgency), int(impact)): int(it) for (urgency, impact), it in USUAL.items()} | {
        (urgency, impact): priority for urgency, impact, priority in cells
    }


def priority_of(urgency: int, impact: int) -> int:
    return matrix()[urgency, impact]


@transaction.atomic
def set_cell(urgency: int, impact: int, *, priority: int, by: Actor, reason: str = "") -> None:
    """Say what follows from one pair; open tickets keep the priority that they have."""
    cell = PriorityCell.objects.filter(urgency=urgency, impact=impact).first()
    cell = cell or PriorityCell(urgency=urgency, impact=impact)
    if cell.pk and cell.priority == priority:
        return
    cell.priority = priority
    save_as(cell, by=by, reason=reason or "set in the matrix")
