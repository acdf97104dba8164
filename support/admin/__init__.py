"""The back office's screens for tickets, requests and alerts."""

from support.admin import (
    alerts,
    approvals,
    articles,
    catalogue,
    desk,
    device_steps,
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
    "articles",
    "catalogue",
    "desk",
    "device_steps",
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
