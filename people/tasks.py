from celery import shared_task


@shared_task
def deliver() -> None:
    """Placeholder: replaced with the delivery of the outbox."""


@shared_task
def run_imports() -> None:
    """Placeholder: replaced with the running of confirmed imports."""
