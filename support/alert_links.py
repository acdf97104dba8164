"""The link in a mail that leads to one alert. It names an alert; it lets nobody in."""

from datetime import timedelta

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.urls import reverse

from people.models import Person
from support.models import Alert

VALID = timedelta(days=30)
SALT = "support.alert_links"


def answer_link(alert: Alert, person: Person) -> str:
    """The absolute address at which the person answers the alert; good for 30 days.

    Whoever opens it must sign in and be one who may answer, see `support.responses.may_respond`.
    """
    token = TimestampSigner(salt=SALT).sign(f"{alert.pk}.{person.pk}")
    return f"{settings.SITE_URL}{reverse('portal:alert_link', args=[token])}"


def alert_of(token: str) -> Alert | None:
    """The alert that a link leads to; None where the link is too old, damaged or made up.

    One that was followed by a nearer one of the same date leads to that.
    """
    try:
        text = TimestampSigner(salt=SALT).unsign(token, max_age=VALID)
        alert, person = map(int, text.split("."))
    except (BadSignature, ValueError):
        return None
    told = Alert.objects.filter(pk=alert).first()
    return told and _present(told, person)


def _present(told: Alert, person: int) -> Alert:
    if told.state != Alert.State.FOLLOWED:
        return told
    nearer = Alert.objects.of_matter(told).filter(recipient=person)
    return nearer.exclude(state=Alert.State.FOLLOWED).order_by("lead").first() or told
