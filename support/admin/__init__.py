"""The back office's screens for what this app holds."""

from support.admin import alerts

__all__ = ["alerts"]
