"""The watchdog mails IT by itself: once, daily while it lasts, and when it is over."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import OperationalError
from django.utils import timezone

from config.schedule import SCHEDULE
from people import health, watchdog
from people.jobs import run
from people.models import Job, Message
from people.watchdog import memory_file, watch
from tests.factories import MessageFactory, PersonFactory
from tests.smtp import free_port

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_memory(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def well(db):
    """Everything of the schedule has just run."""
    for name in SCHEDULE:
        run(name, lambda: None)
    return timezone.now()


@pytest.fixture
def broken(well):
    """The day was not begun for two days."""
    Job.objects.filter(name="daily").update(succeeded_at=well - timedelta(days=2))
    return well


def subjects(smtp):
    return [mail["Subject"].strip() for mail in smtp.mails]


def text_of(mail):
    return mail.get_body(("plain",)).get_content().replace("\r\n", "\n")


def test_where_all_is_well_nothing_is_mailed(smtp, well, capsys):
    call_command("watchdog")

    assert smtp.mails == []
    assert capsys.readouterr().out == "All is well.\n"


def test_a_job_that_did_not_run_is_mailed_to_it_and_said(smtp, broken, capsys):
    PersonFactory(kind="shared", email="it@example.org", answers_for="it")

    with pytest.raises(SystemExit) as stopped:
        call_command("watchdog")

    (mail,) = smtp.mails
    assert stopped.value.code == 1
    assert mail["To"] == "it@example.org"
    assert mail["Subject"].strip().startswith("Steward needs help: “daily” has not run since")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "/admin/people/job/" in text_of(mail)
    assert "“daily” has not run since" in capsys.readouterr().err


def test_without_a_mailbox_of_it_the_fallback_gets_it(smtp, broken, settings):
    watch(broken)

    assert smtp.mails[0]["To"] == settings.FALLBACK_MAILBOX


def test_nothing_of_it_goes_through_the_outbox(smtp, broken):
    watch(broken)

    assert len(smtp.mails) == 1
    assert not Message.objects.exists()


def test_one_trouble_is_mailed_once_again_each_day_and_once_when_it_is_over(smtp, broken):
    for seconds in range(0, 60, 5):
        watch(broken + timedelta(seconds=seconds))
    assert len(smtp.mails) == 1

    Job.objects.exclude(name="daily").update(succeeded_at=broken + timedelta(hours=24))
    watch(broken + timedelta(hours=24))
    assert len(smtp.mails) == 2

    after = broken + timedelta(hours=24, seconds=30)
    Job.objects.update(succeeded_at=after)
    watch(after)
    watch(after + timedelta(seconds=5))
    assert len(smtp.mails) == 3
    assert subjects(smtp)[-1] == "Steward works again"
    assert "What is over:\n- “daily”" in text_of(smtp.mails[-1])


def test_another_trouble_beside_the_first_is_mailed_too(smtp, broken):
    watch(broken)
    MessageFactory(next_attempt_at=broken - timedelta(minutes=16))

    watch(broken)

    text = text_of(smtp.mails[-1])
    assert len(smtp.mails) == 2
    assert "have been due for 16 minutes" in text
    assert "“daily”" in text


@pytest.mark.parametrize(("minutes", "count"), [(14, 0), (16, 1)])
def test_what_is_due_and_not_tried_is_told_after_a_quarter_of_an_hour(smtp, well, minutes, count):
    MessageFactory(next_attempt_at=well - timedelta(minutes=minutes))

    watch(well)

    assert len(smtp.mails) == count


def test_a_mail_that_waits_for_its_next_attempt_is_no_trouble(smtp, well):
    MessageFactory(attempts=9, next_attempt_at=well + timedelta(hours=3))

    assert watch(well).is_well


@pytest.mark.parametrize(("hours", "count"), [(1, 1), (25, 0)])
def test_a_message_that_failed_is_told_for_a_day(smtp, well, hours, count):
    MessageFactory(state="failed", next_attempt_at=well - timedelta(hours=hours))

    watch(well)

    assert len(smtp.mails) == count


def test_a_mail_that_was_not_taken_is_tried_at_the_next_look(smtp, broken, settings, capsys):
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, free_port()
    with pytest.raises(SystemExit):
        call_command("watchdog")
    assert "was not sent" in capsys.readouterr().err

    settings.EMAIL_PORT = port
    watch(broken)

    assert len(smtp.mails) == 1


def test_a_mailbox_that_is_refused_is_said_and_not_forgotten(smtp, broken, settings):
    smtp.refuse[settings.FALLBACK_MAILBOX] = "550 No"

    report = watch(broken)

    assert "550" in report.trouble
    assert not memory_file().exists()


def test_a_database_that_does_not_answer_is_mailed_and_what_lasts_beside_it_is_not_over(
    smtp, broken, monkeypatch
):
    watch(broken)
    monkeypatch.setattr(watchdog, "database_answers", lambda: False)

    def away(*args, **kwargs):
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(watchdog.Person.objects, "filter", away)
    report = watch(broken + timedelta(minutes=1))
    watch(broken + timedelta(minutes=2))

    assert len(smtp.mails) == 2
    assert "The database does not answer." in report.problems.values()
    assert "What is over" not in text_of(smtp.mails[-1])


@pytest.mark.parametrize("text", ["", "{", "[]", '{"open": 1}', '{"mailed_at": "x"}', '{"a": 1}'])
def test_a_memory_that_cannot_be_read_is_none(smtp, broken, text):
    memory_file().write_text(text)

    watch(broken)

    assert len(smtp.mails) == 1


def test_where_nothing_can_be_remembered_it_says_so_and_mails_all_the_same(
    smtp, broken, settings, tmp_path
):
    (tmp_path / "file").write_text("")
    settings.DATA_DIR = tmp_path / "file"

    report = watch(broken)

    assert len(smtp.mails) == 1
    assert "could not be written down" in report.trouble


def test_without_a_mail_server_it_is_said(broken, settings, capsys):
    settings.MAIL_IS_SENT = False

    with pytest.raises(SystemExit):
        call_command("watchdog")

    assert "“daily” has not run since" in capsys.readouterr().err


def test_neither_broker_nor_worker_is_asked(smtp, broken, settings, monkeypatch):
    settings.CELERY_BROKER_URL = f"redis://127.0.0.1:{free_port()}/0"
    monkeypatch.setattr(health, "broker_answers", lambda: pytest.fail("It asked the broker."))

    watch(broken)

    assert len(smtp.mails) == 1
