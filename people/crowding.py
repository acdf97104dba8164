"""How many mails one person gets in an hour: what is beyond that is held back, and lost never.

A mail that is answered by a machine, whose answer is mailed again, goes round in a circle; this
makes it a slow one, that stands in the outbox for all to see. A sign-in code and a digest of alerts
wait for nothing: neither is an answer to anything.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from django.db.models import Count
from django.utils import timezone

from people.models import Message

MOST_AN_HOUR = 120
HOLD = timedelta(minutes=10)


class Crowding:
    """Whom one run of the delivery still mails; asks the database once for many recipients."""

    def __init__(self) -> None:
        self.got: Counter[int | None] = Counter()

    def look_at(self, messages: Sequence[Message]) -> None:
        """Learn how many mails their recipients got that were due within the last hour."""
        people: set[int | None] = {it.recipient_id for it in messages if it.is_ordinary}
        unknown = people - self.got.keys()
        if not unknown:
            return
        self.got.update(dict.fromkeys(unknown, 0))
        since = timezone.now() - timedelta(hours=1)
        sent = Message.objects.ordinary().filter(
            state=Message.State.SENT, next_attempt_at__gt=since, recipient__in=unknown
        )
        rows = sent.order_by().values_list("recipient").annotate(Count("pk"))
        self.got.update(dict(rows))

    def holds_back(self, message: Message) -> bool:
        """Whether it has to wait; then all that is due to its recipient waits with it."""
        if not message.is_ordinary or message.state != Message.State.QUEUED:
            return False
        self.got[message.recipient_id] += 1
        if self.got[message.recipient_id] <= MOST_AN_HOUR:
            return False
        now = timezone.now()
        due = Message.objects.ordinary().filter(
            state=Message.State.QUEUED, next_attempt_at__lte=now, recipient=message.recipient_id
        )
        due.update(
            next_attempt_at=now + HOLD,
            error=f"Held back: {message.recipient} got {MOST_AN_HOUR} mails within an hour.",
        )
        return True
