from django.apps import AppConfig


class SupportConfig(AppConfig):
    name = "support"

    def ready(self) -> None:
        """Give the apps below what only this one knows."""
        from assets import costs  # noqa: PLC0415 - models are ready only now
        from contracts import calendar_feed  # noqa: PLC0415
        from support import alert_calendar, work  # noqa: PLC0415

        if alert_calendar.entries not in calendar_feed.SOURCES:
            calendar_feed.SOURCES.append(alert_calendar.entries)
        if work.cost_of not in costs.FURTHER:
            costs.FURTHER.append(work.cost_of)
