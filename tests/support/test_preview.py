"""The preview of alerts: what it says is what happens, day by day, if nothing else does."""

import random
from datetime import date, datetime, timedelta

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse, reverse_lazy
from django.utils import timezone

from contracts.models import Contract
from contracts.renewals import settle
from contracts.rollover import roll_over
from support import preview, responses
from support.ledger import raise_due
from support.models import Alert
from support.preview import How
from tests.factories import (
    AssetFactory,
    ContractFactory,
    CustodyFactory,
    DecisionFactory,
    DepartmentFactory,
    HandoverFactory,
    LeadTimeFactory,
    LicenceFactory,
    MessageFactory,
    OrderFactory,
    PersonFactory,
    ProductFactory,
    ReleaseFactory,
    RepairFactory,
    ResponseFactory,
    SeatFactory,
    StockItemFactory,
    TermFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 24)
UNTIL = TODAY + timedelta(90)
State = Alert.State


@pytest.fixture(autouse=True)
def today(time_machine):
    time_machine.move_to("2026-11-24 12:00:00+00:00", tick=False)


@pytest.fixture
def boxes():
    return {
        role: PersonFactory(answers_for=role, kind="shared", email=f"{role}@example.com")
        for role in ("it", "finance", "service_desk")
    }


def day(number):
    return TODAY + timedelta(number)


def said(until=UNTIL):
    return [
        (it.day, it.rule, it.record, it.due_on, it.lead, it.recipient, it.how == How.ESCALATED)
        for it in preview.coming(TODAY, until)
    ]


def sent(on, message):
    """What a mail of that day would tell, in the ledger; it is marked as told."""
    unsent = Alert.objects.unsent()
    told = [
        (on, it.rule, it.object_id, it.due_on, it.lead, it.recipient_id, bool(it.escalates_id))
        for it in unsent
    ]
    unsent.update(message=message)
    return told


def raised(until=UNTIL):
    """The same as the ledger does it, day after day."""
    message = MessageFactory()
    found = []
    for number in range((until - TODAY).days + 1):
        raise_due(day(number))
        found += sent(day(number), message)
    return found


# --- The preview and the ledger agree ---


def varied(seed, boxes):
    """People of all sorts, and something for every rule; some of it told and answered before."""
    pick = random.Random(seed)
    boss = PersonFactory(manager=None)
    people = [PersonFactory(manager=pick.choice([boss, None])) for _ in range(8)]
    people += [PersonFactory(leaves_on=day(it), manager=boss) for it in (-5, 3, 6, 55, 90)]
    people += [PersonFactory(email=""), None]
    departments = [DepartmentFactory(head=pick.choice(people)) for _ in range(3)]

    def near():
        return day(pick.choice([pick.randint(-30, 200), pick.randint(-3, 12)]))

    kinds = list(Contract.Kind)
    contracts = [
        ContractFactory(
            owner=pick.choice(people),
            department=pick.choice([*departments, None]),
            kind=pick.choice(kinds),
            starts_on=pick.choice([day(-400), day(10), day(60)]),
            notice_by=pick.choice([near(), None]),
            ends_on=pick.choice([near(), None]),
        )
        for _ in range(30)
    ]
    assets = [AssetFactory(warranty_ends_on=near()) for _ in range(12)]
    terms = [TermFactory(contract=it) for it in contracts[:4]]
    [DecisionFactory(term=it, kind="cancel", ends_on=near()) for it in terms]
    licences = [
        LicenceFactory(contract=pick.choice([*contracts, None]), ends_on=near(), seats=1)
        for _ in range(6)
    ]
    for licence in licences:
        for _ in range(pick.choice([0, 1, 2])):
            SeatFactory(licence=licence, since=day(pick.randint(-150, -20)))
    ProductFactory(end_of_life_on=near())
    assets += [AssetFactory(product=ProductFactory(end_of_life_on=near())) for _ in range(3)]
    assets += [AssetFactory(release=ReleaseFactory(ends_on=near())) for _ in range(3)]
    for number in range(6):
        holder = pick.choice([it for it in people if it])
        CustodyFactory(asset=assets[number], holder=holder, due_back_on=near())
    [RepairFactory(due_back_on=near()) for _ in range(3)]
    [OrderFactory(state="ordered", ordered_on=TODAY, expected_on=near()) for _ in range(3)]
    for number in (-9, -6, 0):
        at = timezone.make_aware(datetime(2026, 11, 24, 9)) + timedelta(number)
        handover = HandoverFactory(
            to=pick.choice(people[:13]), needs_acceptance=True, handed_over_at=at
        )
        CustodyFactory(handover=handover)
    [AssetFactory(holder=it, state="in_use") for it in people[8:12]]
    [StockItemFactory(minimum=5, quantity=it) for it in (2, 9)]
    set_days(contracts, assets)
    return people


def set_days(contracts, assets):
    LeadTimeFactory(rule="contract_end", days=[120, 45])
    LeadTimeFactory(rule="contract_end", contract_kind="telecom", days=[])
    LeadTimeFactory(rule="contract_notice", contract_kind="lease", days=[60, 0])
    LeadTimeFactory(rule="contract_notice", record=contracts[0], days=[200, 100, 10])
    LeadTimeFactory(rule="warranty", category=assets[0].product.category, days=[20])
    LeadTimeFactory(rule="warranty", record=assets[1], days=[])


def answer(people, pick):
    """Some of what was told is acknowledged, snoozed, or passed on."""
    here = [it for it in people if it and it.email and not it.has_left(TODAY)]
    for alert in Alert.objects.open().order_by("pk"):
        move = pick.choice(["", "", "acknowledge", "snooze", "pass_on"])
        alert.refresh_from_db()
        if alert.state != State.OPEN:
            continue
        if move == "acknowledge":
            responses.acknowledge(alert, by=None)
        elif move == "snooze":
            last = responses.last_day(alert, on=timezone.localdate())
            if last > timezone.localdate():
                responses.snooze(alert, until=last, by=None)
        elif move == "pass_on":
            others = [it for it in here if it.pk != alert.recipient_id]
            responses.pass_on(alert, to=pick.choice(others), by=None)


# Each day of the ledger takes a second: the suite looks at the first days, `make bench` at all.
@pytest.mark.parametrize(
    ("seed", "until"), [(1, day(9)), pytest.param(2, UNTIL, marks=pytest.mark.bench)]
)
def test_what_is_foreseen_is_what_is_told_day_by_day(seed, until, boxes, time_machine):
    people = varied(seed, boxes)
    message = MessageFactory()
    for number in (-40, -1):
        time_machine.move_to(f"{day(number)} 12:00:00+00:00", tick=False)
        raise_due(day(number))
        Alert.objects.unsent().update(message=message)
        answer(people, random.Random(seed))
    Alert.objects.unsent().update(message=message)
    time_machine.move_to("2026-11-24 12:00:00+00:00", tick=False)
    foreseen, told = set(said(until)), set(raised(until))
    assert foreseen - told == set()
    assert told - foreseen == set()
    assert len(told) > 30


def test_what_was_passed_on_to_those_who_leave_comes_back_and_is_escalated(boxes, time_machine):
    boss, message, pick = PersonFactory(), MessageFactory(), random.Random(5)
    leavers = [
        PersonFactory(leaves_on=day(it), manager=who) for it in (3, 5) for who in (boss, None)
    ]
    for number in range(16):
        AssetFactory(warranty_ends_on=day(number % 4))
    time_machine.move_to(f"{day(-1)} 12:00:00+00:00", tick=False)
    raise_due(day(-1), kinds={"warranty"})
    for alert in Alert.objects.order_by("pk"):
        responses.pass_on(alert, to=pick.choice(leavers), by=None)
        his = Alert.objects.open().of_matter(alert).get()
        if pick.random() < 0.3:
            last = responses.last_day(his, on=timezone.localdate())
            responses.snooze(his, until=last, by=None)
        elif pick.random() < 0.5:
            others = [it for it in [*leavers, boss] if it.pk != his.recipient_id]
            responses.pass_on(his, to=pick.choice(others), by=None)
    Alert.objects.unsent().update(message=message)
    time_machine.move_to("2026-11-24 12:00:00+00:00", tick=False)
    foreseen = [it for it in said(day(8)) if it[1] == "warranty"]
    told = []
    for number in range(9):
        raise_due(day(number), kinds={"warranty"})
        told += sent(day(number), message)
    assert len(told) > 20
    assert sorted(foreseen) == sorted(told)


def test_what_was_passed_on_and_is_done_nowhere_comes_back_as_foreseen(boxes, time_machine):
    boss, message, pick = PersonFactory(), MessageFactory(), random.Random(7)
    people = [boss, *(PersonFactory(manager=pick.choice([boss, None])) for _ in range(5))]
    for number in range(12):
        RepairFactory(due_back_on=day(number % 6 - 5))
        leaver = PersonFactory(leaves_on=day(number % 4 - 3), manager=pick.choice(people))
        AssetFactory(holder=leaver, state="in_use")
    some = {"repair", "leaver"}
    for number in (-6, -5, -3, -1):
        time_machine.move_to(f"{day(number)} 12:00:00+00:00", tick=False)
        raise_due(day(number), kinds=some)
        for alert in Alert.objects.open().order_by("pk"):
            others = [it for it in people if it.pk != alert.recipient_id]
            if pick.random() < 0.6:
                responses.pass_on(alert, to=pick.choice(others), by=None)
    Alert.objects.unsent().update(message=message)
    time_machine.move_to("2026-11-24 12:00:00+00:00", tick=False)
    foreseen = [it for it in said(day(8)) if it[1] in some]
    told = []
    for number in range(9):
        raise_due(day(number), kinds=some)
        told += sent(day(number), message)
    assert len([it for it in told if it[-1]]) > 10
    assert sorted(foreseen) == sorted(told)


def test_the_short_way_says_what_the_long_one_does(boxes, monkeypatch):
    varied(3, boxes)
    for before in (60, 2):
        raise_due(day(-before))
        Alert.objects.unsent().update(message=MessageFactory())
    shortly = sorted(said())
    monkeypatch.setattr(preview, "plainly", lambda *matter: None)
    assert len(shortly) > 100
    assert shortly == sorted(said())


ROLLING = {
    "a year, due soon": {"ends_on": 62, "notice": 60, "renewal_months": 12},
    "a year, due today": {"ends_on": 60, "notice": 60, "renewal_months": 12},
    "a year, due yesterday": {"ends_on": 59, "notice": 60, "renewal_months": 12},
    "a year, due long ago": {"ends_on": -500, "notice": 60, "renewal_months": 12},
    "a month, with 10 days": {"ends_on": 12, "notice": 10, "renewal_months": 1},
    "a month, with 3 months": {"ends_on": 93, "notice": 90, "renewal_months": 1},
    "a month, without notice": {"ends_on": 5, "notice": 0, "renewal_months": 1},
    "until notice": {"ends_on": 33, "notice": 30, "renewal": "open"},
    "not by itself": {"ends_on": 33, "notice": 30, "renewal": "express"},
}


def rolling(owner, ends_on, **about):
    contract = ContractFactory(owner=owner)
    about = {"renewal": "tacit", "ends_on": day(ends_on), **about}
    TermFactory(contract=contract, starts_on=day(ends_on - 300), **about)
    settle(contract, by=None, reason="signed")
    return contract


def test_contracts_that_renew_by_themselves_are_told_and_go_up_as_foreseen(boxes, time_machine):
    boss, message = PersonFactory(), MessageFactory()
    owners = [PersonFactory(manager=boss), PersonFactory(leaves_on=day(8), manager=boss), None]
    contracts = [rolling(owner, **about) for about in ROLLING.values() for owner in owners]
    some = {"contract_notice", "contract_end"}
    for number in (-9, -1):
        time_machine.move_to(f"{day(number)} 12:00:00+00:00", tick=False)
        roll_over(day(number))
        raise_due(day(number), kinds=some)
        for alert in Alert.objects.open().filter(object_id__in=[it.pk for it in contracts[::4]]):
            alert.refresh_from_db()
            if alert.state == State.OPEN:
                responses.pass_on(alert, to=PersonFactory(manager=boss), by=None)
    Alert.objects.unsent().update(message=message)
    time_machine.move_to("2026-11-24 12:00:00+00:00", tick=False)
    foreseen = {it for it in said(day(45)) if it[1] in some}
    told = []
    for number in range(46):
        roll_over(day(number))
        raise_due(day(number), kinds=some)
        told += sent(day(number), message)
    assert foreseen - set(told) == set()
    assert set(told) - foreseen == set()
    assert len([it for it in told if it[-1]]) > 10


def test_what_was_snoozed_before_its_date_moved_and_came_back_is_told_on_its_day(boxes):
    contracts = [ContractFactory(notice_by=day(20)) for _ in range(3)]
    raise_due(day(-3))
    Alert.objects.unsent().update(message=MessageFactory())
    for alert, until in zip(Alert.objects.order_by("pk"), (-1, 3, 9), strict=True):
        ResponseFactory(alert=alert, kind="snoozed", until=day(until))
        Alert.objects.filter(pk=alert.pk).update(state="snoozed", snoozed_until=day(until))
    for contract in contracts:
        contract.notice_by = day(300)
        contract.save()
    raise_due(day(-2))
    for contract in contracts:
        contract.notice_by = day(20)
        contract.save()
    foreseen = said(day(12))
    assert set(foreseen) == set(raised(day(12)))
    assert {it[0] for it in foreseen if it[2] == contracts[1].pk} >= {day(3)}


def test_dates_entered_too_late_are_foreseen_as_the_ledger_tells_them(boxes):
    moved = [ContractFactory(notice_by=day(20)) for _ in range(2)]
    RepairFactory(due_back_on=day(-9))
    raise_due(day(-1))
    Alert.objects.unsent().update(message=MessageFactory())
    for contract, number in zip(moved, (-1, -400), strict=True):
        contract.notice_by = day(number)
        contract.save()
    for late in (1, 90, 91, 400):
        ContractFactory(notice_by=day(-late))
        RepairFactory(due_back_on=day(-late))
        AssetFactory(warranty_ends_on=day(-late))
    assert set(said(day(5))) == set(raised(day(5)))


# --- What is left out, and what is shown ---


def ends(number, **fields):
    return ContractFactory(ends_on=day(number), **fields)


def kinds(until=UNTIL):
    return [(it.day, it.lead, it.how) for it in preview.coming(TODAY, until)]


def test_each_lead_that_is_to_come_is_foreseen_and_then_that_nobody_answered(boxes):
    ends(20)
    assert kinds() == [
        (TODAY, 30, How.TOLD),
        (day(6), 14, How.TOLD),
        (day(13), 7, How.TOLD),
        (day(19), 1, How.TOLD),
        (day(21), 0, How.ESCALATED),
    ]


def test_what_was_told_is_not_foreseen_again(boxes):
    ends(20)
    raise_due(TODAY)
    assert kinds()[0] == (day(6), 14, How.TOLD)


def test_what_is_acknowledged_is_silent_until_the_date_moves(boxes):
    contract = ends(20)
    raise_due(TODAY)
    responses.acknowledge(Alert.objects.get(), by=None)
    assert kinds() == []
    contract.ends_on = day(50)
    contract.save()
    assert kinds()[0] == (TODAY, 60, How.TOLD)


def test_what_is_snoozed_is_told_again_on_its_day(boxes):
    ends(20)
    raise_due(TODAY)
    responses.snooze(Alert.objects.get(), until=day(4), by=None)
    assert kinds()[:2] == [(day(4), 30, How.AGAIN), (day(6), 14, How.TOLD)]


def test_who_leaves_hands_his_dates_to_who_answers_then(boxes):
    owner = PersonFactory(leaves_on=day(8))
    ends(20, owner=owner)
    coming = preview.coming(TODAY, day(13))
    recipients = {it.day: it.recipient for it in coming if it.rule == "contract_end"}
    assert recipients == {
        TODAY: owner.pk,
        day(6): owner.pk,
        day(9): boxes["finance"].pk,
        day(13): boxes["finance"].pk,
    }


def test_nothing_is_foreseen_of_what_nobody_is_told_of(boxes):
    LeadTimeFactory(rule="contract_end", days=[])
    ends(20)
    assert kinds() == []


def test_no_more_than_a_year_is_foreseen():
    with pytest.raises(ValueError, match="365"):
        preview.coming(TODAY, day(366))
    with pytest.raises(ValueError, match="within"):
        preview.coming(TODAY, day(-1))


def test_nothing_is_written(boxes):
    ends(20)
    preview.coming(TODAY, UNTIL)
    assert not Alert.objects.exists()


# --- The page ---


PAGE = reverse_lazy("admin:support_leadtime_report", args=["preview"])


@pytest.fixture
def ann(client, it):
    client.force_login(it)
    return client


def shown(client, **query):
    return client.get(PAGE, query)


def test_the_page_says_day_person_kind_record_date_lead_and_money(ann, boxes):
    contract = ends(20, owner=PersonFactory(name="Ada Moss"), annual_cost="1200.00", currency="EUR")
    text = shown(ann).text
    for words in ("Ada Moss", "Contracts that end", contract.number, "14 days before"):
        assert words in text
    assert "1,200.00 EUR" in text
    assert "nobody answered" in text
    assert reverse("admin:contracts_contract_change", args=[contract.pk]) in text


def counted(response):
    return response.context["page"].paginator.count


def test_the_page_filters_by_days_rule_person_department_and_mailbox(ann, boxes):
    ada = PersonFactory(department=DepartmentFactory())
    ends(20, owner=ada)
    AssetFactory(warranty_ends_on=day(30))
    assert counted(shown(ann)) == 8
    assert counted(shown(ann, days_from=str(day(6)), days_to=str(day(13)))) == 2
    assert counted(shown(ann, rule="warranty")) == 3
    assert counted(shown(ann, person=ada.pk)) == 4
    assert counted(shown(ann, department=ada.department_id)) == 4
    assert counted(shown(ann, role="it")) == 2
    assert counted(shown(ann, role="finance")) == 1


@pytest.mark.parametrize("number", [-1, 366])
def test_days_outside_of_the_year_are_refused_in_words(number, ann):
    assert "Choose days from today to 365 days ahead." in shown(ann, days_to=str(day(number))).text


def test_the_totals_count_each_kind_and_what_is_escalated(ann, boxes):
    ends(20)
    AssetFactory(warranty_ends_on=day(30))
    totals = dict(shown(ann).context["totals"])
    assert totals == {
        "Contracts that end": "5",
        "Warranties that end": "3",
        "Escalated, of all these": "2",
    }


def test_sorted_by_a_column_it_adds_up_and_draws_the_same(ann, boxes):
    ends(20, owner=PersonFactory(name="Ada Moss"))
    AssetFactory(warranty_ends_on=day(30))
    plain, by_person = shown(ann).context, shown(ann, o="-2").context
    assert by_person["totals"] == plain["totals"]
    assert by_person["charts"][0].rows == plain["charts"][0].rows


def test_the_file_has_every_row_of_the_page(ann, boxes):
    contract = ends(20)
    address = reverse("admin:support_leadtime_report_export", args=["preview", "csv"])
    content = b"".join(ann.get(address).streaming_content).decode()
    assert content.count(contract.number) == 5


def test_records_of_a_kind_that_somebody_may_not_see_are_left_out(client, boxes):
    user = UserFactory(is_staff=True)
    names = ["view_leadtime", "view_alert", "view_asset"]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(user)
    contract, asset = ends(20), AssetFactory(warranty_ends_on=day(30))
    text = shown(client).text
    assert asset.tag in text
    assert contract.number not in text


def test_the_queries_do_not_grow_with_the_records(boxes, django_assert_max_num_queries):
    def fill():
        ends(20, owner=PersonFactory(leaves_on=day(8)))
        AssetFactory(warranty_ends_on=day(30))
        CustodyFactory(due_back_on=day(3))
        ends(40)
        raise_due(TODAY)

    fill()
    with django_assert_max_num_queries(200) as one:
        preview.coming(TODAY, UNTIL)
    for _ in range(4):
        fill()
    with django_assert_max_num_queries(len(one)):
        assert len(preview.coming(TODAY, UNTIL)) > 50
