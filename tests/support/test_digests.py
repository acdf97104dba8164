"""One mail per recipient and day, mails at once, and what they say."""

import re
import threading
from dataclasses import replace
from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from contracts.models import Contract
from people.models import Message, Person
from support import alert_delivery, digest_reading, digests, tasks
from support.alerts import RULES
from support.daily import run_day
from support.digests import send_at_once, send_digests
from support.ledger import raise_due
from support.models import Alert
from support.tasks import daily
from tests.factories import (
    AlertFactory,
    AssetFactory,
    ContractFactory,
    MessageFactory,
    PersonFactory,
    PreferenceFactory,
    ResponseFactory,
    TermFactory,
    UserFactory,
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
    TermFactory(
        contract=found,
        starts_on=TODAY,
        ends_on=TODAY + timedelta(60),
        renewal="tacit",
        renewal_months=12,
    )

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


# --- What is told at once, and what not by mail ---


def preferred_at_once(person, rule="contract_notice"):
    PreferenceFactory(person=person, rule=rule, delivery="at_once")


def test_who_wants_it_at_once_gets_one_mail_of_all_that_is_new_and_none_of_it_in_his_digest():
    ada = PersonFactory()
    preferred_at_once(ada)
    contract(ada, 5, title="Now")
    contract(ada, 6, title="Now too")
    ContractFactory(owner=ada, ends_on=TODAY + timedelta(5), title="In good time")

    assert str(run_day(TODAY)) == "3 alerts, 2 messages"

    at_once, digest = Message.objects.order_by("pk")
    assert at_once.key.startswith("alerts:")
    assert digest.key == f"digest:{TODAY}:{ada.pk}"
    assert "Now" in at_once.text
    assert "Now too" in at_once.text
    assert "Now" not in digest.text
    assert "In good time" in digest.text
    assert "at once, on 24 November 2026" in at_once.text


def test_a_rule_that_cannot_wait_is_told_at_once_unless_its_recipient_wants_it_in_his_digest(
    monkeypatch,
):
    hurried = tuple(replace(rule, at_once=rule.kind == "contract_notice") for rule in RULES)
    monkeypatch.setattr(alert_delivery, "RULES", hurried)
    ada, bob = PersonFactory(), PersonFactory()
    PreferenceFactory(person=bob, rule="contract_notice", delivery="digest")
    contract(ada, 5)
    contract(bob, 5)
    raise_due(TODAY)

    assert send_at_once(TODAY) == 1
    assert Message.objects.get().recipient == ada
    assert send_digests(TODAY) == 1
    assert Message.objects.order_by("pk").last().recipient == bob


def test_what_is_raised_later_the_same_day_is_told_at_once_again():
    ada = PersonFactory()
    preferred_at_once(ada)
    contract(ada, 5)
    run_day(TODAY)
    contract(ada, 6)

    assert str(run_day(TODAY)) == "1 alerts, 1 messages"


def test_who_wants_it_only_in_his_inbox_gets_no_mail():
    ada = PersonFactory()
    PreferenceFactory(person=ada, rule="contract_notice", delivery="inbox")
    contract(ada, 5)

    assert str(run_day(TODAY)) == "1 alerts, 0 messages"
    assert str(run_day(TODAY + timedelta(1))) == "0 alerts, 0 messages"


def test_what_had_lapsed_is_counted_in_the_digest_and_never_told_at_once():
    ada = PersonFactory()
    preferred_at_once(ada)
    contract(ada, -100)

    run_day(TODAY)

    assert Message.objects.get().key.startswith("digest:")


def test_who_has_no_address_is_owed_nothing_and_keeps_nobody_waiting():
    AlertFactory(recipient=PersonFactory(email=""), raised_on=TODAY)

    assert send_digests(TODAY) == 0
    assert not Message.objects.exists()


# --- Why it is told ---


def test_an_escalated_alert_says_that_nobody_answered_and_who_did_not():
    ada = PersonFactory(name="Ada Moss")
    record = ContractFactory(number="C-7", title="Backup")
    missed = AlertFactory(
        rule="contract_notice", record=record, due_on=date(2026, 11, 3), recipient=ada
    )
    AlertFactory(
        rule="contract_notice",
        record=record,
        due_on=missed.due_on,
        lead=0,
        escalates=missed,
        raised_on=TODAY,
    )
    Alert.objects.filter(pk=missed.pk).update(message=MessageFactory())

    send_digests(TODAY)

    message = Message.objects.get(key__startswith="digest")
    said = "Nobody answered this: it was due 3 November 2026, with Ada Moss."
    assert said in message.text
    assert said in message.html
    assert message.subject.startswith("Nobody answered: Notice was possible until 3 November")


def test_one_that_was_snoozed_says_that_it_is_told_again_and_why():
    ada = PersonFactory(user=UserFactory())
    contract(ada, 40)
    run_day(TODAY - timedelta(20))
    alert = Alert.objects.get()
    later = "2026-11-04T12:00:00Z"
    ResponseFactory(
        alert=alert, kind="snoozed", until=TODAY, by=ada.user, at=later, text="Ask Grace first."
    )
    Alert.objects.update(message=None)

    send_digests(TODAY)

    assert "You asked to be told of this again: “Ask Grace first.”" in bodies()[-1]


def test_one_that_was_passed_on_says_by_whom_and_with_his_words():
    ada = PersonFactory()
    contract(ada, 5)
    raise_due(TODAY)
    ResponseFactory(
        alert=Alert.objects.get(),
        kind="passed_on",
        to=ada,
        by=UserFactory(name="Grace Hopper"),
        text="You know them best.",
    )

    send_digests(TODAY)

    assert "Grace Hopper passed this on to you: “You know them best.”" in bodies()[0]


# --- Buttons and money ---


def links(message, words):
    """Where the buttons with these words lead."""
    return re.findall(rf'href="([^"]+)"[^>]*>{words}</a>', message.html)


def test_staff_open_the_record_and_answer_on_its_page(it):
    found = contract(it.person, 5)

    run_day(TODAY)

    message = Message.objects.get()
    page = f"http://127.0.0.1:8000/admin/contracts/contract/{found.pk}/change/"
    assert links(message, "Open") == [page]
    [answer] = links(message, "I know")
    assert answer.startswith("http://127.0.0.1:8000/alerts/")
    assert page in message.text
    assert answer in message.text


def test_others_open_and_answer_on_one_page(client, employee):
    contract(employee, 5)

    run_day(TODAY)

    [answer] = links(Message.objects.get(), "Open and answer")
    client.force_login(employee.user)
    assert client.get(answer, follow=True).status_code == 200


@pytest.mark.parametrize(
    ("role", "reads"),
    [("service_desk", False), ("auditor", True), ("it", True), ("finance", True)],
)
def test_what_assets_cost_is_read_in_the_outbox_by_who_may_see_it(client, request, role, reads):
    PersonFactory(kind="shared", answers_for="it", email="it@example.com")
    AssetFactory(
        state="in_use",
        holder=PersonFactory(),
        warranty_ends_on=TODAY + timedelta(7),
        cost="7654.32",
        currency="EUR",
    )
    run_day(TODAY)
    mail = Message.objects.get(recipient__answers_for="it")
    assert "7,654.32" in mail.text
    assert "7,654.32" in mail.html
    client.force_login(request.getfixturevalue(role))

    page = client.get(reverse("admin:people_message_change", args=[mail.pk])).text

    assert ("7,654.32" in page) == reads
    assert "7,654.32" not in mail.subject


def test_a_mail_that_tells_no_cost_of_an_asset_takes_no_permission(it):
    """What contracts cost is seen by whoever sees contracts."""
    contract(it.person, 5, annual_cost="12400.00", currency="EUR")
    AlertFactory(record=AssetFactory(cost=None), recipient=it.person)
    run_day(TODAY)

    assert "12,400.00" in Message.objects.get().text
    assert Message.objects.get().readable_with == ""


def test_what_assets_cost_is_told_only_to_who_may_see_it(it, employee):
    for person in (it.person, employee):
        asset = AssetFactory(cost="1200.00", currency="EUR")
        AlertFactory(recipient=person, record=asset, raised_on=TODAY)

    send_digests(TODAY)

    texts = {message.recipient: message.text for message in Message.objects.all()}
    assert "cost 1,200.00 EUR" in texts[it.person]
    assert "1,200.00" not in texts[employee]


def test_a_mail_is_filed_as_one_about_alerts_and_says_where_that_is_chosen():
    contract(PersonFactory(), 5)

    run_day(TODAY)

    message = Message.objects.get()
    assert message.list_name == "alerts"
    assert "http://127.0.0.1:8000/alerts/settings/" in message.text
    assert "http://127.0.0.1:8000/alerts/settings/" in message.html


def test_the_most_urgent_kind_comes_first():
    ada = PersonFactory()
    contract(ada, 25, title="Notice")
    ContractFactory(owner=ada, ends_on=TODAY + timedelta(3), title="End")

    run_day(TODAY)

    assert bodies()[0].index("CONTRACTS THAT END") < bodies()[0].index("NOTICE TO GIVE")


def test_a_mail_of_many_kinds_lists_a_few_of_each():
    mailbox = PersonFactory()
    for kind in [rule.kind for rule in RULES if rule.model.__name__ == "Contract"]:
        for number in range(40):
            record = ContractFactory(title=f"{kind}{number:02}")
            AlertFactory(rule=kind, record=record, recipient=mailbox, raised_on=TODAY)

    send_digests(TODAY)

    assert bodies()[0].count("\n  Open") == 60
    assert bodies()[0].count("And 10 more") == 2
    assert len(Message.objects.get().html) < 100_000  # what Gmail shows of a mail


# --- What is broken ---


def test_a_broken_record_is_named_and_keeps_nobody_from_his_mail(monkeypatch, caplog):
    ada, bob = PersonFactory(), PersonFactory()
    broken = contract(ada, 5, title="Broken")
    contract(ada, 6, title="Whole")
    contract(bob, 5, title="Also whole")
    monkeypatch.setattr(
        Contract, "__str__", lambda it: it.title if it.pk != broken.pk else str(1 / 0)
    )

    run_day(TODAY)

    first, second = bodies()
    assert f"Contract number {broken.pk}" in first
    assert "Steward could not read what else it is" in first
    assert "Whole" in first
    assert "Also whole" in second
    assert "cannot be described in a mail" in caplog.text


def test_a_record_that_cannot_even_be_read_is_told_by_its_number(monkeypatch, caplog):
    ada = PersonFactory()
    broken = contract(ada, 5, title="Broken")
    contract(ada, 6, title="Whole")
    read = digest_reading.with_details

    def with_poison(model, on):
        rows = read(model, on)
        return Poisoned(rows, broken.pk)

    monkeypatch.setattr(digest_reading, "with_details", with_poison)

    run_day(TODAY)

    assert "Whole" in bodies()[0]
    assert f"Contract number {broken.pk}" in bodies()[0]
    assert "cannot be read for a mail" in caplog.text


class Poisoned:
    """Rows that cannot be read where one of them is among them."""

    def __init__(self, rows, key):
        self.rows, self.key = rows, key

    def filter(self, pk__in):
        if self.key in pk__in:
            raise ValueError("not a number")
        return self.rows.filter(pk__in=pk__in)


def test_a_mail_that_cannot_be_written_keeps_no_other_from_being_sent(monkeypatch, caplog):
    ada, bob = PersonFactory(name="Ada"), PersonFactory(name="Bob")
    contract(ada, 5)
    contract(bob, 5)
    words = digests.Digest.words

    def fail_for_ada(digest, to, **options):
        if to == ada:
            raise ValueError("no words")
        return words(digest, to, **options)

    with monkeypatch.context() as patch:
        patch.setattr(digests.Digest, "words", fail_for_ada)
        assert str(run_day(TODAY)) == "2 alerts, 1 messages"

    assert Message.objects.get().recipient == bob
    assert "cannot be written" in caplog.text
    assert send_digests(TODAY) == 1  # nothing of hers is lost


# --- Command and task ---


def test_the_command_says_what_it_did_in_its_last_line():
    contract(PersonFactory(), 5)
    out = StringIO()

    call_command("daily", "--on", "2026-11-24", stdout=out)

    assert out.getvalue().splitlines()[-1] == "1 alerts, 1 messages"


def test_the_command_and_the_tasks_take_today(time_machine):
    time_machine.move_to("2026-11-24T12:00:00Z", tick=False)
    for _ in range(2):
        ContractFactory(notice_by=timezone.localdate(), owner=PersonFactory())
    out = StringIO()

    assert daily() == "2 alerts, 0 messages"
    assert tasks.digests() == "2 messages"
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

    assert str(Alert.objects.get().raised_on) == day


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


@pytest.fixture
def together(monkeypatch):
    """Both runs have seen what there is to send before either sends it."""
    recipients, both = digests._recipients, threading.Barrier(2)

    def wait_for_the_other(alerts):
        found = recipients(alerts)
        both.wait(20)
        return found

    monkeypatch.setattr(digests, "_recipients", wait_for_the_other)


@pytest.mark.django_db(transaction=True)
def test_two_who_send_at_once_tell_each_alert_once(together):
    preferred_at_once(contract(PersonFactory(), 5).owner)
    raise_due(TODAY)

    race([lambda: send_at_once(TODAY)] * 2)

    assert Message.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_if_they_did_not_ask_whether_it_is_still_untold_they_would_tell_it_twice(
    together, monkeypatch
):
    preferred_at_once(contract(PersonFactory(), 5).owner)
    raise_due(TODAY)

    def claim_whatever(alerts, messages):
        Alert.objects.update(message=messages[0])

    monkeypatch.setattr(digests, "_claim", claim_whatever)

    race([lambda: send_at_once(TODAY)] * 2)

    assert Message.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_digests_of_two_days_sent_at_once_tell_each_alert_once(together):
    contract(PersonFactory(), 5)
    raise_due(TODAY)

    race([lambda: send_digests(TODAY), lambda: send_digests(TODAY + timedelta(1))])

    assert Message.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_who_is_killed_while_he_writes_a_mail_leaves_no_half_of_it(monkeypatch):
    contract(PersonFactory(), 5)
    raise_due(TODAY)
    with monkeypatch.context() as patch:
        patch.setattr(digests.Digest, "words", killed)
        with pytest.raises(SystemExit):
            send_digests(TODAY)
    assert not Message.objects.exists()

    assert send_digests(TODAY) == 1


def killed(*args, **kwargs):
    raise SystemExit
