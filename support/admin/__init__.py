"""The back office's screens for tickets and alerts."""

from support.admin import alerts, desk, ticket

__all__ = ["alerts", "desk", "ticket"]
