"""Mail that came in."""

from django.db import models

from people.models import Document, Person, User
from support.models.conversation import Comment
from support.models.ticket import Ticket


class InboundMail(models.Model):
    """One mail of the desk's mailbox, taken once; see `support.mail_in`."""

    class State(models.TextChoices):
        OPENED = "opened", "opened a ticket"
        JOINED = "joined", "joined a ticket"
        QUARANTINED = "quarantined", "kept for the desk to decide"
        IGNORED = "ignored", "automatic, left alone"
        REJECTED = "rejected", "thrown away by the desk"

    mailbox = models.CharField(max_length=200)
    validity = models.PositiveBigIntegerField(help_text="UIDVALIDITY of the folder, RFC 9051.")
    uid = models.PositiveBigIntegerField()
    message_id = models.CharField(max_length=250, db_index=True)
    sender = models.CharField(max_length=250)
    sender_name = models.CharField(max_length=250, blank=True)
    subject = models.CharField(max_length=250, blank=True)
    text = models.TextField(blank=True)
    received_at = models.DateTimeField("received")
    taken_at = models.DateTimeField("taken", auto_now_add=True)
    state = models.CharField(max_length=12, choices=State, db_index=True)
    reason = models.CharField(max_length=250, blank=True)
    person = models.ForeignKey(
        Person, models.PROTECT, null=True, related_name="mails_sent_in", editable=False
    )
    ticket = models.ForeignKey(
        Ticket, models.PROTECT, null=True, related_name="mails", editable=False
    )
    comment = models.ForeignKey(
        Comment, models.PROTECT, null=True, related_name="mails", editable=False
    )
    original = models.ForeignKey(
        Document,
        models.PROTECT,
        null=True,
        related_name="+",
        editable=False,
        help_text="The mail as it came.",
    )
    decided_by = models.ForeignKey(
        User, models.PROTECT, null=True, related_name="mails_decided", editable=False
    )
    decided_at = models.DateTimeField("decided", null=True, editable=False)

    class Meta:
        ordering = ["-received_at", "-pk"]
        permissions = [("decide_inboundmail", "Can decide on mail that was kept back")]
        indexes = [models.Index(fields=["sender", "taken_at"], name="mail_of_sender")]
        constraints = [
            models.UniqueConstraint(
                fields=["mailbox", "validity", "uid"], name="mail_is_taken_once"
            ),
            # A server that forgets which mails it gave hands them out under new numbers.
            models.UniqueConstraint(
                fields=["mailbox", "message_id", "received_at"],
                name="mail_is_taken_once_whatever_its_number",
            ),
        ]

    def __str__(self) -> str:
        return self.subject or "(no subject)"
