"""Mails that came back: a server took them from us, and told us later that it could not deliver."""

from django.db import transaction

from people.models import Message


@transaction.atomic
def came_back(message_id: str, *, said: str) -> Message | None:
    """Mark a sent mail as failed with the server's words, and return it.

    None where we sent no mail of this Message-ID. One that has failed already stays as it is.
    """
    message = Message.objects.select_for_update().filter(message_id=message_id).first()
    if message is None:
        return None
    if message.state == Message.State.SENT:
        message.state, message.sent_at = Message.State.FAILED, None
        message.error = f"It came back: {said}"
        message.save(update_fields=["state", "sent_at", "error"])
    return message
