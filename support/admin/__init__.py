"""The back office's screens for tickets, requests and alerts."""

from support.admin import (
    alerts,
    approvals,
    catalogue,
    desk,
    fulfilment,
    inbound,
    lead_times,
    own_days,
    preview,
    service_level,
    staffing,
    ticket,
    told,
    webhooks,
)

__all__ = [
    "alerts",
    "approvals",
    "catalogue",
    "desk",
    "fulfilment",
    "inbound",
    "lead_times",
    "own_days",
    "preview",
    "service_level",
    "staffing",
    "ticket",
    "told",
    "webhooks",
]
