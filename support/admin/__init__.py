"""The back office's screens for tickets and alerts."""

from support.admin import alerts, ticket

__all__ = ["alerts", "ticket"]
