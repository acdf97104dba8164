from celery import shared_task


@shared_task
def daily() -> None:
    """Placeholder."""
