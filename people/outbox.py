"""Mail is a row, written in the transaction of the change that caused it, and sent later.

No request and no transition talks to a mail server or to the broker.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import make_msgid

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from people.models import Message, Person, User, Webhook


@dataclass(frozen=True)
class Mail:
    """One mail to be owed: `key` names the reason, and one key is owed only once."""

    to: Person
    key: str
    subject: str
    text: str
    html: str = ""
    confidential: bool = False
    list_name: str = ""  # the series it is one of, such as "alerts"
    thread: str = ""  # what it is about, such as "ticket-12"; see `thread_id`
    readable_with: str = ""  # the permission that its body needs in the outbox; see `may_read`


def queue(
    to: Person,
    *,
    key: str,
    subject: str,
    text: str,
    html: str = "",
    confidential: bool = False,
    thread: str = "",
) -> None:
    """Owe a person a mail, in the caller's transaction.

    The body of a confidential one is removed once it is sent; see `may_read`.
    """
    queue_all([Mail(to, key, subject, text, html, confidential, thread=thread)])


def queue_all(mails: Sequence[Mail]) -> QuerySet[Message]:
    """Owe many mails, set-based, and return those that were not owed already.

    Who has no e-mail address is owed nothing.
    """
    now = timezone.now()
    owed = [
        Message(
            key=mail.key,
            recipient=mail.to,
            subject=one_line(mail.subject),
            text=mail.text,
            html=mail.html,
            is_confidential=mail.confidential,
            list_name=mail.list_name,
            thread=mail.thread,
            readable_with=mail.readable_with,
            message_id=make_msgid(domain=settings.SITE_HOST),
            next_attempt_at=now,
        )
        for mail in mails
        if mail.to.email
    ]
    Message.objects.bulk_create(owed, ignore_conflicts=True, batch_size=500)
    # Of two who owe the same key at once one is ignored: the stored Message-ID tells whose it is.
    return Message.objects.filter(
        key__in=[message.key for message in owed],
        message_id__in=[message.message_id for message in owed],
    )


def queue_outside(
    address: str, *, key: str, subject: str, text: str, thread: str = "", confidential: bool = False
) -> bool:
    """Owe somebody who is not among the people a mail, in the caller's transaction.

    Returns False where it was owed already.
    """
    message, made = Message.objects.get_or_create(
        key=key,
        defaults={
            "address": address,
            "subject": one_line(subject),
            "text": text,
            "is_confidential": confidential,
            "thread": thread,
            "message_id": make_msgid(domain=settings.SITE_HOST),
            "next_attempt_at": timezone.now(),
        },
    )
    return made


def queue_post(to: Webhook, *, key: str, subject: str, text: str) -> Message:
    """Owe a webhook a post of the JSON `text`, in the caller's transaction.

    Raises IntegrityError where one of this key is owed already.
    """
    return Message.objects.create(
        key=key,
        webhook=to,
        subject=one_line(subject),
        text=text,
        message_id=make_msgid(domain=settings.SITE_HOST),
        next_attempt_at=timezone.now(),
    )


def may_read(message: Message, user: User) -> bool:
    """Whether the outbox shows the body of `message` to `user`.

    A confidential body is for its recipient alone. Only where no mail server takes it there may
    an administrator, who could set their password anyway, read it out to them. Another body may say
    what not everybody with the outbox may see elsewhere: then it takes the same permission.
    """
    if message.is_confidential:
        return not settings.MAIL_IS_SENT and user.has_perm("people.change_user")
    return not message.readable_with or user.has_perm(message.readable_with)


def thread_id(thread: str) -> str:
    """The Message-ID that all mails of a thread refer to; no mail has it, and none needs it."""
    return f"<{thread}@{settings.SITE_HOST}>"


def one_line(subject: str) -> str:
    # A line break would begin another header.
    return " ".join(subject.split())[: Message._meta.get_field("subject").max_length]
