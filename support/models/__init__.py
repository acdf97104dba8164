from support.models.alert import Alert
from support.models.ticket import Comment, Queue, Ticket, TicketCategory, TicketSequence

__all__ = ["Alert", "Comment", "Queue", "Ticket", "TicketCategory", "TicketSequence"]
