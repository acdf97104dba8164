from celery import shared_task

from contracts import matching
from people.jobs import recorded


@shared_task
@recorded("match")
def match() -> str:
    count = matching.run_waiting()
    return f"{count} worked through" if count else ""
