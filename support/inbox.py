"""Which alerts wait for whom: their own, and those of the mailbox of their role."""

from django.conf import settings
from django.db.models import Q, QuerySet

from people.models import Person, User
from people.roles import ADMINISTRATOR, FINANCE, IT, SERVICE_DESK
from support.models import Alert
from support.models.alert import AlertQuerySet

MAILBOXES = {"it": IT, "finance": FINANCE, "service_desk": SERVICE_DESK}


def own(user: User) -> AlertQuerySet:
    """What they were told themselves, in whatever state."""
    return Alert.objects.filter(recipient__user=user)


def mine(user: object, alerts: QuerySet[Alert] | None = None) -> QuerySet[Alert]:
    """Those of the given alerts, else of all, that wait for this user, in whatever state."""
    rows = Alert.objects.all() if alerts is None else alerts
    if not isinstance(user, User) or not user.is_active:
        return rows.none()
    return rows.filter(recipient__in=Person.objects.filter(reads(user)).values("pk"))


def count(user: object) -> int:
    """How many open alerts wait for this user: two queries."""
    return mine(user).filter(state=Alert.State.OPEN).count()


def reads(user: User) -> Q:
    """The people whose mail this user reads. A role's mailbox is read by the staff of that role."""
    read = Q(user=user)
    if not user.is_staff:
        return read
    roles = set(user.groups.values_list("name", flat=True))
    read |= Q(answers_for__in=[mailbox for mailbox, role in MAILBOXES.items() if role in roles])
    if roles.isdisjoint({IT, ADMINISTRATOR}):
        return read
    # What has no mailbox of its own goes to this one, which IT reads.
    return read | Q(
        kind=Person.Kind.SHARED, answers_for="", email__iexact=settings.FALLBACK_MAILBOX
    )
