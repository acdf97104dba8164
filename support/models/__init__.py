from support.models.alert import Alert, Post, Response
from support.models.ticket import Comment, Queue, Ticket, TicketCategory, TicketSequence
from support.models.watching import DigestTime, LeadTime, Preference, Subscription

__all__ = [
    "Alert",
    "Comment",
    "DigestTime",
    "LeadTime",
    "Post",
    "Preference",
    "Queue",
    "Response",
    "Subscription",
    "Ticket",
    "TicketCategory",
    "TicketSequence",
]
