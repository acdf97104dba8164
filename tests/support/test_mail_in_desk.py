"""The desk decides on mail that was kept back."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from people.documents import documents_of
from people.models import Message
from support import tickets
from support.mail_in import deciding
from support.mail_in.taking import Place, take
from support.models import InboundMail, Ticket
from tests.factories import InboundMailFactory, PersonFactory, TicketFactory, UserFactory
from tests.imap import written

pytestmark = pytest.mark.django_db

LIST = reverse("admin:support_inboundmail_changelist")
EVIL = "<p>Hi</p><script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def mail():
    """Of somebody whom nobody knows, with a file."""
    body = (
        "--b\nContent-Type: text/html\n\n"
        f"{EVIL}\n"
        "--b\nContent-Type: text/plain; name=log.txt\n"
        "Content-Disposition: attachment; filename=log.txt\n\nwords\n--b--\n"
    )
    raw = written(
        sender='"Eve <b>" <eve@example.net>',
        subject=EVIL,
        body=body,
        Content_Type="multipart/mixed; boundary=b",
    )
    return take(Place("desk", 1, 1), raw, timezone.now())


@pytest.fixture
def ticket():
    return tickets.open_ticket(requester=PersonFactory(), subject="Screen", by=None)


def page(mail, step=None):
    if step:
        return reverse("admin:support_inboundmail_step", args=[mail.pk, step])
    return reverse("admin:support_inboundmail_change", args=[mail.pk])


def test_it_becomes_a_ticket_of_whom_the_desk_names(mail, service_desk):
    grace = PersonFactory(name="Grace")

    decided = deciding.open_as(mail, requester=grace, by=service_desk)

    ticket = Ticket.objects.get()
    assert (decided.state, decided.ticket, decided.decided_by) == ("opened", ticket, service_desk)
    assert ticket.requester == grace
    assert [it.name for it in documents_of(ticket)] == ["log.txt"]
    assert ticket.history.first().history_user == service_desk


def test_it_joins_a_ticket_as_a_note_where_its_sender_takes_no_part(mail, ticket, service_desk):
    deciding.join(mail, ticket=ticket, by=service_desk)

    note = ticket.comments.get()
    assert note.is_public is False
    assert note.body.startswith("Mail of Eve <b> <eve@example.net>:\n\nHi")
    assert documents_of(note).count() == 1
    assert not Message.objects.filter(
        recipient=ticket.requester, key__startswith="comment:"
    ).exists()


def test_it_joins_as_an_answer_where_its_sender_takes_part(ticket, service_desk):
    raw = written(sender=ticket.requester.email, Precedence="list")
    mail = take(Place("desk", 1, 2), raw, timezone.now())
    assert mail.state == "quarantined"

    deciding.join(mail, ticket=ticket, by=service_desk)

    assert ticket.comments.get().author == ticket.requester


def test_it_is_thrown_away_with_why(mail, service_desk):
    decided = deciding.throw_away(mail, reason="Spam.", by=service_desk)

    assert decided.state == "rejected"
    assert decided.reason.startswith("Spam. (It was kept back: Nobody is known")


@pytest.mark.parametrize(
    "decide",
    [
        lambda mail, by: deciding.open_as(mail, requester=PersonFactory(), by=by),
        lambda mail, by: deciding.throw_away(mail, by=by),
    ],
)
def test_what_is_decided_is_not_decided_again(mail, service_desk, decide):
    deciding.throw_away(mail, by=service_desk)

    with pytest.raises(ValidationError, match="is decided: thrown away by the desk"):
        decide(mail, service_desk)


def test_what_was_never_fetched_cannot_be_opened(service_desk):
    mail = InboundMailFactory(subject="Film")

    with pytest.raises(ValidationError, match="“Film” was never fetched"):
        deciding.open_as(mail, requester=PersonFactory(), by=service_desk)


def test_somebody_who_has_left_gets_no_ticket(mail, service_desk):
    gone = PersonFactory(leaves_on=date(2020, 1, 1))

    with pytest.raises(ValidationError, match="left on"):
        deciding.open_as(mail, requester=gone, by=service_desk)


def test_a_closed_ticket_takes_nothing(mail, ticket, service_desk):
    tickets.resolve(ticket, solution="Done.", by=service_desk)
    tickets.close(ticket, by=service_desk)

    with pytest.raises(ValidationError, match="cannot be answered"):
        deciding.join(mail, ticket=ticket, by=service_desk)
    mail.refresh_from_db()
    assert mail.state == "quarantined"


def test_the_page_shows_words_and_never_runs_what_was_sent(mail, client, service_desk):
    client.force_login(service_desk)

    shown = client.get(page(mail)).content.decode()
    listed = client.get(LIST).content.decode()

    for html in (shown, listed):
        assert "<script>alert(1)" not in html
        assert "<img src=x" not in html
        assert "&lt;script&gt;alert(1)" in html
    assert "Eve &lt;b&gt; &lt;eve@example.net&gt;, known to nobody" in shown
    assert "Open as ticket of" in shown


def test_the_original_is_saved_and_never_shown(mail, client, service_desk):
    client.force_login(service_desk)

    answer = client.get(reverse("admin:people_document_open", args=[mail.original.pk]))

    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Type"] == "message/rfc822"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "sandbox"
    assert b"eve@example.net" in b"".join(answer.streaming_content)


def test_the_original_is_there_for_nobody_who_may_not_view_mail(mail, client, finance):
    address = reverse("admin:people_document_open", args=[mail.original.pk])

    assert client.get(address).status_code == 302
    client.force_login(finance)
    assert client.get(address).status_code == (
        200 if finance.has_perm("support.view_inboundmail") else 404
    )
    client.force_login(UserFactory())
    assert client.get(address).status_code == 302


def test_the_steps_do_what_the_functions_do(mail, client, service_desk):
    client.force_login(service_desk)
    grace = PersonFactory()

    client.post(page(mail, "open"), {"apply": "1", "requester": grace.pk}, follow=True)

    mail.refresh_from_db()
    assert (mail.state, mail.ticket.requester) == ("opened", grace)
    assert "Open as ticket of" not in client.get(page(mail)).content.decode()


@pytest.mark.parametrize("step", ["open", "join"])
def test_whose_or_which_it_becomes_is_found_by_typing_and_not_in_a_list_of_all(
    mail, client, service_desk, step
):
    client.force_login(service_desk)
    PersonFactory(name="CANARY-PERSON")
    TicketFactory(subject="CANARY-TICKET")

    page = client.get(reverse("admin:support_inboundmail_step", args=[mail.pk, step])).text

    assert "admin-autocomplete" in page
    assert "CANARY" not in page


def test_several_are_thrown_away_at_once(client, service_desk):
    mails = InboundMailFactory.create_batch(3)
    client.force_login(service_desk)
    chosen = {"action": "reject", "_selected_action": [it.pk for it in mails], "apply": "1"}

    client.post(LIST, {**chosen, "reason": "Spam."})

    assert set(InboundMail.objects.values_list("state", flat=True)) == {"rejected"}


def test_who_may_not_decide_is_refused(mail, client, auditor):
    client.force_login(auditor)

    assert client.get(page(mail)).status_code == 200
    assert client.post(page(mail, "reject"), {"apply": "1"}).status_code == 403
    mail.refresh_from_db()
    assert mail.state == "quarantined"


def test_the_first_page_counts_what_was_kept_back(mail, client, service_desk):
    client.force_login(service_desk)

    assert "Mails kept back" in client.get(reverse("admin:index")).content.decode()


def test_a_list_of_many_takes_no_more_queries(client, service_desk, django_assert_max_num_queries):
    InboundMailFactory.create_batch(20)
    client.force_login(service_desk)
    client.get(LIST)

    with django_assert_max_num_queries(20):
        client.get(LIST)
