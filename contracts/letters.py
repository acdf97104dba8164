"""The notice that ends a contract: as a letter (PDF), and as a mail that waits to be sent."""

from dataclasses import dataclass
from datetime import date
from email.message import EmailMessage
from email.utils import formataddr
from typing import cast

from django.conf import settings
from django.core.files.base import ContentFile
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, KeepTogether, Paragraph, Spacer

from assets.models import VendorContact
from config.fonts import BOLD
from config.history import Actor
from config.paper import TEXT, built, day, safe
from contracts.models import Contract, Decision
from people.documents import attach
from people.models import Document, User
from people.outbox import one_line

SUBJECT = ParagraphStyle("subject", parent=TEXT, fontName=BOLD, spaceAfter=5 * mm)
BODY = ParagraphStyle("body", parent=TEXT, spaceAfter=3 * mm)
NAMED = 40
"""How many covered assets a letter names; the rest are counted."""


@dataclass(frozen=True)
class Letter:
    """What a notice says. `address` and `paragraphs` are lines; `mails` may be empty."""

    address: list[str]
    mails: list[str]
    on: date
    subject: str
    paragraphs: list[str]
    signed: str


def notice(decision: Decision, *, on: date, signed: str = "") -> Letter:
    """The notice that a decision to cancel calls for, dated `on`.

    It asks for a confirmation, and names the next possible day as well: where the vendor reads
    the contract otherwise, the notice is still one.
    """
    contract, contacts = decision.contract, _contacts(decision.contract)
    greeting = f"Dear {contacts[0].name}," if contacts else "Dear Sir or Madam,"
    named = _named(contract)
    ends_on = day(decision.ends_on) if decision.ends_on else "the next possible day"
    paragraphs = [
        greeting,
        f"We give notice of the contract named above. It ends on {ends_on}. Should another day"
        " apply, this notice ends it on the next day that is possible.",
        *([f"It covers: {'; '.join(named)}."] if named else []),
        "Please confirm in writing that you have received this notice, and the day on which the"
        " contract ends.",
        "Yours faithfully",
    ]
    return Letter(
        address=_address(contract, contacts),
        mails=[it.email for it in contacts if it.email] or _own_mail(contract),
        on=on,
        subject=f"Notice of contract {_numbers(contract)}: {contract.title}",
        paragraphs=paragraphs,
        signed=signed,
    )


def pdf(letter: Letter) -> bytes:
    """The letter on A4, with a line to sign on."""
    sender = [settings.ORGANISATION, *settings.ORGANISATION_ADDRESS]
    story: list[Flowable] = [
        Paragraph("<br/>".join(map(safe, sender)), TEXT),
        Spacer(0, 14 * mm),
        Paragraph("<br/>".join(map(safe, letter.address)), TEXT),
        Spacer(0, 12 * mm),
        Paragraph(safe(day(letter.on)), TEXT),
        Spacer(0, 8 * mm),
        Paragraph(safe(letter.subject), SUBJECT),
        *(Paragraph(_whole(text), BODY) for text in letter.paragraphs[:-1]),
        KeepTogether(
            [
                Paragraph(safe(letter.paragraphs[-1]), TEXT),
                Spacer(0, 18 * mm),
                Paragraph(safe(letter.signed), TEXT),
                Paragraph(safe(settings.ORGANISATION), TEXT),
            ]
        ),
    ]
    return built(story, letter.subject)


def mail_draft(letter: Letter, *, sender: str, sender_name: str = "") -> bytes:
    """The letter as a mail with its PDF attached, which mail programs open as a draft (RFC 5322).

    Nothing is sent: whoever opens it reads it, signs it, and sends it from their own mailbox.
    """
    mail = EmailMessage()
    if sender:
        mail["From"] = formataddr((sender_name, sender))
    if letter.mails:
        mail["To"] = ", ".join(letter.mails)
    mail["Subject"] = one_line(letter.subject)
    mail["X-Unsent"] = "1"
    mail.set_content("\n\n".join([*letter.paragraphs, letter.signed, settings.ORGANISATION]))
    mail.add_attachment(pdf(letter), maintype="application", subtype="pdf", filename="notice.pdf")
    return mail.as_bytes()


def keep(decision: Decision, *, by: Actor) -> Document:
    """Put the letter that went out among the contract's documents, dated the day it was sent."""
    assert decision.sent_on
    user = cast(User | None, by)
    letter = notice(decision, on=decision.sent_on, signed=user.name if user else "")
    file = ContentFile(pdf(letter), name=f"notice-{decision.sent_on}.pdf")
    title = f"Notice of {day(decision.sent_on)}"
    return attach(decision.contract, title=title, file=file, by=by, reason="notice sent")


def _contacts(contract: Contract) -> list[VendorContact]:
    return list(contract.vendor.contacts.filter(takes_notices=True))


def _own_mail(contract: Contract) -> list[str]:
    return [contract.vendor.email] if contract.vendor.email else []


def _address(contract: Contract, contacts: list[VendorContact]) -> list[str]:
    attention = [contacts[0].name] if contacts else []
    return [contract.vendor.name, *attention, *contract.vendor.address.splitlines()]


def _numbers(contract: Contract) -> str:
    vendor = contract.vendor
    own = f"your reference {contract.reference}" if contract.reference else ""
    customer = f"customer number {vendor.customer_number}" if vendor.customer_number else ""
    more = ", ".join(filter(None, [own, customer]))
    return f"{contract.number} ({more})" if more else contract.number


def _named(contract: Contract) -> list[str]:
    covered = contract.assets.select_related("product__maker").order_by("tag")
    named = [
        f"{asset.product}, serial number {asset.serial}" if asset.serial else str(asset.product)
        for asset in covered[:NAMED]
    ]
    more = covered.count() - len(named)
    return [*named, f"and {more} more"] if more > 0 else named


def _whole(text: str) -> str:
    """A paragraph of any length, as a Paragraph may hold it."""
    pieces = [text[at : at + 300] for at in range(0, len(text), 300)]
    return "".join(safe(piece) for piece in pieces)
