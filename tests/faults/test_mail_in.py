"""Pollers of the desk's mailbox, killed at random moments: what is lost, what is taken twice."""

import random
import signal
import time
from collections import Counter

import pytest
from django.core.files.storage import default_storage

from people.models import Document
from support.models import InboundMail, Ticket
from tests.factories import PersonFactory
from tests.faults.figures import figure, title
from tests.imap import written

pytestmark = pytest.mark.django_db(transaction=True)

MAILS, KILLS, SEED = 80, 12, 20261124
FILE = (
    "--b\nContent-Type: text/plain\n\nSee the file.\n"
    "--b\nContent-Type: text/plain\nContent-Disposition: attachment; filename={0}.txt\n\n"
    "file {0}\n--b--\n"
)


def post(office, count):
    for number in range(count):
        PersonFactory(email=f"p{number}@example.com")
        office.put(
            written(
                sender=f"p{number}@example.com",
                subject=f"Mail {number}",
                body=FILE.format(number),
                Content_Type="multipart/mixed; boundary=b",
            )
        )


def poll_and_kill(steward, chance):
    """Start a poller, or two, kill them shortly after they have begun to take, and count those."""
    before = InboundMail.objects.count()
    pollers = [steward.start("tests.faults.fetcher") for _ in range(chance.choice([1, 1, 2]))]
    end = time.monotonic() + 60
    while InboundMail.objects.count() == before and time.monotonic() < end:
        if all(poller.poll() is not None for poller in pollers):
            break
        time.sleep(0.01)
    killed = 0
    for poller in pollers:
        time.sleep(chance.uniform(0, 0.1))
        killed += poller.poll() is None
        steward.end(poller, signal.SIGKILL)
    return killed


def massacre(processes, office, settings, mails=MAILS, kills_wanted=KILLS, **variables):
    """The subjects of the tickets that came of it, after as many kills as there were."""
    steward = processes(
        IMAP_URL=office.url, MAIL_IN_ADDRESS="desk@example.com", LOG_LEVEL="ERROR", **variables
    )
    settings.MEDIA_ROOT = steward.folder / "documents"
    post(office, mails)
    chance, kills = random.Random(SEED), 0
    while kills < kills_wanted and office.lie_in("INBOX"):
        kills += poll_and_kill(steward, chance)
    last = steward.start("tests.faults.fetcher")
    assert last.wait(180) == 0, steward.logs()
    title(f"{mails} mails, {kills} pollers killed (seed {SEED}) {variables or ''}")
    figure("pollers killed while they took", kills, least=kills_wanted // 2)
    return Counter(Ticket.objects.values_list("subject", flat=True))


def test_pollers_killed_at_any_moment_take_each_mail_once(processes, post_office, settings):
    opened = massacre(processes, post_office, settings)

    figure("mails lost", MAILS - len(opened), most=0)
    figure("mails taken twice", sum(opened.values()) - len(opened), most=0)
    figure("mails left in the folder", len(post_office.lie_in("INBOX")), most=0)
    there = [default_storage.exists(it.file.name) for it in Document.objects.all()]
    figure("documents without a file", there.count(False), most=0)
    files = Document.objects.filter(content_type__model="ticket")
    assert sorted(files.values_list("name", flat=True)) == sorted(
        f"{it}.txt" for it in range(MAILS)
    )
    assert InboundMail.objects.filter(state="opened").count() == MAILS


def test_moved_before_they_are_taken_mails_would_be_lost(processes, post_office, settings):
    fault = {"FAULT_BREAK": "file away first"}

    opened = massacre(processes, post_office, settings, mails=40, kills_wanted=5, **fault)

    figure("mails lost", 40 - len(opened), least=1)
