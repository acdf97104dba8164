from celery import shared_task

from contracts import matching


@shared_task
def match() -> None:
    matching.run_waiting()
