import logging

from celery import shared_task
from django.utils.timezone import localdate

from support.daily import run_day

logger = logging.getLogger(__name__)


@shared_task
def daily() -> None:
    logger.info("%s", run_day(localdate()))
