"""`/health/`: whether Steward works, for a monitor. No sign-in, no versions, no error texts."""

import os
from datetime import datetime
from http import HTTPStatus
from threading import Thread

import redis
from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from redis.backoff import NoBackoff
from redis.retry import Retry

from people.jobs import late
from people.models import Job, Message

BROKER_SECONDS = 1.0
MOST_QUEUED = 15 * 60
"""Seconds after which a message that is due and was not tried says that nothing delivers."""


@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """What works, as JSON; 200 where all of it does, else 503."""
    database, broker = database_answers(), broker_answers()
    facts = _facts(timezone.now()) if database else _unknown()
    age, missed = facts["queue_age_seconds"], facts["late_jobs"]
    well = database and broker and missed == [] and isinstance(age, int) and age <= MOST_QUEUED
    status = HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE
    answers = {"database": _in_a_word(database), "broker": _in_a_word(broker)}
    return JsonResponse({"status": _in_a_word(well), **answers, **facts}, status=status)


def _facts(now: datetime) -> dict[str, object]:
    try:
        daily = Job.objects.filter(name="daily").values_list("succeeded_at", flat=True).first()
        return {
            "queue_age_seconds": queue_age(now),
            "last_daily_run": daily and daily.isoformat(timespec="seconds"),
            "late_jobs": [job.name for job in late(now)],
        }
    except Error:
        return _unknown()


def _unknown() -> dict[str, object]:
    return {"queue_age_seconds": None, "last_daily_run": None, "late_jobs": None}


def _in_a_word(well: bool) -> str:
    return "ok" if well else "failing"


def queue_age(now: datetime) -> int:
    """For how many seconds the message that is most overdue should have been tried.

    One that was refused for now is not due before its next attempt.
    """
    due = Message.objects.deliverable(now)
    if not settings.MAIL_IS_SENT:
        due = due.posts()
    oldest = due.order_by("next_attempt_at").values_list("next_attempt_at", flat=True).first()
    return int((now - oldest).total_seconds()) if oldest else 0


def database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return False
    return True


def broker_answers() -> bool:
    """Asked once, within a second: a broker that is away must not make the asker wait."""
    if settings.CELERY_BROKER_URL == "filesystem://":
        folder = settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_out"]
        return os.access(str(folder), os.W_OK)
    answers: list[bool] = []
    # Beside the request: a name server or a broker that says a little each time keeps one waiting
    # beyond every timeout of a socket.
    asking = Thread(target=lambda: answers.append(_redis_answers()), daemon=True)
    asking.start()
    asking.join(BROKER_SECONDS)
    return answers == [True]


def _redis_answers() -> bool:
    server = redis.Redis.from_url(
        settings.CELERY_BROKER_URL,
        socket_connect_timeout=BROKER_SECONDS,
        socket_timeout=BROKER_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    try:
        return bool(server.ping())
    except (redis.RedisError, OSError):
        return False
    finally:
        server.close()


urlpatterns = [path("health/", health, name="health")]
