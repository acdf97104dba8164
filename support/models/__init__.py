from support.models.alert import Alert, Post, Response
from support.models.approval import Absence, Approval, Fulfilment
from support.models.catalogue import Offer
from support.models.conversation import Comment, Work
from support.models.desk import (
    Article,
    CannedAnswer,
    PriorityCell,
    Queue,
    TicketCategory,
    TicketTemplate,
)
from support.models.mail import InboundMail
from support.models.service_level import BusinessHours, Holiday, ServiceLevel, Shift
from support.models.staffing import StaffChange, StarterKit
from support.models.ticket import Follower, Ticket, TicketLink, TicketSequence
from support.models.watching import DigestTime, LeadTime, Preference, Subscription

__all__ = [
    "Absence",
    "Alert",
    "Approval",
    "Article",
    "BusinessHours",
    "CannedAnswer",
    "Comment",
    "DigestTime",
    "Follower",
    "Fulfilment",
    "Holiday",
    "InboundMail",
    "LeadTime",
    "Offer",
    "Post",
    "Preference",
    "PriorityCell",
    "Queue",
    "Response",
    "ServiceLevel",
    "Shift",
    "StaffChange",
    "StarterKit",
    "Subscription",
    "Ticket",
    "TicketCategory",
    "TicketLink",
    "TicketSequence",
    "TicketTemplate",
    "Work",
]
