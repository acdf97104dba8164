from celery import shared_task

from people import delivery, import_work
from people.jobs import Hindered, recorded


@shared_task
@recorded("deliver mail")
def deliver() -> str:
    run = delivery.deliver_mails()
    if run.obstacle:
        raise Hindered(run.obstacle)
    return f"{run.sent} sent" if run.sent else ""


@shared_task
@recorded("deliver posts")
def deliver_posts() -> str:
    sent = delivery.deliver_posts()
    return f"{sent} sent" if sent else ""


@shared_task
@recorded("run imports")
def run_imports() -> str:
    count = import_work.run_waiting()
    return f"{count} worked through" if count else ""
