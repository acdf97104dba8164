"""Being away: what waits for one's approval goes to the deputy, whom one names in the portal."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from people.models import Message
from support import absences, approvals, catalogue, daily
from support.models import Absence
from support.portal import access
from support.portal.absences import NOT_POSSIBLE
from tests.factories import AbsenceFactory, OfferFactory, PersonFactory, somebody

pytestmark = pytest.mark.django_db


@pytest.fixture
def deputy():
    return somebody(name="Deputy")


@pytest.fixture
def approval(boss):
    ada = somebody(name="Ada", manager=boss)
    ticket = catalogue.ask(OfferFactory(), requester=ada, reason="Work.", by=ada.user)
    return ticket.approvals.get()


@pytest.fixture
def mine(client, boss):
    client.force_login(boss.user)
    return client


def in_days(count):
    return timezone.localdate() + timedelta(count)


def away(person, deputy, first=0, last=7):
    return Absence(person=person, deputy=deputy, starts_on=in_days(first), ends_on=in_days(last))


def days(deputy, first=0, last=7):
    """The form as it is filled in."""
    return {"starts_on": in_days(first), "ends_on": in_days(last), "deputy": deputy.email}


# --- What waits goes to the deputy ---


def test_what_waits_already_goes_to_the_deputy_with_a_mail(approval, boss, deputy):
    absences.enter(away(boss, deputy), by=boss.user)

    approval.refresh_from_db()
    assert (approval.approver, approval.for_whom) == (deputy, boss)
    assert "in place of Boss" in Message.objects.get(recipient=deputy).text
    assert "Boss is away" in approval.history.latest().history_change_reason
    approvals.approve(approval, by=deputy.user)
    assert approval.ticket.approvals.get().state == "approved"


def test_an_absence_to_come_passes_on_once_its_first_day_is_there(approval, boss, deputy):
    absences.enter(away(boss, deputy, first=1), by=boss.user)
    approval.refresh_from_db()
    assert approval.approver == boss

    daily.begin_day(in_days(1))

    approval.refresh_from_db()
    assert (approval.approver, approval.for_whom) == (deputy, boss)


def test_silence_asks_the_deputy_before_the_next_above(approval, boss, deputy):
    """Who was entered as away by other ways than the steps is represented too."""
    AbsenceFactory(person=boss, deputy=deputy)

    approvals.escalate(approval)
    approval.refresh_from_db()
    assert (approval.approver, approval.for_whom) == (deputy, boss)

    deputy.manager = boss
    deputy.save()
    approvals.escalate(approval)
    approval.refresh_from_db()
    assert approval.approver == boss.manager


def test_the_deputy_of_a_deputy_is_asked_in_turn(approval, boss, deputy):
    third = somebody()
    absences.enter(away(boss, deputy), by=boss.user)

    absences.enter(away(deputy, third), by=deputy.user)

    approval.refresh_from_db()
    assert approval.approver == third


@pytest.mark.parametrize("who", ["who asks", "somebody away too"])
def test_what_the_deputy_cannot_answer_stays_where_it_is(approval, boss, deputy, who):
    if who == "who asks":
        deputy = approval.ticket.requester
    else:
        AbsenceFactory(person=deputy, deputy=boss)

    absences.enter(away(boss, deputy), by=boss.user)

    approval.refresh_from_db()
    assert approval.approver == boss


def test_nothing_is_passed_on_to_who_is_to_get_it(approval):
    with pytest.raises(ValidationError, match="who cannot agree to it"):
        approvals.pass_on(approval, to=approval.ticket.requester, reason="so", by=None)


def test_a_deputy_who_leaves_before_or_has_no_mail_is_refused(boss):
    for deputy in (PersonFactory(leaves_on=in_days(2)), PersonFactory(email="")):
        with pytest.raises(ValidationError, match="cannot be asked"):
            absences.enter(away(boss, deputy, first=5), by=boss.user)
    assert not Absence.objects.exists()


# --- In the portal and in the back office ---


def test_one_enters_ones_own_absence_and_removes_it(mine, approval, boss, deputy):
    mine.post("/absences/", days(deputy))

    absence = Absence.objects.get()
    assert (absence.person, absence.deputy) == (boss, deputy)
    assert absence.history.latest().history_user == boss.user
    approval.refresh_from_db()
    assert approval.approver == deputy
    assert "Deputy" in mine.get("/absences/").text
    mine.post(f"/absences/{absence.pk}/cancel/")
    assert not Absence.objects.exists()


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"deputy": "nobody@example.org"}, "Nobody with this address can decide"),
        ({"deputy": "Boss"}, "valid email address"),
        ({"starts_on": "soon"}, "Give a day"),
        ({"ends_on": ""}, "Choose a day"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(mine, deputy, sent, said):
    answer = mine.post("/absences/", days(deputy) | sent)

    assert said in answer.text
    assert next(iter(sent.values())) in answer.text
    assert not Absence.objects.exists()


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [(-9, -1, "This day is over"), (5, 4, "It ends before it starts")],
)
def test_days_that_are_over_or_end_before_they_begin_are_refused(mine, deputy, first, last, said):
    assert said in mine.post("/absences/", days(deputy, first, last)).text
    assert not Absence.objects.exists()


def test_an_absence_of_today_alone_is_one(mine, deputy):
    mine.post("/absences/", days(deputy, 0, 0))

    assert Absence.objects.exists()


def test_nobody_is_ones_own_deputy(mine, boss):
    assert "their own deputy" in mine.post("/absences/", days(boss)).text


def test_of_a_colleague_who_will_have_left_no_more_is_said_than_of_nobody(mine):
    """A mailbox decides for nobody either."""
    people = [PersonFactory(leaves_on=in_days(3)), PersonFactory(kind="shared")]

    answers = [mine.post("/absences/", days(it, first=5)) for it in people]

    assert [it.context["form"].errors for it in answers] == [{"deputy": [NOT_POSSIBLE]}] * 2
    mine.post("/absences/", days(people[0], first=2))
    assert Absence.objects.get().deputy == people[0]


def test_of_too_many_addresses_the_next_is_refused(mine, deputy, monkeypatch):
    monkeypatch.setattr(access, "NAMES_PER_HOUR", 1)
    unknown = days(deputy) | {"deputy": "nobody@example.org"}

    assert [mine.post("/absences/", it).status_code for it in (unknown, days(deputy))] == [200, 429]


def test_the_absence_of_another_person_and_one_that_is_over_do_not_exist(mine, boss):
    hers = AbsenceFactory()
    over = AbsenceFactory(person=boss, starts_on=in_days(-5), ends_on=in_days(-1))

    for absence in (hers, over):
        assert mine.post(f"/absences/{absence.pk}/cancel/").status_code == 404
        assert str(absence.deputy) not in mine.get("/absences/").text


def test_an_absence_of_the_back_office_passes_on_too(client, service_desk, approval, boss, deputy):
    client.force_login(service_desk)
    page = "/admin/support/absence/add/"
    sent = {"person": boss.pk, "deputy": deputy.pk, "nonce": nonce_of(client.get(page))}

    client.post(page, sent | {"starts_on": in_days(0), "ends_on": in_days(1)})

    approval.refresh_from_db()
    assert approval.approver == deputy


def nonce_of(page):
    return page.context["adminform"].form["nonce"].value()
