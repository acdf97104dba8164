"""Signing in: nobody signs up, and every person with an e-mail can sign in to the portal."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import RequestLoginCodeForm
from django.db import transaction
from django.http import HttpRequest
from django.utils.timezone import localdate

from config.history import save_as
from people.models import Person, User


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False


class RequestCodeForm(RequestLoginCodeForm):
    """Asks for the e-mail that a sign-in code goes to."""

    def clean_email(self) -> object:
        ensure_login(self.cleaned_data["email"])
        return super().clean_email()


@transaction.atomic
def ensure_login(email: str) -> User | None:
    """Give the person of this e-mail a login, if he is employed and has none yet."""
    person = (
        Person.objects.employed(localdate())
        .exclude(kind=Person.Kind.SHARED)
        .select_for_update()
        .filter(email__iexact=email, user=None)
        .first()
    )
    if person is None or User.objects.filter(email__iexact=email).exists():
        return None
    person.user = User.objects.create_user(person.email, name=person.name)
    save_as(person, by=None, reason="first sign-in to the portal")
    return person.user
