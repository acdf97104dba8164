from celery import shared_task

from people import delivery


@shared_task
def deliver() -> None:
    delivery.deliver()


@shared_task
def run_imports() -> None:
    """Placeholder: replaced with the running of confirmed imports."""
