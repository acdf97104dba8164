"""Clocks set forward and back, a leap day, the turn of the year: each told once, on its day."""

from collections import Counter
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine

from people.models import Message
from support import tasks
from support.models import Alert
from tests.factories import ContractFactory, DigestTimeFactory, PersonFactory
from tests.faults.figures import figure, title

pytestmark = pytest.mark.django_db

BERLIN = ZoneInfo("Europe/Berlin")
CROSSED = {
    "clocks set forward": date(2027, 3, 28),
    "clocks set back": date(2027, 10, 31),
    "29 February": date(2028, 2, 29),
    "turn of the year": date(2027, 1, 1),
}
LEADS = (90, 60, 30, 14, 7, 1)
HOURS = [
    ("Europe/Berlin", time(2, 30)),  # an hour that is left out in March and comes twice in October
    ("Europe/Berlin", time(0)),
    ("Europe/Berlin", time(23, 30)),
    ("America/New_York", time(7)),
    ("Asia/Kolkata", time(7)),
    ("Pacific/Auckland", time(6, 30)),
]
AN_HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _of_an_organisation_in_berlin(settings):
    settings.TIME_ZONE = "Europe/Berlin"


def local(day, hour):
    return datetime.combine(day, hour, tzinfo=BERLIN)


@pytest.mark.parametrize("crossed", CROSSED)
@pytest.mark.parametrize("hour", [time(0, 10), time(23, 50)], ids=["first minutes", "last minutes"])
def test_each_lead_is_raised_once_on_the_right_day_of_the_organisations_clock(crossed, hour):
    due = CROSSED[crossed]
    found = ContractFactory(owner=PersonFactory(), notice_by=due)
    for before in sorted({lead + more for lead in LEADS for more in (1, 0, -1)})[::-1]:
        with time_machine.travel(local(due - timedelta(before), hour), tick=False):
            tasks.daily()

    alerts = Alert.objects.filter(object_id=found.pk, rule="contract_notice", escalates=None)
    told = [(lead, (due - on).days) for lead, on in alerts.values_list("lead", "raised_on")]
    title(f"{crossed}, the daily run at {hour:%H:%M}")
    figure("leads told", len(told), least=len(LEADS), most=len(LEADS))
    figure("on another day than theirs", sum(lead != days for lead, days in told), most=0)


@pytest.mark.parametrize("crossed", CROSSED)
def test_everybody_has_one_mail_a_day_of_his_own_clock_and_not_before_his_hour(crossed):
    first, days = CROSSED[crossed] - timedelta(1), 3
    people = {}
    for zone, hour in HOURS:
        person = PersonFactory()
        DigestTimeFactory(person=person, at=hour, time_zone=zone)
        people[person.pk] = ZoneInfo(zone), hour
        for day in range(days):
            reached = first + timedelta(day + 7)
            ContractFactory(owner=person, notice_by=reached, title=f"[{zone}/{hour}/{day}]")
    run_hourly(first, days)

    mails = [
        (message.recipient_id, message.created_at.astimezone(people[message.recipient_id][0]))
        for message in Message.objects.filter(recipient__in=people)
    ]
    a_day = Counter((person, at.date()) for person, at in mails)
    early = sum(at.time() < people[person][1] for person, at in mails)
    title(f"{crossed}, {days} days, {len(people)} people in {len(set(HOURS))} zones and hours")
    figure("mails", len(mails), least=days * len(people), most=days * len(people))
    figure("mails to one person on one day of his", max(a_day.values()), most=1)
    figure("mails before the hour of their recipient", early, most=0)
    untold = Alert.objects.filter(recipient__in=people, message=None)
    figure("alerts that no mail tells of", untold.count(), most=0)


def run_hourly(first, days):
    """What beat starts: the day's run at half past five, and the mails of the day every hour."""
    moment = local(first, time(0, 30)).astimezone(ZoneInfo("UTC"))
    end = local(first + timedelta(days), time(4)).astimezone(ZoneInfo("UTC"))
    while moment < end:
        with time_machine.travel(moment, tick=False):
            if moment.astimezone(BERLIN).time() == time(5, 30):
                tasks.daily()
            tasks.digests()
        moment += AN_HOUR


def test_a_date_edited_and_edited_back_is_told_once():
    due, person = date(2027, 4, 3), PersonFactory()
    contract = ContractFactory(owner=person, notice_by=due)
    dates = [due, due + timedelta(365), due, due - timedelta(2), due]
    for day, notice_by in enumerate(dates):
        contract.notice_by = notice_by
        contract.save()
        with time_machine.travel(local(date(2027, 3, 28) + timedelta(day), time(9)), tick=False):
            tasks.daily()
            tasks.digests()

    title("A due date moved by a year, back, two days forward, and back again")
    mine = Alert.objects.filter(recipient=person)
    figure("alerts of the first date", mine.filter(due_on=due).count(), least=1, most=1)
    figure("alerts of the other near date", mine.exclude(due_on=due).count(), least=1, most=1)
    figure("mails", Message.objects.filter(recipient=person).count(), least=2, most=2)
    assert mine.get(due_on=due).state == "open"
