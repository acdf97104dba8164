"""The back office's screens for tickets and alerts."""

from support.admin import alerts, desk, lead_times, own_days, ticket, told, webhooks

__all__ = ["alerts", "desk", "lead_times", "own_days", "ticket", "told", "webhooks"]
