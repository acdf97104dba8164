"""What is written on a ticket, with its files; who reads it is told by `support.ticket_mail`."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.core.files import File
from django.db.models import Q, QuerySet
from django.utils import timezone

from config.history import Actor, save_as
from people import documents
from people.models import Document, Person
from support.models import CannedAnswer, Comment, Ticket

MOST_FILES = 10


def write(
    ticket: Ticket,
    body: str,
    *,
    author: Person | None,
    public: bool = True,
    attachments: Sequence[File] = (),
    submission: UUID | None = None,
    by: Actor,
) -> Comment:
    """Add one turn with its files, in the caller's transaction.

    Raises ValidationError where nothing is said, or a file is not accepted: then nothing is kept.
    """
    if not body.strip():
        raise ValidationError("Write something before you send it.")
    comment = Comment(
        ticket=ticket, author=author, body=body.strip(), is_public=public, submission=submission
    )
    save_as(comment, by=by, reason="answered" if public else "noted")
    attach(comment, attachments, by=by)
    return comment


def may_read_notes(person: Person) -> bool:
    """Whether what is for staff only is for them: staff who are here, or the mailbox of a role."""
    if person.answers_for:
        return True
    user = person.user
    if user is None or not user.is_staff or person.has_left(timezone.localdate()):
        return False
    return user.has_perm("support.view_comment")  # which nobody has whose login is switched off


def attach(record: Ticket | Comment, files: Sequence[File], *, by: Actor) -> None:
    """Keep files with a ticket or one of its turns. Raises ValidationError, as above."""
    if len(files) > MOST_FILES:
        raise ValidationError(f"At most {MOST_FILES} files at a time are accepted.")
    for file in files:
        name = documents.cleaned_name(file.name or "")
        documents.attach(record, title=name[:100], file=file, by=by)


def files_of(ticket: Ticket, *, public: bool) -> QuerySet[Document]:
    """What is attached to a ticket and its turns; of `public` turns only, for the portal."""
    comments = ticket.comments.public() if public else ticket.comments.all()
    of_ticket = Q(content_type__app_label="support", content_type__model="ticket")
    of_comment = Q(content_type__app_label="support", content_type__model="comment")
    return Document.objects.filter(
        (of_ticket & Q(object_id=ticket.pk))
        | (of_comment & Q(object_id__in=comments.order_by().values("pk")))
    )


def files_at_the_opening(ticket: Ticket) -> QuerySet[Document]:
    return documents.documents_of(ticket).order_by("pk")


def turns(ticket: Ticket, *, public: bool) -> list[Comment]:
    """The turns of the conversation, each with its author and its files in `attached`."""
    comments = ticket.comments.public() if public else ticket.comments.all()
    found = list(comments.select_related("author__user"))
    files: dict[int, list[Document]] = defaultdict(list)
    kind = ContentType.objects.get_for_model(Comment)
    keys = [it.pk for it in found]
    for file in Document.objects.filter(content_type=kind, object_id__in=keys).order_by("pk"):
        files[file.object_id].append(file)
    for comment in found:
        vars(comment)["attached"] = files[comment.pk]
    return found


def filled(canned: CannedAnswer, ticket: Ticket) -> str:
    """A ready answer with the words of this ticket; other braces stay as they are."""
    words = {
        "{requester}": ticket.requester.name,
        "{number}": ticket.number,
        "{asset}": str(ticket.asset) if ticket.asset else "your device",
    }
    text = canned.body
    for mark, word in words.items():
        text = text.replace(mark, word)
    return text
