from celery import shared_task

from people import delivery, import_work


@shared_task
def deliver() -> None:
    delivery.deliver()


@shared_task
def run_imports() -> None:
    import_work.run_waiting()
