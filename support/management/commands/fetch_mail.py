from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from people.jobs import Hindered
from support.mail_in.polling import fetch_mail


class Command(BaseCommand):
    help = "Take what lies in the mailbox of IMAP_URL, as the scheduler does every minute."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.IMAP is None:
            raise CommandError("No mailbox is set: see IMAP_URL in .env.example.")
        try:
            outcome = fetch_mail(seconds=600)
        except Hindered as error:
            raise CommandError(str(error)) from error
        self.stdout.write(outcome or "Nothing was there.")
