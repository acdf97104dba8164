"""Where a mail belongs, who may write to a ticket, and what nobody answers."""

import base64
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from config.environment import imap
from people import outbox
from people.courier import compose
from people.documents import documents_of
from people.mailboxes import mailbox
from people.models import Document, Message
from support import merging, tickets
from support.mail_in import taking
from support.mail_in.taking import Place, take
from support.models import Comment, Follower, InboundMail, Ticket
from tests.factories import AssetFactory, InboundMailFactory, PersonFactory, TicketFactory
from tests.imap import USER, written

pytestmark = pytest.mark.django_db

MAILS = Path(__file__).parent / "mails"
PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
    "awAAAABJRU5ErkJggg=="
)


@pytest.fixture(autouse=True)
def _mailbox(settings, tmp_path):
    settings.MEDIA_ROOT, settings.MAIL_IN_ADDRESS = tmp_path, USER


@pytest.fixture
def ada():
    return PersonFactory(name="Ada", email="ada@example.com")


@pytest.fixture
def ticket(ada):
    return tickets.open_ticket(requester=ada, subject="Screen", by=None)


@pytest.fixture
def agent(service_desk):
    return service_desk


def taken(raw=None, uid=None, **headers):
    raw = raw or written(**headers)
    uid = uid or InboundMail.objects.count() + 1
    return take(Place("desk", 1, uid), raw, timezone.now())


def of(name, **replaced):
    """A mail of the collection; `ours` is put where it refers to a mail of ours."""
    raw = (MAILS / f"{name}.eml").read_bytes()
    for old, new in replaced.items():
        raw = raw.replace({"ours": b"<opened.by.us@steward.example.org>"}[old], new.encode())
    return raw


def sent(ticket, key="opened:requester"):
    """The Message-ID of a mail of ours on a ticket."""
    return Message.objects.get(key=f"ticket:{ticket.pk}:{key}").message_id


# --- New tickets --------------------------------------------------------------------------------


def test_a_sender_is_known_in_any_case_of_his_letters(ada):
    mail = taken(sender="ADA@Example.COM", subject="Help")

    assert mail.state == "opened"
    assert mail.ticket.requester == ada
    assert Message.objects.filter(key=f"ticket:{mail.ticket.pk}:opened:requester").exists()


def test_letters_that_only_look_alike_are_no_letters_of_the_address():
    PersonFactory(email="mike@example.com")

    assert taken(sender="mıke@example.com").state == "quarantined"


def test_an_unknown_sender_is_kept_back_and_answered_nothing():
    mail = taken(sender="eve@example.net")

    assert (mail.state, mail.ticket) == ("quarantined", None)
    assert mail.reason == "Nobody is known by the address eve@example.net."
    assert not Message.objects.exists()


def test_somebody_who_has_left_is_kept_back(ada):
    ada.leaves_on = timezone.localdate() - timedelta(days=1)
    ada.save()

    assert "left on" in taken().reason


@pytest.mark.parametrize("text", ["tag LT-0042 again", "S/N: ab-123-xy.", "(LT-0042)"])
def test_a_device_of_his_that_he_names_is_the_device(ada, text):
    asset = AssetFactory(tag="LT-0042", serial="AB-123-XY", state="in_use", holder=ada)

    assert taken(body=text).ticket.asset == asset


@pytest.mark.parametrize("text", ["LT-00421", "XLT-0042", "nothing", "LT-0043 of somebody else"])
def test_what_is_not_his_or_only_looks_like_it_is_no_device(ada, text):
    AssetFactory(tag="LT-0042", state="in_use", holder=ada)
    AssetFactory(tag="LT-0043", state="in_use", holder=PersonFactory())

    assert taken(body=text).ticket.asset is None


def test_without_a_subject_the_first_line_is_the_subject(ada):
    assert taken(subject="", body="\n\nIt smokes.\nA lot.\n").ticket.subject == "It smokes."


def test_an_empty_mail_is_kept_back(ada):
    assert taken(subject="", body="").reason == "It is empty."


def test_header_tricks_make_one_ticket_and_no_further_recipient(ada):
    mail = taken(of("injection"))

    assert mail.state == "opened"
    assert "\n" not in mail.ticket.subject
    for message in Message.objects.all():
        composed = delivery_of(message)
        assert composed["Bcc"] is None
        assert len(composed.get_all("To")) == 1


def delivery_of(message):
    return compose(message).message()


# --- Answers ------------------------------------------------------------------------------------


def test_an_answer_joins_by_the_mail_of_ours_it_answers(ticket):
    mail = taken(subject="Re: whatever", body="More.\n", In_Reply_To=sent(ticket))

    assert (mail.state, mail.ticket) == ("joined", ticket)
    assert ticket.comments.get().body == "More."
    assert mail.comment == ticket.comments.get()


def test_an_answer_joins_by_the_thread_where_its_mail_is_not_known(ticket):
    message = Message.objects.filter(thread=f"ticket-{ticket.pk}").first()
    thread = delivery_of(message)["References"]

    assert taken(subject="Re: x", References=f"<gone@example.com> {thread}").ticket == ticket


def test_our_mails_on_a_ticket_are_one_conversation_and_are_answered_to_the_desk(ticket, settings):
    settings.IMAP = imap("imap://desk:x@localhost/INBOX")
    composed = delivery_of(Message.objects.filter(thread=f"ticket-{ticket.pk}").first())

    assert composed["Reply-To"] == USER
    assert composed["In-Reply-To"] == composed["References"]
    assert composed["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("subject", ["AW: [T-000001] Screen", "re: [t-000001]"])
def test_an_answer_joins_by_the_number_in_its_subject(ticket, subject):
    assert ticket.number == "T-000001"

    assert taken(subject=subject).ticket == ticket


def test_an_answer_reopens_what_was_resolved(ticket, agent):
    tickets.resolve(ticket, solution="Plugged in.", by=agent)

    taken(subject="[T-000001]", body="No.\n")

    ticket.refresh_from_db()
    assert ticket.state == "in_progress"


def test_an_answer_to_a_closed_ticket_is_a_new_one_that_knows_the_old(ticket, agent):
    tickets.resolve(ticket, solution="Plugged in.", by=agent)
    tickets.close(ticket, by=agent)

    mail = taken(subject="Re: [T-000001] Screen", body="It is back.\n")

    assert mail.reason == "Opened T-000002, since T-000001 is closed."
    assert merging.linked_to(mail.ticket) == [ticket]


def test_an_answer_to_a_merged_ticket_goes_where_its_story_goes_on(ticket, ada, agent):
    other = tickets.open_ticket(requester=ada, subject="The same", by=None)
    merging.merge(ticket, into=other, by=agent)

    assert taken(subject="[T-000001]").ticket == other


def test_who_has_nothing_to_do_with_a_ticket_is_kept_back(ticket):
    PersonFactory(name="Eve", email="eve@example.com")

    mail = taken(sender="eve@example.com", In_Reply_To=sent(ticket))

    assert mail.state == "quarantined"
    assert mail.reason == "Eve writes to T-000001, a ticket that is not theirs."
    assert not Comment.objects.exists()


def test_who_follows_may_answer(ticket):
    bob = PersonFactory(email="bob@example.com")
    Follower.objects.create(ticket=ticket, person=bob)

    taken(sender="bob@example.com", subject="[T-000001]")

    assert ticket.comments.get().author == bob


def test_the_desk_answers_by_mail_and_the_requester_is_told(ticket, agent):
    mail = taken(sender=agent.email, body="Try another cable.\n", In_Reply_To=sent(ticket))

    comment = ticket.comments.get()
    assert mail.state == "joined"
    assert (comment.is_public, comment.author.user) == (True, agent)
    assert Message.objects.filter(key=f"comment:{comment.pk}", recipient=ticket.requester).exists()
    assert comment.history.get().history_user == agent


def note_to(person, ticket, by):
    """The Message-ID of the mail by which they were told of a note for staff."""
    tickets.answer(ticket, body="His third this year.", public=False, by=by)
    return Message.objects.filter(recipient=person, key__startswith="comment:").latest("pk")


@pytest.mark.parametrize("asks", [False, True], ids=["of another", "of their own"])
def test_what_staff_answer_to_a_note_only_staff_read(ticket, agent, it, asks):
    if asks:
        Ticket.objects.update(requester=agent.person)
    ticket = tickets.assign(ticket, to=agent.person, by=it)
    note = note_to(agent.person, ticket, by=it)
    owed = Message.objects.filter(recipient=ticket.requester).count()

    mail = taken(sender=agent.email, body="Keep it quiet.\n", In_Reply_To=note.message_id)

    assert (mail.state, mail.comment.is_public) == ("joined", False)
    assert Message.objects.filter(recipient=ticket.requester).count() == owed


def test_what_who_only_follows_answers_to_a_note_only_staff_read(ticket, auditor, it):
    merging.follow(ticket, person=auditor.person, by=it)
    note = note_to(auditor.person, ticket, by=it)

    mail = taken(sender=auditor.email, In_Reply_To=note.message_id)

    assert (mail.comment.is_public, mail.comment.author) == (False, auditor.person)


def test_what_the_desk_answers_to_what_the_requester_said_goes_out(ticket, agent, ada):
    ticket = tickets.assign(ticket, to=agent.person, by=agent)
    tickets.reply(ticket, body="It still flickers.", by=None)
    said = Message.objects.get(key=f"comment:{ticket.comments.get().pk}")

    assert taken(sender=agent.email, In_Reply_To=said.message_id).comment.is_public


@pytest.mark.parametrize("what", ["assigned", "changed"])
def test_what_the_desk_answers_to_the_word_of_a_step_only_staff_read(ticket, agent, it, what):
    ticket = tickets.assign(ticket, to=agent.person, by=it)
    tickets.wait(ticket, state="waiting_vendor", by=it)
    told = Message.objects.get(recipient=agent.person, key__contains=f":{what}:")

    assert not taken(sender=agent.email, In_Reply_To=told.message_id).comment.is_public


def test_who_follows_answers_the_word_of_a_step_as_any_mail(ticket, it):
    bob = PersonFactory(email="bob@example.com")
    merging.follow(ticket, person=bob, by=it)
    tickets.wait(ticket, state="waiting_vendor", by=it)
    told = Message.objects.get(recipient=bob)

    assert taken(sender="bob@example.com", In_Reply_To=told.message_id).comment.is_public


def claimed(ticket, to="rma@elb.example"):
    """The Message-ID of a claim on the ticket."""
    key = f"ticket:{ticket.pk}:claim:1:2026-03-02"
    outbox.queue_outside(to, key=key, subject="Claim", text="It flickers.")
    return Message.objects.get(key=key).message_id


def test_what_a_vendor_answers_to_a_claim_only_staff_read_and_the_desk_is_told(ticket, ada):
    desk = mailbox("service_desk")
    mail = taken(sender="Elb <RMA@elb.example>", body="Send it in.\n", In_Reply_To=claimed(ticket))

    assert (mail.state, mail.ticket, mail.person) == ("joined", ticket, None)
    assert (mail.comment.is_public, mail.comment.author) == (False, None)
    assert mail.comment.body == "Mail of Elb <rma@elb.example>:\n\nSend it in."
    told = Message.objects.filter(text__contains="Send it in.")
    assert [it.recipient for it in told] == [desk]


def test_what_a_vendor_answers_is_told_to_who_looks_after_the_ticket(ticket, agent):
    tickets.assign(ticket, to=agent.person, by=agent)

    taken(sender="rma@elb.example", body="Send it in.\n", In_Reply_To=claimed(ticket))

    told = Message.objects.filter(text__contains="Send it in.")
    assert [it.recipient for it in told] == [agent.person]


def test_a_claim_is_answered_by_nobody_but_whom_it_went_to(ticket, settings):
    settings.IMAP_AUTHSERV_ID = "mx.example.org"
    ours, forged = claimed(ticket), "mx.example.org; dmarc=fail"

    assert taken(sender="eve@elb.example", In_Reply_To=ours).state == "quarantined"
    assert taken(sender="rma@elb.example", In_Reply_To=sent(ticket)).state == "quarantined"
    verdict = taken(sender="rma@elb.example", In_Reply_To=ours, Authentication_Results=forged)
    assert "forged" in verdict.reason
    assert not Comment.objects.exists()


def test_what_the_desk_sends_that_is_no_answer_only_staff_read(ticket, agent):
    taken(sender=agent.email, subject="Fwd: [T-000001] what the vendor says")

    assert ticket.comments.get().is_public is False


def test_staff_who_may_not_answer_are_kept_back(ticket, auditor):
    mail = taken(sender=auditor.email, In_Reply_To=sent(ticket))

    assert mail.state == "quarantined"


def test_the_history_below_an_answer_stays_in_the_original_only(ticket, ada):
    mail = taken(of("outlook", ours=sent(ticket)))

    assert "Sent: Tuesday" not in mail.comment.body
    assert "Sent: Tuesday" in mail.text
    assert b"Sent: Tuesday" in mail.original.file.read()


# --- Files --------------------------------------------------------------------------------------


def with_files(*files, inline=False):
    parts = "".join(
        f"--b\r\nContent-Type: {kind}\r\n"
        f'Content-Disposition: {"inline" if inline else "attachment"}; filename="{name}"\r\n'
        + ("Content-ID: <x@y>\r\n" if inline else "")
        + f"Content-Transfer-Encoding: base64\r\n\r\n{content}\r\n"
        for name, kind, content in files
    )
    body = f"--b\r\nContent-Type: text/plain\r\n\r\nSee the files.\r\n{parts}--b--\r\n"
    return {"Content_Type": "multipart/mixed; boundary=b", "body": body.replace("\r\n", "\n")}


def encoded(content):
    return base64.b64encode(content).decode()


def test_files_are_kept_and_what_is_not_accepted_is_named_for_staff(ada):
    mail = taken(
        **with_files(
            ("screen.png", "image/png", PNG),
            ("run.exe", "application/octet-stream", encoded(b"MZ")),
            ("page.html", "text/html", encoded(b"<script>alert(1)</script>")),
            ("fake.pdf", "application/pdf", encoded(b"no pdf")),
            ("empty.txt", "text/plain", ""),
        )
    )

    assert [it.name for it in documents_of(mail.ticket)] == ["screen.png"]
    note = mail.ticket.comments.get()
    assert note.is_public is False
    for name in ("run.exe", "page.html", "fake.pdf", "empty.txt"):
        assert name in note.body


def test_of_many_files_twenty_are_kept(ada):
    files = [(f"{n}.txt", "text/plain", encoded(f"file {n}".encode())) for n in range(25)]

    mail = taken(**with_files(*files))

    assert documents_of(mail.ticket).count() == 20
    assert mail.ticket.comments.get().body.count("more than 20 files") == 5


def test_the_same_file_sent_again_is_kept_once(ticket):
    for _ in range(2):
        taken(subject="[T-000001]", **with_files(("a.txt", "text/plain", encoded(b"same"))))

    assert Document.objects.filter(name="a.txt").count() == 1


def test_a_logo_within_the_text_is_left_in_the_original(ada):
    mail = taken(**with_files(("logo.png", "image/png", PNG), inline=True))

    assert not documents_of(mail.ticket).exists()
    assert not mail.ticket.comments.exists()


@pytest.mark.parametrize(
    ("name", "word"), [("winmail", "Outlook's own"), ("invitation", "calendar")]
)
def test_what_is_not_opened_is_named(ada, name, word):
    mail = taken(of(name))

    assert word in mail.ticket.comments.get().body


def test_files_without_a_word_are_an_answer(ticket):
    files = with_files(("a.txt", "text/plain", encoded(b"words")))
    files["body"] = files["body"].replace("See the files.", "")

    mail = taken(subject="[T-000001]", **files)

    assert mail.comment.body == "(Files, without a word.)"


# --- Machines -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "state"),
    [
        ({"Auto_Submitted": "auto-replied"}, "ignored"),
        ({"Auto_Submitted": "auto-replied (vacation)"}, "ignored"),
        ({"Auto_Submitted": "auto-generated"}, "quarantined"),
        ({"Auto_Submitted": "no"}, "opened"),
        ({"Auto_Submitted": "no (typed)"}, "opened"),
        ({"X_Autoreply": "yes"}, "ignored"),
        ({"X_Auto_Response_Suppress": "All"}, "quarantined"),
        ({"Precedence": "bulk"}, "quarantined"),
        ({"Precedence": "bulk", "sender": "news@example.net"}, "ignored"),
        ({"List_Id": "<news.example.net>", "sender": "news@example.net"}, "ignored"),
        ({"Return_Path": "<>"}, "ignored"),
        ({"sender": "MAILER-DAEMON@mx.example.com"}, "ignored"),
        ({"sender": USER}, "ignored"),
        ({"sender": "steward@localhost.localdomain"}, "ignored"),
    ],
    ids=str,
)
def test_what_a_machine_wrote_is_never_answered(ada, headers, state):
    mail = taken(**headers)

    assert mail.state == state
    if state != "opened":
        assert mail.reason
        assert not Ticket.objects.exists()
        assert not Message.objects.exists()


@pytest.mark.parametrize("name", ["out_of_office", "vacation"])
def test_an_absence_reopens_nothing(ticket, agent, name):
    tickets.resolve(ticket, solution="Done.", by=agent)
    owed = Message.objects.count()

    mail = taken(of(name, ours=sent(ticket)))

    ticket.refresh_from_db()
    assert mail.state in {"ignored", "quarantined"}
    assert ticket.state == "resolved"
    assert Message.objects.count() == owed


def test_our_own_mail_that_comes_back_goes_no_further(ticket):
    assert taken(sender="ada@example.com", Message_ID=sent(ticket)).state == "ignored"


def test_more_than_thirty_mails_an_hour_of_one_sender_wait(ada):
    InboundMailFactory.create_batch(30, sender="ada@example.com", state="opened")

    mail = taken(uid=1000)

    assert mail.state == "quarantined"
    assert "More than 30 mails" in mail.reason


@pytest.mark.parametrize("name", ["postfix_bounce", "exchange_bounce"])
def test_a_bounce_marks_our_mail_as_failed_with_the_servers_words(ticket, name):
    ours = Message.objects.get(key=f"ticket:{ticket.pk}:opened:requester")
    Message.objects.filter(pk=ours.pk).update(state="sent", sent_at=timezone.now())

    mail = taken(of(name, ours=ours.message_id))

    ours.refresh_from_db()
    assert mail.state == "ignored"
    assert "came back: 550 5.1.1" in mail.reason
    assert (ours.state, ours.sent_at) == ("failed", None)
    assert "ada@example.com" in ours.error


def test_a_delay_is_no_failure(ticket):
    ours = Message.objects.get(key=f"ticket:{ticket.pk}:opened:requester")
    Message.objects.filter(pk=ours.pk).update(state="sent", sent_at=timezone.now())

    mail = taken(of("delayed", ours=ours.message_id))

    ours.refresh_from_db()
    assert (mail.state, ours.state) == ("ignored", "sent")


def test_a_bounce_of_somebody_elses_mail_marks_nothing(ticket):
    assert "none of ours" in taken(of("postfix_bounce")).reason
    assert not Message.objects.filter(state="failed").exists()


# --- Forged senders -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verdict", "state"),
    [
        ("mx.example.org; dmarc=fail (p=none) header.from=example.com", "quarantined"),
        ("MX.example.org; spf=pass smtp.mailfrom=x; dkim=fail; dmarc=fail", "quarantined"),
        ("mx.example.org; spf=fail smtp.mailfrom=example.com", "quarantined"),
        ("mx.example.org; spf=fail; dkim=pass header.d=example.com", "opened"),
        ("mx.example.org; spf=fail; dmarc=pass", "opened"),
        ("mx.example.org; spf=none", "opened"),
        ("mx.evil.net; dmarc=fail", "opened"),
        ("mx.example.org; spf=pass (dmarc=fail is what he said)", "opened"),
        (None, "opened"),
    ],
)
def test_only_our_own_servers_verdict_on_the_sender_counts(ada, settings, verdict, state):
    settings.IMAP_AUTHSERV_ID = "mx.example.org"

    assert taken(Authentication_Results=verdict).state == state


def test_of_two_verdicts_of_our_server_the_upper_one_is_its_own(ada, settings):
    settings.IMAP_AUTHSERV_ID = "mx.example.org"
    forged = b"Authentication-Results: mx.example.org; dmarc=pass\r\n"
    real = b"Authentication-Results: mx.example.org; dmarc=fail\r\n"

    assert taken(real + forged + written()).state == "quarantined"


def test_without_a_server_to_believe_no_verdict_counts(ada):
    assert taken(Authentication_Results="mx.example.org; dmarc=fail").state == "opened"


# --- Once ---------------------------------------------------------------------------------------


def test_a_mail_is_taken_once_under_whatever_number(ada):
    raw = written()

    assert taken(raw, uid=1).state == "opened"
    assert taken(raw, uid=1) is None
    assert take(Place("desk", 2, 77), raw, timezone.now()) is None
    assert Ticket.objects.count() == 1


def test_a_mail_that_cannot_be_understood_is_kept_back_whole(ada, monkeypatch):
    def burst(*_):
        raise RuntimeError("never thought of")

    monkeypatch.setattr(taking.routing, "match", burst)
    raw = written(subject="Poison")

    mail = taken(raw)

    assert (mail.state, mail.subject) == ("quarantined", "Poison")
    assert mail.reason == "It cannot be understood: RuntimeError."
    assert mail.original.file.read() == raw
    assert not Ticket.objects.exists()


def test_what_the_moves_refuse_is_kept_back_and_leaves_nothing_behind(ticket, agent):
    tickets.resolve(ticket, solution="Done.", by=agent)
    tickets.close(ticket, by=agent)

    mail = taken(sender=agent.email, In_Reply_To=sent(ticket))

    assert mail.state == "quarantined"
    assert "T-000001" in mail.reason
    assert "cannot be answered" in mail.reason


def test_a_ticket_of_the_factory_is_of_its_requester():
    ticket = TicketFactory(number="R-77")
    ticket.requester.email = "grace@example.com"
    ticket.requester.save()

    assert taken(sender="grace@example.com", subject="[R-77] x").ticket == ticket
