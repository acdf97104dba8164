"""Who is at the door of the portal, and how often they may knock."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any, Concatenate

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

from config import limits
from people.models import Person
from support.models import Comment, Ticket

type View[**P] = Callable[Concatenate[HttpRequest, P], HttpResponseBase]
type PersonView[**P] = Callable[Concatenate[HttpRequest, Person, P], HttpResponseBase]

REPORTS_PER_HOUR = 20
ANSWERS_PER_HOUR = 60
NAMES_PER_HOUR = 20
TOO_OFTEN = "You have sent a lot within the last hour. Please wait a little before you send more."


def for_a_person[**P](view: PersonView[P]) -> View[P]:
    """Call the view with the person who is signed in; a login without one is told whom to ask."""

    @login_required
    @wraps(view)
    def with_person(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        person = Person.objects.filter(user=request.user.pk).first()
        if person is None:
            return render(request, "portal/nobody.html", {"contact": contact()}, status=403)
        return view(request, person, *args, **kwargs)

    return with_person


def contact() -> str:
    """The mail address to write to where the portal cannot help."""
    mailbox = Person.objects.filter(answers_for="service_desk").first()
    return mailbox.email if mailbox else settings.FALLBACK_MAILBOX


def has_reported_too_much(person: Person, at: datetime) -> bool:
    """Counted in the database: no cache to be down, and what the desk opened does not count."""
    recent: dict[str, Any] = {"submission__isnull": False, "opened_at__gt": at - timedelta(hours=1)}
    return Ticket.objects.filter(requester=person, **recent).count() >= REPORTS_PER_HOUR


def has_answered_too_much(person: Person, at: datetime) -> bool:
    recent = Comment.objects.filter(author=person, created_at__gt=at - timedelta(hours=1))
    return recent.count() >= ANSWERS_PER_HOUR


def has_named_too_many(person: Person) -> bool:
    """Counts each address that they name, known or not: nobody finds out by trying who is here."""
    return limits.is_over(f"named:{person.pk}", limits.Limit(NAMES_PER_HOUR, 3600))
