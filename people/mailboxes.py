"""Whose mailbox hears what nobody else can be told: that of a role, and the last resort."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.conf import settings
from django.db import IntegrityError, transaction

from config.history import save_as
from people.models import Person

_known: ContextVar[dict[str, Person] | None] = ContextVar("known mailboxes", default=None)


@contextmanager
def remembering_mailboxes() -> Iterator[None]:
    """Within it each mailbox is looked up once, for what asks hundreds of times in one go."""
    token = _known.set({})
    try:
        yield
    finally:
        _known.reset(token)


def mailbox(role: str) -> Person:
    """The shared mailbox of a role, one of `Person.answers_for`; else the fallback mailbox."""
    return _remembered(role, lambda: _appointed(role) or last_resort())


def last_resort() -> Person:
    """The fallback mailbox, for what would otherwise be addressed to nobody."""
    email = settings.FALLBACK_MAILBOX
    return _remembered(email, lambda: _addressed(email) or _made(email))


def _remembered(name: str, find: Callable[[], Person]) -> Person:
    known = _known.get()
    if known is None:
        return find()
    return known.get(name) or known.setdefault(name, find())


def _appointed(role: str) -> Person | None:
    return Person.objects.filter(answers_for=role).first()


def _addressed(email: str) -> Person | None:
    return Person.objects.filter(email__iexact=email).first()


def _made(email: str) -> Person:
    person = Person(name="IT", email=email, kind=Person.Kind.SHARED)
    try:
        with transaction.atomic():
            save_as(person, by=None, reason="made for mail that nobody else answers for")
    except IntegrityError:  # somebody else needed it first at the same moment
        return Person.objects.get(email__iexact=email)
    return person
