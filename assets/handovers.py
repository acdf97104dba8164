"""What a person says of what they were handed: that they received it, or what is wrong."""

from collections.abc import Sequence

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import transaction
from django.http import HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import timezone

from assets.identifiers import shown
from assets.models import Custody, Handover
from assets.notes import Item, handover_note
from config.history import Actor, save_as, update_all_as
from people import documents, outbox
from people.mailboxes import mailbox
from people.models import Person

Answer = Handover.Answer


@transaction.atomic
def accept(handover: Handover, *, name: str, by: Actor) -> Handover:
    """The person received all of it; `name` is theirs, as typed. The signed note is kept.

    Raises ValidationError without a name, where it is answered already, and where all of it
    was returned.
    """
    handover, custodies = _answerable(handover, name)
    handover.answer, handover.signed_name = Answer.ACCEPTED, name.strip()
    handover.answered_at = timezone.now()
    file = ContentFile(drawn(handover), name=file_name(handover))
    handover.note = documents.attach(handover, title="Signed handover note", file=file, by=by)
    save_as(handover, by=by, reason="accepted")
    for custody in custodies:
        custody.accepted_at = handover.answered_at
    update_all_as(custodies, ["accepted_at"], by=by, reason="accepted")
    return handover


@transaction.atomic
def dispute(handover: Handover, *, name: str, what: str, by: Actor) -> Handover:
    """Something is wrong with it, in the person's own words; IT is told.

    Raises ValidationError as `accept` does, and where nothing is said.
    """
    handover, _ = _answerable(handover, name)
    if not what.strip():
        raise ValidationError("Say what is wrong.")
    handover.answer, handover.signed_name = Answer.DISPUTED, name.strip()
    handover.answered_at, handover.dispute = timezone.now(), what.strip()
    save_as(handover, by=by, reason="disputed")
    _tell_it(handover)
    return handover


@transaction.atomic
def settle(handover: Handover, *, by: Actor, reason: str) -> Handover:
    """A dispute is put right: the person is asked once more, with what was done about it.

    Who has returned all of it meanwhile is asked nothing.
    """
    handover = _locked(handover)
    if handover.answer != Answer.DISPUTED:
        state = handover.get_answer_display()
        raise ValidationError(f"{handover} is {state}: only a disputed one can be settled.")
    if not reason.strip():
        raise ValidationError("Say what was done about it.")
    handover.answer, handover.signed_name = Answer.NONE, ""
    handover.answered_at, handover.dispute = None, ""
    save_as(handover, by=by, reason=f"settled: {reason}")
    if handover.custodies.open().exists():
        _ask_again(handover, reason)
    return handover


def paper(handover: Handover) -> HttpResponseBase:
    """The handover note to be saved: as it was accepted, else with a line to sign on."""
    if handover.note:
        return documents.response(handover.note)
    return HttpResponse(
        drawn(handover),
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{file_name(handover)}"'},
    )


def drawn(handover: Handover) -> bytes:
    """The handover note as PDF, from what the register says now."""
    first = handover.history.earliest()
    accepted = handover.answer == Answer.ACCEPTED
    return handover_note(
        number=str(handover.pk),
        to_name=str(handover.to),
        place=str(handover.to.location or ""),
        handed_over_by=str(first.history_user or "Steward"),
        handed_over_on=timezone.localdate(handover.handed_over_at),
        due_back_on=handover.due_back_on,
        items=_items(handover),
        accepted_by=handover.signed_name if accepted else "",
        accepted_at=handover.answered_at if accepted else None,
    )


def file_name(handover: Handover) -> str:
    return f"handover-{handover.pk}.pdf"


def address(handover: Handover) -> str:
    """Where the person answers."""
    return f"{settings.SITE_URL}/handovers/{handover.pk}/"


def _items(handover: Handover) -> list[Item]:
    custodies = handover.custodies.select_related("asset__product__maker").order_by("pk")
    return [
        Item(
            tag=custody.asset.tag,
            product=str(custody.asset.product),
            serial=custody.asset.serial,
            identifiers=[
                f"{it.get_kind_display()} {shown(it.kind, it.value)}"
                for it in custody.asset.identifiers.all()
            ],
        )
        for custody in custodies.prefetch_related("asset__identifiers")
    ]


def _locked(handover: Handover) -> Handover:
    rows = Handover.objects.select_for_update(of=("self",)).select_related("to__location")
    return rows.get(pk=handover.pk)


def _answerable(handover: Handover, name: str) -> tuple[Handover, Sequence[Custody]]:
    """The handover under its lock, and what of it is still with the person."""
    if not name.strip():
        raise ValidationError("Type your name.")
    handover = _locked(handover)
    if handover.answered_at:
        when = timezone.localtime(handover.answered_at)
        raise ValidationError(
            f"It was {handover.get_answer_display()} by {handover.signed_name} on"
            f" {when:%-d %B %Y at %H:%M}."
        )
    custodies = list(handover.custodies.open().order_by("pk"))
    if not custodies:
        raise ValidationError("All of it was returned already: there is nothing to confirm.")
    return handover, custodies


def _tell_it(handover: Handover) -> None:
    page = reverse("admin:assets_handover_change", args=[handover.pk])
    text = (
        f"{handover.to} says of what was handed over on"
        f" {timezone.localdate(handover.handed_over_at):%-d %B %Y}:\n\n{handover.dispute}\n\n"
        f"Put it right and settle it here: {settings.SITE_URL}{page}\n"
    )
    key = f"dispute:{handover.history.latest().pk}"
    subject = f"Disputed by {handover.to}: handover {handover.pk}"
    outbox.queue(mailbox("it"), key=key, subject=subject, text=text)


def _ask_again(handover: Handover, reason: str) -> None:
    person: Person = handover.to
    text = (
        f"Hello {person},\n\nthis was done about what you said was wrong:\n\n{reason}\n\n"
        f"Please confirm that it is right now, or say what is not:\n{address(handover)}\n"
    )
    key = f"settled:{handover.history.latest().pk}"
    outbox.queue(person, key=key, subject="Please look at your handover again", text=text)
