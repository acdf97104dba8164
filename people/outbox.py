"""Mail is a row, written in the transaction of the change that caused it, and sent later.

No request and no transition talks to a mail server or to the broker.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import make_msgid

from django.conf import settings
from django.utils import timezone

from people.models import Message, Person


@dataclass(frozen=True)
class Mail:
    """One mail to be owed: `key` names the reason, and one key is owed only once."""

    to: Person
    key: str
    subject: str
    text: str
    html: str = ""


def queue(to: Person, *, key: str, subject: str, text: str, html: str = "") -> None:
    """Owe a person a mail, in the caller's transaction."""
    queue_all([Mail(to, key, subject, text, html)])


def queue_all(mails: Sequence[Mail]) -> None:
    """Owe many mails, set-based. Who has no e-mail address is owed nothing."""
    now = timezone.now()
    Message.objects.bulk_create(
        [
            Message(
                key=mail.key,
                recipient=mail.to,
                subject=_one_line(mail.subject),
                text=mail.text,
                html=mail.html,
                message_id=make_msgid(domain=settings.SITE_HOST),
                next_attempt_at=now,
            )
            for mail in mails
            if mail.to.email
        ],
        ignore_conflicts=True,
        batch_size=500,
    )


def _one_line(subject: str) -> str:
    # A line break would begin another header.
    return " ".join(subject.split())[: Message._meta.get_field("subject").max_length]
