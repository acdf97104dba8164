"""Signing in: nobody signs up, and every person with an e-mail can sign in to the portal.

Built on allauth 65.21, of which only the pages in `people.urls` are open. A person who has left and
a login that is switched off are refused everywhere, in the words for an unknown one.
"""

import uuid
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter, get_adapter
from allauth.account.forms import LoginForm, RequestLoginCodeForm
from allauth.core import context, ratelimit
from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import transaction
from django.forms import Form
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.timezone import localdate

from config.history import save_as
from people import outbox
from people.models import Person, User


class Backend(ModelBackend):
    """Signs in by e-mail and password, and is asked again with every request of a session."""

    def user_can_authenticate(self, user: User | AnonymousUser | None) -> bool:
        return isinstance(user, User) and may_sign_in(user)


def may_sign_in(user: User) -> bool:
    person = Person.objects.filter(user=user).first()
    return user.is_active and not (person and person.has_left(localdate()))


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        is_staff = isinstance(request.user, User) and request.user.is_staff
        return reverse("admin:index" if is_staff else "portal:home")

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Put allauth's mail into the outbox; an address that may not sign in gets none."""
        known = _known(email)
        if known is None:
            return
        words = {**context, "organisation": settings.ORGANISATION}
        mail = {
            "key": f"sign-in:{uuid.uuid4()}",
            "subject": render_to_string(f"{template_prefix}_subject.txt", words),
            "text": render_to_string(f"{template_prefix}_message.txt", words),
        }
        if known[1] is not None:
            outbox.queue(known[1], **mail, confidential=True)
        else:
            outbox.queue_outside(email, **mail, confidential=True)


class PasswordForm(LoginForm):
    """Asks for the e-mail and the password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plainly(self, login="E-mail", password="Password")


class RequestCodeForm(RequestLoginCodeForm):
    """Asks for the e-mail that a sign-in code goes to; known or not, it answers the same."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plainly(self, email="E-mail")

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].strip()
        if not ratelimit.consume(context.request, action="request_login_code", key=email.lower()):
            raise self.too_often()
        self._user = ensure_login(email)
        return email

    def too_often(self) -> ValidationError:
        error: ValidationError = get_adapter().validation_error("too_many_login_attempts")
        return error


def _plainly(form: Form, **labels: str) -> None:
    """Label the fields in our words, without repeating the label in the field."""
    for name, label in labels.items():
        form.fields[name].label = label
        form.fields[name].widget.attrs.pop("placeholder", None)


@transaction.atomic
def ensure_login(email: str) -> User | None:
    """The login that a code sent to `email` may open, made now for a person who had none."""
    known = _known(email)
    if known is None:
        return None
    user, person = known
    if user is None and person is not None:
        person = Person.objects.select_for_update().get(pk=person.pk)
        person.user = person.user or User.objects.create_user(person.email, name=person.name)
        save_as(person, by=None, reason="first sign-in to the portal")
        return person.user
    return user if user and may_sign_in(user) else None


def _known(email: str) -> tuple[User | None, Person | None] | None:
    """Whom a mail to `email` reaches, and the login, of which one of both may be missing.

    A login of the back office is opened only through its own address: who may edit people could
    otherwise put their own address into an administrator's record, and become that one.
    """
    people = Person.objects.employed(localdate()).exclude(kind=Person.Kind.SHARED)
    person = people.select_related("user").filter(email__iexact=email).first()
    if person is None:
        return _only_login(email)
    of_this_email = User.objects.filter(email__iexact=email).select_related("person").first()
    user = person.user or of_this_email
    if user is None:
        return None, person
    is_theirs = user == person.user or not hasattr(user, "person")
    is_through_its_address = user == of_this_email or not (user.is_staff or user.is_superuser)
    return (user, person) if is_theirs and is_through_its_address else None


def _only_login(email: str) -> tuple[User, None] | None:
    """A login that an administrator made for somebody who is not among the people."""
    user = User.objects.filter(email__iexact=email, person=None, is_active=True).first()
    has_left_or_is_shared = Person.objects.filter(email__iexact=email).exists()
    return (user, None) if user and not has_left_or_is_shared else None
