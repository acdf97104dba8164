"""One mail per recipient and day, and what it says."""

import threading
from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from contracts.models import Contract
from people.models import Message, Person
from support import digests
from support.daily import run_day
from support.digests import send_digests
from support.ledger import raise_due
from support.models import Alert
from support.tasks import daily
from tests.factories import (
    AssetFactory,
    ContractFactory,
    PersonFactory,
    TermFactory,
    VendorFactory,
)

TODAY = date(2026, 11, 24)
pytestmark = pytest.mark.django_db


def contract(owner, notice_in, **fields):
    return ContractFactory(owner=owner, notice_by=TODAY + timedelta(notice_in), **fields)


def bodies():
    return [message.text for message in Message.objects.order_by("pk")]


def test_each_recipient_has_one_mail_with_all_his_dates():
    ada, bob = PersonFactory(), PersonFactory()
    for days in (5, 25):
        contract(ada, days)
    contract(bob, 5)

    assert str(run_day(TODAY)) == "3 alerts, 2 messages"

    assert {message.key for message in Message.objects.all()} == {
        f"digest:2026-11-24:{ada.pk}",
        f"digest:2026-11-24:{bob.pk}",
    }


def test_a_line_says_what_until_when_for_how_much_and_what_happens_otherwise():
    adobe = VendorFactory(name="Adobe")
    found = contract(
        PersonFactory(name="Ada"),
        6,
        number="C-12",
        title="Creative Cloud",
        vendor=adobe,
        annual_cost="12400.00",
        currency="EUR",
    )
    TermFactory(contract=found, ends_on=TODAY + timedelta(60), renewal="tacit", renewal_months=12)

    run_day(TODAY)

    message = Message.objects.get()
    assert message.subject == (
        "Notice is possible until 30 November 2026, in 6 days: C-12 Creative Cloud"
    )
    for body in (message.text, message.html):
        assert "C-12 Creative Cloud" in body
        assert "Notice is possible until 30 November 2026, in 6 days." in body
        assert "12,400.00 EUR a year" in body
        assert "renews by itself for 12 months" in body
        assert "Adobe" in body


def test_the_most_urgent_date_comes_first_and_names_the_mail():
    ada = PersonFactory()
    contract(ada, 30, title="Later")
    contract(ada, 2, title="Sooner")

    run_day(TODAY)

    message = Message.objects.get()
    assert message.text.index("Sooner") < message.text.index("Later")
    assert "Sooner, and 1 more" in message.subject


def test_what_raised_no_alert_brings_no_mail():
    contract(PersonFactory(), 200)

    assert str(run_day(TODAY)) == "0 alerts, 0 messages"


def test_a_second_run_owes_nobody_a_second_mail():
    contract(PersonFactory(), 5)
    run_day(TODAY)

    assert str(run_day(TODAY)) == "0 alerts, 0 messages"


def test_what_is_raised_after_the_days_digest_waits_for_the_next_days():
    ada = PersonFactory()
    contract(ada, 5)
    run_day(TODAY)
    contract(ada, 40, title="Late arrival")

    assert str(run_day(TODAY)) == "1 alerts, 0 messages"
    assert str(run_day(TODAY + timedelta(1))) == "0 alerts, 1 messages"
    assert "Late arrival" in bodies()[-1]


def test_an_alert_that_became_moot_before_the_mail_is_not_told():
    found = contract(PersonFactory(), 5)
    raise_due(TODAY)
    found.notice_by = TODAY + timedelta(365)
    found.save()
    raise_due(TODAY)

    assert send_digests(TODAY) == 0


def test_a_record_deleted_between_alert_and_mail_does_not_stop_the_mail():
    ada = PersonFactory()
    contract(ada, 5, title="Kept")
    gone = contract(ada, 6)
    raise_due(TODAY)
    gone.delete()

    send_digests(TODAY)

    assert "Kept" in bodies()[0]
    assert "A record that was deleted meanwhile" in bodies()[0]


def test_a_first_run_tells_what_lapsed_long_ago_in_one_line():
    for number in range(30):
        AssetFactory(warranty_ends_on=TODAY - timedelta(100 + number))

    assert str(run_day(TODAY)) == "30 alerts, 1 messages"

    message = Message.objects.get()
    assert message.subject == "Dates that had passed before Steward watched them: 30"
    assert "Warranty ends that had passed before Steward watched them: 30" in message.text
    assert "/admin/support/alert/?rule__exact=warranty&state__exact=lapsed" in message.text
    assert len(message.text.splitlines()) < 12
    assert str(run_day(TODAY + timedelta(1))) == "0 alerts, 0 messages"


def test_a_long_list_is_cut_and_says_how_many_more_there_are():
    for number in range(53):
        AssetFactory(warranty_ends_on=TODAY, serial=f"SN{number:03}")

    run_day(TODAY)

    assert Message.objects.get().text.count("serial number") == 50
    assert "And 3 more" in Message.objects.get().text


def test_staff_are_given_links(it):
    contract(it.person, 5)

    run_day(TODAY)

    assert "http://127.0.0.1:8000/admin/contracts/contract/" in bodies()[0]


def test_who_may_not_open_the_back_office_is_told_whom_to_write_to():
    finance = PersonFactory(
        kind=Person.Kind.SHARED, answers_for="finance", name="Finance", email="fin@example.com"
    )
    contract(PersonFactory(), 5)

    run_day(TODAY)

    assert "/admin/" not in bodies()[0]
    assert f"write to Finance <{finance.email}>" in bodies()[0]


def test_a_name_with_markup_is_text_in_the_mail():
    contract(PersonFactory(name="<b>Ada</b>"), 5, title="<script>alert(1)</script>")

    run_day(TODAY)

    message = Message.objects.get()
    assert "<script>" not in message.html
    assert "&lt;script&gt;" in message.html
    assert "<script>alert(1)</script>" in message.text


def test_ten_recipients_take_as_many_queries_as_two():
    counts = []
    for day, number in ((0, 2), (1, 10)):
        for _ in range(number):
            contract(PersonFactory(), 5 + day)
        raise_due(TODAY + timedelta(day))
        with CaptureQueriesContext(connection) as queries:
            assert send_digests(TODAY + timedelta(day)) == number
        counts.append(len(queries))

    assert counts[0] == counts[1]


# --- Command and task ---


def test_the_command_says_what_it_did_in_its_last_line():
    contract(PersonFactory(), 5)
    out = StringIO()

    call_command("daily", "--on", "2026-11-24", stdout=out)

    assert out.getvalue().splitlines()[-1] == "1 alerts, 1 messages"


def test_the_command_and_the_task_take_today():
    for _ in range(2):
        ContractFactory(notice_by=timezone.localdate(), owner=PersonFactory())
    out = StringIO()

    daily()
    call_command("daily", stdout=out)

    assert Message.objects.count() == 2
    assert out.getvalue() == "0 alerts, 0 messages\n"


@pytest.mark.parametrize("day", ["yesterday", "2026-13-01", "2026-02-29", "", "9999-12-31"])
def test_a_bad_day_is_refused_in_words(day):
    with pytest.raises(CommandError, match="is not a day Steward can work on. Accepted: a day"):
        call_command("daily", "--on", day)


@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        ("Europe/Berlin", "2026-03-29T00:30:00Z", "2026-03-29"),
        ("Europe/Berlin", "2026-10-25T22:59:00Z", "2026-10-25"),
        ("Europe/Berlin", "2026-10-25T23:00:00Z", "2026-10-26"),
        ("Pacific/Auckland", "2026-12-31T11:00:00Z", "2027-01-01"),
        ("America/New_York", "2027-01-01T04:59:00Z", "2026-12-31"),
    ],
)
def test_today_is_the_sites_day_at_clock_changes_and_at_the_years_end(
    settings, time_machine, zone, moment, day
):
    settings.TIME_ZONE = zone
    time_machine.move_to(moment, tick=False)
    contract(PersonFactory(), 0)
    Contract.objects.update(notice_by=day)

    daily()

    assert Message.objects.get().key.startswith(f"digest:{day}:")


# --- Two at once ---


def race(jobs):
    barrier, errors = threading.Barrier(len(jobs)), []

    def run(job):
        try:
            barrier.wait()
            job()
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[job]) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_owe_each_recipient_one_mail_with_everything():
    people = [PersonFactory() for _ in range(8)]
    for person in people:
        contract(person, 5)
        contract(person, 40)

    race([lambda: run_day(TODAY)] * 3)

    assert Alert.objects.count() == 16
    assert Message.objects.count() == 8
    assert not Alert.objects.filter(message=None).exists()
    assert all("and 1 more" in message.subject for message in Message.objects.all())


@pytest.mark.django_db(transaction=True)
def test_without_the_unique_key_two_runs_at_once_owe_everybody_two_mails(monkeypatch):
    contract(PersonFactory(), 5)
    raise_due(TODAY)
    waiting, together = digests._waiting, threading.Barrier(2)

    def key_of_ones_own(on, recipient):
        return f"digest:{on}:{recipient}:{threading.get_ident()}"

    def wait_for_the_other(on):
        found = waiting(on)
        together.wait(5)
        return found

    monkeypatch.setattr(digests, "_key", key_of_ones_own)
    monkeypatch.setattr(digests, "_waiting", wait_for_the_other)
    monkeypatch.setattr(digests, "_tell", lambda *args: None)

    race([lambda: send_digests(TODAY)] * 2)

    assert Message.objects.count() == 2
