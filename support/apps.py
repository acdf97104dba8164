from django.apps import AppConfig


class SupportConfig(AppConfig):
    name = "support"

    def ready(self) -> None:
        from contracts import calendar_feed  # noqa: PLC0415 - models are ready only now
        from support import alert_calendar  # noqa: PLC0415

        if alert_calendar.entries not in calendar_feed.SOURCES:
            calendar_feed.SOURCES.append(alert_calendar.entries)
