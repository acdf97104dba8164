"""Carries mails to the mail server, over one connection for many."""

import smtplib
from contextlib import suppress
from email.utils import format_datetime, formataddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.urls import reverse
from django.utils import timezone

from people.answers import Failed, Postponed, Unreachable, said
from people.models import Message
from people.outbox import one_line, thread_id

PER_CONNECTION = 100  # many servers close a connection that brings more
CLOSING = 421
TOO_LARGE, TOO_LARGE_IN_FULL = 552, "5.3.4"


class Courier:
    """One connection to the mail server, opened when it is needed and used for many mails."""

    def __init__(self) -> None:
        self.connection = get_connection()
        self.carried = 0

    def carry(self, message: Message) -> None:
        """Send one mail. Raises Failed, Postponed or Unreachable where it was not taken."""
        try:
            mail = compose(message)
        except Exception as error:  # whatever is wrong with this row must not stop the others
            raise Failed(f"It cannot be written as a mail: {error}") from error
        self._reach()
        self._send(mail)

    def _reach(self) -> None:
        if self.carried >= PER_CONNECTION:
            self.hang_up()
        try:
            self.connection.open()
        except (smtplib.SMTPException, OSError) as error:
            self.hang_up()
            raise Unreachable(said(error)) from error

    def _send(self, mail: EmailMultiAlternatives) -> None:
        self.carried += 1
        try:
            self.connection.send_messages([mail])
        except smtplib.SMTPRecipientsRefused as refusal:
            code, reply = next(iter(refusal.recipients.values()))
            raise self._refused(code, reply) from refusal
        except smtplib.SMTPResponseException as refusal:
            if isinstance(refusal, smtplib.SMTPSenderRefused) and not _is_too_large(refusal):
                self.hang_up()
                raise Unreachable(said(refusal)) from refusal
            raise self._refused(refusal.smtp_code, refusal.smtp_error) from refusal
        except (smtplib.SMTPException, OSError) as error:
            self.hang_up()
            raise Postponed(said(error)) from error
        except Exception as error:  # Django writes it out only here
            self.hang_up()
            raise Failed(f"It cannot be sent: {error}") from error

    def _refused(self, code: int, reply: bytes | str) -> Failed | Postponed:
        if code == CLOSING:  # the next mail would be charged with a connection that is gone
            self.hang_up()
        words = f"The mail server answered {code} {_text(reply)}"
        return Failed(words) if code >= 500 else Postponed(words)

    def hang_up(self) -> None:
        self.carried = 0
        with suppress(smtplib.SMTPException, OSError):
            self.connection.close()


def _text(reply: bytes | str) -> str:
    return reply.decode(errors="replace") if isinstance(reply, bytes) else reply


def _is_too_large(refusal: smtplib.SMTPResponseException) -> bool:
    """A server that says what it takes (RFC 1870) refuses the sender of a mail that is larger."""
    in_full = _text(refusal.smtp_error).startswith(TOO_LARGE_IN_FULL)
    return refusal.smtp_code == TOO_LARGE or (refusal.smtp_code >= 500 and in_full)


def _addressee(message: Message) -> tuple[str, str]:
    """Name and address; somebody outside has no name here."""
    recipient = message.recipient
    return (recipient.name, recipient.email) if recipient else ("", message.address)


def compose(message: Message) -> EmailMultiAlternatives:
    """The mail of a row: the same at every attempt, so that a twin is known for one."""
    name, address = _addressee(message)
    if not address:
        raise ValueError(f"{name} has no e-mail address")
    mail = EmailMultiAlternatives(
        subject=one_line(message.subject),
        body=message.text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[formataddr((one_line(name), address)) if name else address],
        headers={
            "Message-ID": message.message_id,
            "Date": format_datetime(timezone.localtime(message.created_at)),
            "Auto-Submitted": "auto-generated",
            **_list_headers(message.list_name),
            **_thread_headers(message.thread),
        },
    )
    if message.html:
        mail.attach_alternative(message.html, "text/html")
    return mail


def _thread_headers(thread: str) -> dict[str, str]:
    """So that mail programs show one ticket as one conversation, and answers reach the desk."""
    if not thread:
        return {}
    headers = {"In-Reply-To": thread_id(thread), "References": thread_id(thread)}
    return {**headers, "Reply-To": settings.MAIL_IN_ADDRESS} if settings.IMAP else headers


def _list_headers(name: str) -> dict[str, str]:
    """Of what series a mail is one (RFC 2919), and where one leaves it (RFC 2369)."""
    if not name:
        return {}
    preferences = settings.SITE_URL + reverse("portal:alert_settings")
    return {
        "List-Id": f"{settings.ORGANISATION} {name} <{name}.{settings.SITE_HOST}>",
        "List-Unsubscribe": f"<{preferences}>",
    }
