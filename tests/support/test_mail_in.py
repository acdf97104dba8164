"""Mail taken from a real mailbox, each once, whatever happens on the way."""

import threading
import time
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.utils import timezone

from config.environment import imap
from people.jobs import Hindered
from people.models import Job, Message
from support import tickets
from support.mail_in import mailbox, polling, taking
from support.mail_in.polling import fetch_mail
from support.models import InboundMail, Ticket
from support.tasks import fetch_mail as task
from tests.factories import PersonFactory
from tests.imap import PostOffice, dovecot, written
from tests.smtp import free_port

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.real]


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def ada():
    return PersonFactory(name="Ada", email="ada@example.com")


def subjects(office, folder="INBOX"):
    return [subject for subject, _ in office.lie_in(folder)]


def test_a_mail_of_somebody_known_becomes_a_ticket_and_is_filed_away(post_office, ada):
    post_office.put(written(subject="The printer jams", body="Since this morning.\n"))

    assert fetch_mail() == "1 opened a ticket"

    ticket = Ticket.objects.get()
    assert (ticket.requester, ticket.subject) == (ada, "The printer jams")
    assert ticket.description == "Since this morning."
    assert subjects(post_office) == []
    [(subject, flags)] = post_office.lie_in("Steward/taken")
    assert subject == "The printer jams"
    assert rb"\Seen" in flags


def test_the_job_says_what_it_did_and_an_empty_mailbox_is_nothing(post_office, ada):
    post_office.put(written())

    task()
    assert Job.objects.get(name="fetch mail").outcome == "1 opened a ticket"

    task()
    assert Job.objects.get(name="fetch mail").outcome == ""


def test_without_a_mailbox_nothing_is_fetched(settings):
    settings.IMAP = None

    assert fetch_mail() == ""
    with pytest.raises(CommandError, match="IMAP_URL"):
        call_command("fetch_mail")


def test_a_mail_that_somebody_has_read_is_taken_all_the_same(post_office, ada):
    with post_office.client() as client:
        client.append("INBOX", written(), flags=[rb"\Seen"])

    assert fetch_mail() == "1 opened a ticket"


def test_a_mail_that_somebody_has_deleted_is_not(post_office, ada):
    with post_office.client() as client:
        client.append("INBOX", written(), flags=[rb"\Deleted"])

    assert fetch_mail() == ""


def test_killed_after_the_ticket_and_before_the_move_the_next_one_only_moves(
    post_office, ada, monkeypatch
):
    post_office.put(written())

    class Killed(BaseException):
        pass

    def die(*_):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(mailbox.Mailbox, "_move", die)
        with pytest.raises(Killed):
            fetch_mail()
    assert Ticket.objects.count() == 1
    assert len(subjects(post_office)) == 1

    assert fetch_mail() == ""

    assert Ticket.objects.count() == 1
    assert subjects(post_office) == []


def test_where_the_server_moves_nothing_mail_stays_and_is_taken_once(post_office, ada, monkeypatch):
    monkeypatch.setattr("imapclient.IMAPClient.has_capability", lambda _, name: name == "NAMESPACE")
    post_office.put(written(subject="Stays"))

    assert fetch_mail() == "1 opened a ticket"
    assert fetch_mail() == ""

    [(subject, flags)] = post_office.lie_in("INBOX")
    assert subject == "Stays"
    assert rb"\Seen" in flags


def test_a_server_that_only_copies_is_served_too(post_office, ada, monkeypatch):
    monkeypatch.setattr("imapclient.IMAPClient.has_capability", lambda _, name: name != "MOVE")
    monkeypatch.setattr(
        "imapclient.IMAPClient.uid_expunge",
        lambda client, uids: client._imap.uid("EXPUNGE", ",".join(map(str, uids))),
    )
    post_office.put(written(subject="Copied"))

    fetch_mail()

    assert (subjects(post_office), subjects(post_office, "Steward/taken")) == ([], ["Copied"])


def test_numbers_given_anew_bring_nothing_twice(post_office, ada, monkeypatch):
    monkeypatch.setattr(mailbox.Mailbox, "_move", lambda *_: None)
    for number in range(3):
        post_office.put(written(subject=f"Mail {number}"))
    fetch_mail()

    post_office.forget_numbers()

    assert fetch_mail() == ""
    assert Ticket.objects.count() == 3
    assert {it.validity for it in InboundMail.objects.all()} == {
        InboundMail.objects.first().validity
    }


def test_three_pollers_at_once_take_and_file_each_mail_once(post_office, ada, monkeypatch):
    move = mailbox.Mailbox._move

    def move_later(box, uids):
        time.sleep(0.3)  # until the others are about to move it too
        move(box, uids)

    monkeypatch.setattr(mailbox.Mailbox, "_move", move_later)
    for number in range(20):
        post_office.put(written(subject=f"Mail {number}"))
    errors = []

    def poll():
        try:
            fetch_mail()
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    pollers = [threading.Thread(target=poll) for _ in range(3)]
    for poller in pollers:
        poller.start()
    for poller in pollers:
        poller.join(60)

    assert errors == []
    assert Ticket.objects.count() == InboundMail.objects.count() == 20
    assert subjects(post_office) == []
    assert len(subjects(post_office, "Steward/taken")) == 20


def test_a_huge_mail_is_not_fetched_and_kept_back_by_its_headers(post_office, ada, monkeypatch):
    monkeypatch.setattr(polling, "LARGEST", 20_000)
    post_office.put(written(subject="Film", body="x" * 30_000 + "\n"))
    post_office.put(written(subject="Small"))

    assert fetch_mail() == "1 kept for the desk to decide, 1 opened a ticket"

    huge = InboundMail.objects.get(subject="Film")
    assert huge.sender == "ada@example.com"
    assert "are not fetched" in huge.reason
    assert huge.original.size < 2_000
    assert subjects(post_office) == []


def test_one_poison_mail_never_stops_the_others(post_office, ada):
    post_office.put(written(subject="Before"))
    post_office.put(b"From: " + b"(" * 100_000 + b"\r\nSubject: Poison\r\n\r\nx")
    post_office.put(b"\x00\xff\xfe no mail at all")
    post_office.put(written(subject="After"))

    fetch_mail()

    assert {it.subject for it in Ticket.objects.all()} == {"Before", "After"}
    assert InboundMail.objects.filter(state="quarantined").count() == 2
    assert subjects(post_office) == []


def test_what_cannot_even_be_noted_is_left_and_said_and_stops_no_other(
    post_office, ada, monkeypatch
):
    real = taking._enter

    def fussy(place, **fields):
        if fields["subject"] == "Cursed":
            raise RuntimeError("never thought of")
        return real(place, **fields)

    monkeypatch.setattr(taking, "_enter", fussy)
    post_office.put(written(subject="Cursed"))
    post_office.put(written(subject="Fine"))

    with pytest.raises(Hindered, match="1 could not be taken"):
        fetch_mail()

    assert subjects(post_office) == ["Cursed"]
    assert Ticket.objects.get().subject == "Fine"


def test_a_database_that_fails_loses_nothing(post_office, ada, monkeypatch):
    post_office.put(written())

    def down(**_):
        raise OperationalError("the database is away")

    with monkeypatch.context() as patch:
        patch.setattr(tickets, "open_ticket", down)
        with pytest.raises(OperationalError):
            fetch_mail()
    assert not InboundMail.objects.exists()

    assert fetch_mail() == "1 opened a ticket"


def test_a_wrong_password_is_an_error_of_the_job_and_tells_no_password(post_office, settings):
    settings.IMAP = imap(post_office.url.replace("hunter2", "letmein"))

    task()

    job = Job.objects.get(name="fetch mail")
    assert "refuses our password" in job.error
    assert "letmein" not in job.error
    with pytest.raises(CommandError, match="refuses our password"):
        call_command("fetch_mail")


def test_a_server_that_is_away_is_an_error_of_the_job(settings):
    settings.IMAP = imap(f"imap://desk:hunter2@127.0.0.1:{free_port()}/INBOX")

    with pytest.raises(Hindered, match="cannot be read"):
        fetch_mail()


def test_a_server_that_never_answers_is_given_up(settings, monkeypatch):
    import socket

    monkeypatch.setattr(mailbox, "TIMEOUT", mailbox.SocketTimeout(connect=0.3, read=0.3))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.IMAP = imap(f"imap://desk:x@127.0.0.1:{silent.getsockname()[1]}/INBOX")
        begun = time.monotonic()

        with pytest.raises(Hindered):
            fetch_mail()

    assert time.monotonic() - begun < 5


def test_a_folder_that_is_not_there_is_an_error_of_the_job(post_office, settings):
    settings.IMAP = imap(post_office.url.replace("INBOX", "Nowhere"))

    with pytest.raises(Hindered, match="cannot be read"):
        fetch_mail()


def test_when_the_time_is_over_the_rest_waits(post_office, ada):
    for number in range(3):
        post_office.put(written(subject=f"Mail {number}"))

    fetch_mail(seconds=0)
    assert len(subjects(post_office)) == 3

    fetch_mail()
    assert Ticket.objects.count() == 3


def test_servers_that_name_folders_in_another_way_are_served_too(settings, ada):
    office = PostOffice(dovecot(), separator=".")
    try:
        office.open()
        settings.IMAP, settings.MAIL_IN_ADDRESS = office.folder, "desk@example.com"
        office.put(written(subject="Dotted"))

        fetch_mail()

        assert subjects(office, "Steward.taken") == ["Dotted"]
    finally:
        office.tear_down()


def test_a_thread_from_new_to_closed(post_office, smtp, ada, service_desk):
    """Ada writes; the desk answers; she answers its mail; it is solved, and closed."""
    from people.delivery import deliver

    post_office.put(written(subject="No sound", body="The headset is mute.\n"))
    fetch_mail()
    ticket = Ticket.objects.get()

    tickets.answer(ticket, body="Which headset?", by=service_desk)
    deliver()
    asked = next(it for it in smtp.mails if "Which headset?" in it.get_content())
    assert asked["Reply-To"] == "desk@example.com"
    tickets.wait(ticket, state="waiting_requester", by=service_desk)
    post_office.put(
        written(
            subject=f"Re: {asked['Subject']}",
            body="The blue one.\n\nOn Tuesday Steward wrote:\n> Which headset?\n",
            In_Reply_To=asked["Message-ID"],
            References=f"{asked['References']} {asked['Message-ID']}",
        )
    )
    fetch_mail()

    ticket.refresh_from_db()
    assert ticket.state == "in_progress"
    assert ticket.comments.latest("pk").body == "The blue one."
    assert Ticket.objects.count() == 1

    tickets.resolve(ticket, solution="Turned up its wheel.", by=service_desk)
    deliver()
    assert any("is solved" in it.get_content() for it in smtp.mails)
    tickets.close(ticket, by=service_desk)
    assert Message.objects.exclude(state="sent").count() == 0
    said = list(ticket.comments.order_by("pk").values_list("body", flat=True))
    assert said == ["Which headset?", "The blue one.", "Turned up its wheel."]


def test_the_age_of_a_mail_is_what_it_says(post_office, ada):
    yesterday = timezone.now() - timedelta(days=1)
    post_office.put(written(date=yesterday))

    fetch_mail()

    assert abs(InboundMail.objects.get().received_at - yesterday) < timedelta(seconds=1)
