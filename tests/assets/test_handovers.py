"""A person accepts what he was handed, or says what is wrong; the note is kept."""

import io
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db.models import ProtectedError
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from assets import handovers, lifecycle
from assets.models import Asset, Custody, Handover
from config.history import save_as
from people import documents
from people.mailboxes import mailbox
from people.models import Message
from tests.assets.test_races import at_once
from tests.factories import AssetFactory, CategoryFactory, PersonFactory, ProductFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada():
    return PersonFactory(name="Ada Moss")


@pytest.fixture
def laptop_model():
    return ProductFactory(name="T14", category=CategoryFactory(needs_acceptance=True))


@pytest.fixture
def handover(ada, laptop_model, it):
    """A laptop, which is to be accepted, and a mouse with it."""
    laptop = AssetFactory(tag="LT-1", serial="PF-77", product=laptop_model)
    lifecycle.hand_over([laptop, AssetFactory(tag="MO-1")], to=ada, by=it)
    return Handover.objects.get()


def text_of(pdf):
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def test_one_mail_asks_for_the_whole_handover_where_a_category_says_so(handover, ada):
    message = Message.objects.get()
    assert message.recipient == ada
    assert "LT-1" in message.text
    assert "MO-1" in message.text
    assert handovers.address(handover) in message.text
    assert list(Handover.objects.waiting()) == [handover]


def test_where_no_category_asks_nothing_waits(ada, it):
    lifecycle.hand_over([AssetFactory()], to=ada, by=it)
    assert not Handover.objects.waiting().exists()
    assert "/handovers/" not in Message.objects.get().text


def test_accepting_signs_every_custody_and_keeps_the_note(handover, ada):
    handovers.accept(handover, name=" Ada Moss ", by=ada.user)

    handover.refresh_from_db()
    assert (handover.answer, handover.signed_name) == ("accepted", "Ada Moss")
    accepted = Custody.objects.filter(handover=handover).values_list("accepted_at", flat=True)
    assert set(accepted) == {handover.answered_at}
    assert not Handover.objects.waiting().exists()
    text = text_of(handover.note.file.read())
    for words in ("LT-1", "PF-77", "MO-1", "Ada Moss"):
        assert words in text


@pytest.mark.parametrize("again", [handovers.accept, handovers.dispute])
def test_it_is_answered_once(handover, ada, again):
    handovers.accept(handover, name="Ada Moss", by=ada.user)
    options = {"what": "No."} if again is handovers.dispute else {}
    with pytest.raises(ValidationError, match="It was accepted by Ada Moss on"):
        again(handover, name="Ada Moss", by=ada.user, **options)


def test_an_answer_needs_a_name_and_a_dispute_its_words(handover, ada):
    with pytest.raises(ValidationError, match="Type your name"):
        handovers.accept(handover, name="  ", by=ada.user)
    with pytest.raises(ValidationError, match="Say what is wrong"):
        handovers.dispute(handover, name="Ada", what=" ", by=ada.user)
    handover.refresh_from_db()
    assert handover.answered_at is None


def test_what_was_returned_needs_no_answer(handover, ada, it):
    lifecycle.take_back([custody.asset for custody in handover.custodies.all()], by=it)
    assert not Handover.objects.waiting().exists()
    with pytest.raises(ValidationError, match="returned already"):
        handovers.accept(handover, name="Ada", by=ada.user)


def test_a_dispute_is_told_to_it_and_once_settled_asked_anew(handover, ada, it):
    handovers.dispute(handover, name="Ada Moss", what="The mouse is missing.", by=ada.user)
    told = Message.objects.get(recipient=mailbox("it"))
    assert "The mouse is missing." in told.text
    assert list(Handover.objects.disputed()) == [handover]

    with pytest.raises(ValidationError, match="Say what was done"):
        handovers.settle(handover, reason="", by=it)
    handovers.settle(handover, reason="A mouse is on its way.", by=it)

    assert list(Handover.objects.waiting()) == [handover]
    asked = Message.objects.filter(recipient=ada).latest("pk")
    assert "A mouse is on its way." in asked.text
    handovers.accept(handover, name="Ada Moss", by=ada.user)
    with pytest.raises(ValidationError, match="only a disputed one"):
        handovers.settle(handover, reason="x", by=it)


def test_the_unsigned_note_has_a_line_to_sign_on(handover):
    text = text_of(handovers.drawn(handover))
    assert "LT-1" in text
    assert "Ada Moss" in text
    assert handover.note is None


def test_the_note_stays_as_it_was_accepted_whatever_else_is_attached_or_corrected(
    handover, ada, it
):
    other = ContentFile(b"%PDF-1.4\n%%EOF\n", "salary.pdf")
    documents.attach(handover, title="Internal", file=other, by=it)
    assert b"%%EOF" in handovers.paper(handover).content
    assert handovers.paper(handover).content != other.read()
    handovers.accept(handover, name="Ada Moss", by=ada.user)
    laptop = Asset.objects.get(tag="LT-1")
    laptop.serial = "PF-99"
    save_as(laptop, by=it, reason="misread")
    handover.refresh_from_db()
    assert "PF-77" in text_of(b"".join(handovers.paper(handover).streaming_content))
    with pytest.raises(ProtectedError):
        handover.note.delete()


def test_who_returned_all_of_it_is_not_asked_again(handover, ada, it):
    handovers.dispute(handover, name="Ada", what="Broken.", by=ada.user)
    lifecycle.take_back([custody.asset for custody in handover.custodies.all()], by=it)
    before = Message.objects.filter(recipient=ada).count()
    handovers.settle(handover, reason="Taken back.", by=it)
    assert Message.objects.filter(recipient=ada).count() == before


def test_staff_open_the_note_and_settle_by_button(handover, ada, it, auditor, client):
    handovers.dispute(handover, name="Ada", what="Scratched.", by=ada.user)
    client.force_login(auditor)
    note = client.get(reverse("admin:assets_handover_note", args=[handover.pk]))
    assert note["Content-Type"] == "application/pdf"
    step = reverse("admin:assets_handover_step", args=[handover.pk, "settle"])
    assert client.post(step, {"apply": "1", "reason": "x"}).status_code == 403
    client.force_login(it)
    page = client.get(reverse("admin:assets_handover_change", args=[handover.pk]))
    assert "Scratched." in page.content.decode()
    assert client.post(step, {"apply": "1", "reason": "Exchanged."}).status_code == 302
    handover.refresh_from_db()
    assert handover.answer == ""


def test_who_held_what_on_a_day_is_a_list(handover, ada, it, client):
    client.force_login(it)
    address = reverse("admin:assets_custody_changelist")
    today = timezone.localdate()
    for day, count in ((today, 2), (f"{today:%d/%m/%Y}", 2), (today - timedelta(1), 0)):
        response = client.get(address, {"held_on": day})
        assert response.context["cl"].result_count == count, day
    text = client.get(address, {"held_on": "no day"}).content.decode()
    assert "“no day” is no day: write it as" in text


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def answers(self, handover):
        return at_once(
            lambda: handovers.accept(handover, name="Ada", by=None),
            lambda: handovers.dispute(handover, name="Ada", what="No.", by=None),
        )

    def test_of_two_answers_at_once_one_counts_and_the_other_is_told(self, laptop_model):
        for _ in range(5):
            lifecycle.hand_over([AssetFactory(product=laptop_model)], to=PersonFactory(), by=None)
            results = self.answers(Handover.objects.latest("pk"))
            refused = [it for it in results if isinstance(it, ValidationError)]
            assert len(refused) == 1, results
            assert "It was " in refused[0].messages[0]

    def test_without_the_lock_neither_is_told(self, laptop_model):
        lifecycle.hand_over([AssetFactory(product=laptop_model)], to=PersonFactory(), by=None)
        handover = Handover.objects.get()
        stale = [Handover.objects.get(pk=handover.pk) for _ in range(2)]
        with patch.object(handovers, "_locked", lambda _: stale.pop()):
            results = self.answers(handover)
        assert not [it for it in results if isinstance(it, ValidationError)], results
