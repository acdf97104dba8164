"""What is decided about a contract: once, by whom, why, and what follows from it."""

from datetime import date
from decimal import Decimal
from threading import Barrier
from unittest.mock import patch

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from contracts import decidable, decisions, terms
from contracts.models import Contract, Decision, Term
from contracts.renewals import settle
from people.models import User
from tests.assets.test_races import at_once
from tests.factories import ContractFactory, TermFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _today(time_machine):
    """It is 15 June 2026."""
    time_machine.move_to("2026-06-15 12:00", tick=False)


def agreed(**fields):
    """36 months until the end of 2026, 1,200 a year, notice 3 months."""
    contract = ContractFactory(number="C-9", title="Phones")
    term = {
        "starts_on": date(2024, 1, 1),
        "ends_on": date(2026, 12, 31),
        "amount": 1200,
        "notice": 3,
        "notice_unit": "months",
    }
    TermFactory(contract=contract, **{**term, **fields})
    settle(contract, by=None, reason="signed")
    return contract


TACIT = {"renewal": "tacit", "renewal_months": 12}
UNTIL_NOTICE = {"ends_on": None, "notice": 1}


# --- Renewing ---


def test_renewing_makes_the_next_term_and_the_old_one_keeps_its_price(finance):
    contract = agreed()

    term = decisions.renew(contract, months=12, amount=1500, reason="no other offer", by=finance)

    old, new = contract.terms.all()
    assert new == term
    assert (old.ends_on, old.amount) == (date(2026, 12, 31), 1200)
    assert (new.starts_on, new.ends_on) == (date(2027, 1, 1), date(2027, 12, 31))
    assert (new.amount, new.notice, new.rolled_over) == (1500, 3, False)
    decision = old.decisions.get()
    assert (decision.kind, decision.reason, decision.decided_by) == (
        "renew",
        "no other offer",
        finance,
    )
    assert decision.decided_on == date(2026, 6, 15)
    contract.refresh_from_db()
    assert (contract.ends_on, contract.notice_by) == (date(2027, 12, 31), date(2027, 9, 30))
    assert (contract.annual_cost, contract.decision) == (1500, "")
    assert new.history.get().history_change_reason == "renewed: no other offer"


def test_the_length_is_that_of_the_renewal_else_of_the_last_term():
    assert decisions.renew(agreed(**TACIT), reason="fine", by=None).ends_on == date(2027, 12, 31)
    Contract.objects.all().delete()
    assert decisions.renew(agreed(), reason="fine", by=None).ends_on == date(2029, 12, 31)


def test_it_may_be_renewed_until_a_day_or_until_notice():
    until = decisions.renew(agreed(), ends_on=date(2027, 3, 15), reason="fine", by=None)
    assert (until.starts_on, until.ends_on) == (date(2027, 1, 1), date(2027, 3, 15))
    Contract.objects.all().delete()
    assert decisions.renew(agreed(renewal="open"), reason="fine", by=None).ends_on is None


@pytest.mark.parametrize(
    ("fields", "options", "words"),
    [
        ({}, {"months": 12, "ends_on": date(2027, 12, 31)}, "not both"),
        ({"ends_on": date(2026, 12, 15)}, {}, "Say for how many months"),
        ({}, {"months": 12, "reason": " "}, "Say why"),
        ({}, {"ends_on": date(2026, 1, 1)}, "ends before it starts"),
        (UNTIL_NOTICE, {"months": 12}, "runs until notice is given: it cannot be renewed"),
        (
            {"ends_on": date(2026, 6, 14)},
            {"months": 12},
            "ended on 14 June 2026: nothing is left to decide. Add a term if it goes on",
        ),
        ({"starts_on": date(2026, 7, 1)}, {"months": 12}, "has not begun. Change that term"),
    ],
)
def test_what_cannot_be_renewed_is_refused_in_words_and_leaves_nothing(fields, options, words):
    contract = agreed(**fields)
    with pytest.raises(ValidationError, match=words):
        decisions.renew(contract, **{"reason": "fine", "by": None, **options})
    assert contract.terms.count() == 1
    assert not Decision.objects.exists()


def test_a_contract_without_terms_has_nothing_to_decide():
    with pytest.raises(ValidationError, match="has no term"):
        decisions.decide(ContractFactory(), kind="renew", reason="fine", by=None)


def test_one_that_was_renewed_is_not_cancelled_by_mistake():
    contract = agreed()
    decisions.renew(contract, months=12, reason="fine", by=None)

    for decide in (
        lambda: decisions.cancel(contract, reason="no", by=None),
        lambda: decisions.renew(contract, months=12, reason="no", by=None),
        lambda: decisions.decide(contract, kind="renegotiate", reason="no", by=None),
    ):
        with pytest.raises(ValidationError, match="C-9 Phones was renewed on 15 June 2026"):
            decide()


def test_a_renewal_that_is_withdrawn_takes_its_term_along_before_that_begins(time_machine, finance):
    contract = agreed()
    decisions.renew(contract, months=12, reason="fine", by=finance)
    decision = Decision.objects.get()

    decisions.withdraw(decision, by=finance, reason="a better offer came")

    contract.refresh_from_db()
    assert contract.terms.count() == 1
    assert contract.ends_on == date(2026, 12, 31)
    assert Decision.objects.get().withdrawn_on == date(2026, 6, 15)

    decisions.renew(contract, months=12, reason="fine after all", by=finance)
    time_machine.move_to("2027-01-01 12:00", tick=False)
    with pytest.raises(ValidationError, match="was renewed: the term from 1 January 2027"):
        decisions.withdraw(Decision.objects.standing().get(), by=finance, reason="no")


def test_a_renewal_is_withdrawn_with_its_term_though_a_day_of_the_old_one_was_corrected(finance):
    contract = agreed()
    decisions.renew(contract, months=12, reason="fine", by=finance)
    first = contract.terms.first()
    terms.correct(first, by=finance, reason="a typing error", ends_on=date(2026, 12, 30))

    decisions.withdraw(first.decisions.get(), by=finance, reason="a better offer")

    assert contract.terms.get() == first


# --- Cancelling ---


@pytest.mark.parametrize(
    ("fields", "end"),
    [
        (TACIT, date(2026, 12, 31)),
        ({}, date(2026, 12, 31)),
        ({**TACIT, "notice": 7}, date(2027, 12, 31)),  # it had to be given by 31 May
        (UNTIL_NOTICE, date(2026, 7, 15)),
        ({**UNTIL_NOTICE, "notice_to": "month"}, date(2026, 7, 31)),
        ({**UNTIL_NOTICE, "notice_to": "quarter"}, date(2026, 9, 30)),
    ],
)
def test_a_contract_is_cancelled_to_the_first_day_that_notice_today_reaches(fields, end, finance):
    contract = agreed(**fields)

    decision = decisions.cancel(contract, reason="nobody uses it", by=finance)

    contract.refresh_from_db()
    assert decision.ends_on == contract.ends_on == end
    assert (contract.decision, contract.notice_by) == ("cancel", None)
    assert contract.history.latest().history_change_reason.endswith(": nobody uses it")
    # Nothing is left to decide, and it ends.
    assert not Contract.objects.notice_due(1000, date(2026, 6, 15)).exists()
    assert Contract.objects.running(end).exists()
    assert Contract.objects.ended(date(end.year + 1, 1, 1)).exists()


@pytest.mark.parametrize(
    ("fields", "day", "words"),
    [
        (TACIT, date(2026, 9, 30), "first day it can end is 31 December 2026"),
        ({**TACIT, "notice": 7}, date(2026, 12, 31), "can end is 31 December 2027"),
        (UNTIL_NOTICE, date(2026, 7, 14), "can end is 15 July 2026"),
        (
            {**UNTIL_NOTICE, "notice_to": "month"},
            date(2026, 8, 15),
            "and then only at the end of a month",
        ),
        (TACIT, date(2026, 6, 14), "14 June 2026 has passed"),
    ],
)
def test_a_day_that_notice_today_cannot_reach_is_refused(fields, day, words):
    contract = agreed(**fields)
    with pytest.raises(ValidationError, match=words):
        decisions.cancel(contract, reason="no", by=None, ends_on=day)


def test_out_of_time_it_ends_when_it_was_agreed_to_end():
    contract = agreed(**TACIT)
    decisions.cancel(
        contract, reason="they were sold", by=None, ends_on=date(2026, 6, 30), out_of_time=True
    )
    assert contract.ends_on == date(2026, 6, 30)


def test_one_without_an_end_may_end_later_than_it_could():
    contract = agreed(**UNTIL_NOTICE, notice_to="month")
    decisions.decide(
        contract, kind="cancel", reason="moving out", by=None, ends_on=date(2026, 10, 31)
    )
    assert contract.ends_on == date(2026, 10, 31)


def test_what_rolled_over_unseen_is_cancelled_to_the_end_of_what_it_rolled_into(time_machine):
    """The daily work did not run: deciding first catches up with what has happened."""
    contract = agreed(**TACIT)
    time_machine.move_to("2026-10-05 12:00", tick=False)

    decision = decisions.cancel(contract, reason="too dear", by=None)

    assert decision.ends_on == date(2027, 12, 31)
    assert decision.term == contract.terms.last()
    assert [it.rolled_over for it in contract.terms.all()] == [False, True]


# --- One at a time ---


def test_a_new_decision_withdraws_the_one_that_stands(finance):
    contract = agreed()
    first = decisions.decide(contract, kind="renegotiate", reason="too dear", by=finance)
    assert contract.decision == "renegotiate"
    assert contract.notice_by == date(2026, 9, 30)

    second = decisions.cancel(contract, reason="no answer", by=finance)

    first.refresh_from_db()
    assert first.withdrawn_on == date(2026, 6, 15)
    assert "to cancel instead: no answer" in first.history.latest().history_change_reason
    assert Decision.objects.standing().get() == second


def test_a_withdrawn_cancellation_leaves_everything_to_be_decided_again(finance):
    contract = agreed(**TACIT)
    decision = decisions.cancel(contract, reason="too dear", by=finance)

    decisions.withdraw(decision, by=finance, reason="they halved the price")

    contract.refresh_from_db()
    assert (contract.decision, contract.notice_by) == ("", date(2026, 9, 30))
    with pytest.raises(ValidationError, match="was withdrawn on 15 June 2026"):
        decisions.withdraw(decision, by=finance, reason="again")
    with pytest.raises(ValidationError, match="was withdrawn"):
        decisions.send_notice(decision, sent_on=date(2026, 6, 15), sent_by="post", by=finance)


def test_a_cancellation_by_which_it_has_ended_is_not_withdrawn(time_machine, finance):
    decision = decisions.cancel(agreed(**UNTIL_NOTICE), reason="too dear", by=finance)
    time_machine.move_to("2026-07-16 12:00", tick=False)
    with pytest.raises(ValidationError, match="ended on 15 July 2026 by this decision"):
        decisions.withdraw(decision, by=finance, reason="no")
    with pytest.raises(ValidationError, match="ended on 15 July 2026"):
        decisions.cancel(decision.contract, reason="no", by=finance)


def test_only_a_cancellation_says_when_and_everything_says_why(finance):
    contract = agreed()
    with pytest.raises(ValidationError, match="Only a cancellation"):
        decisions.decide(
            contract, kind="renew", reason="fine", by=finance, ends_on=date(2026, 12, 31)
        )
    decision = decisions.decide(contract, kind="renew", reason="fine", by=finance)
    with pytest.raises(ValidationError, match="Say why it is withdrawn"):
        decisions.withdraw(decision, by=finance, reason=" ")


def test_who_decides_on_what_he_saw_is_told_where_it_has_changed(finance):
    seen = agreed()
    decisions.cancel(Contract.objects.get(), reason="too dear", by=finance)

    with pytest.raises(ValidationError, match="changed meanwhile: it is decided: cancel, and ends"):
        decisions.decide(seen, kind="renegotiate", reason="I was first", by=finance)


# --- The notice ---


@pytest.fixture
def cancelled(finance):
    return decisions.cancel(agreed(**TACIT), reason="too dear", by=finance)


def test_notice_is_sent_and_confirmed(cancelled, finance):
    sent = decisions.send_notice(
        cancelled, sent_on=date(2026, 6, 15), sent_by="registered", by=finance
    )
    assert (sent.sent_on, sent.sent_by) == (date(2026, 6, 15), "registered")
    assert Decision.objects.unconfirmed().exists()

    decisions.confirm(cancelled, confirmed_on=date(2026, 6, 15), confirmation="K-4711", by=finance)

    cancelled.refresh_from_db()
    assert cancelled.confirmation == "K-4711"
    assert not Decision.objects.unconfirmed().exists()
    with pytest.raises(ValidationError, match="the vendor has confirmed the notice already"):
        decisions.send_notice(cancelled, sent_on=date(2026, 6, 15), sent_by="post", by=finance)


def test_notice_that_went_out_too_late_is_told_what_it_reaches(cancelled, time_machine, finance):
    time_machine.move_to("2026-10-02 12:00", tick=False)
    with pytest.raises(
        ValidationError, match="too late for 31 December 2026.* on 31 December 2027"
    ):
        decisions.send_notice(cancelled, sent_on=date(2026, 10, 1), sent_by="post", by=finance)
    decisions.send_notice(cancelled, sent_on=date(2026, 9, 30), sent_by="post", by=finance)


def test_notice_of_an_end_out_of_time_is_never_too_late(finance):
    decision = decisions.cancel(
        agreed(**TACIT), reason="sold", by=finance, ends_on=date(2026, 6, 30), out_of_time=True
    )
    sent = decisions.send_notice(decision, sent_on=date(2026, 6, 15), sent_by="email", by=finance)
    assert sent.sent_by == "email"


def test_what_was_not_sent_is_not_confirmed_and_what_is_no_notice_is_not_sent(cancelled, finance):
    day = date(2026, 6, 15)
    with pytest.raises(ValidationError, match="note first when notice was sent"):
        decisions.confirm(cancelled, confirmed_on=day, confirmation="", by=finance)
    with pytest.raises(ValidationError, match="Say how it was sent"):
        decisions.send_notice(cancelled, sent_on=day, sent_by="", by=finance)
    with pytest.raises(ValidationError, match="16 June 2026 has not come yet"):
        decisions.send_notice(cancelled, sent_on=date(2026, 6, 16), sent_by="post", by=finance)
    decisions.send_notice(cancelled, sent_on=day, sent_by="post", by=finance)
    with pytest.raises(ValidationError, match="confirmed before it was sent"):
        decisions.confirm(cancelled, confirmed_on=date(2026, 6, 1), confirmation="", by=finance)
    renew = decisions.decide(cancelled.contract, kind="renew", reason="after all", by=finance)
    with pytest.raises(ValidationError, match="only a cancellation gives notice"):
        decisions.send_notice(renew, sent_on=day, sent_by="post", by=finance)


# --- Two at once ---


@pytest.mark.django_db(transaction=True, serialized_rollback=False)
class TestRaces:
    def decided_at_once(self):
        contract = agreed(**TACIT)
        users = UserFactory.create_batch(2)
        seen = [Contract.objects.get(pk=contract.pk) for _ in users]
        works = [
            lambda: decisions.renew(seen[0], months=24, reason="keep it", by=users[0]),
            lambda: decisions.cancel(seen[1], reason="drop it", by=users[1]),
        ]
        return contract, at_once(*works)

    def test_of_two_who_decide_at_once_one_wins_and_the_other_is_told(self):
        for _ in range(5):
            Contract.objects.all().delete()
            contract, results = self.decided_at_once()

            told = [it for it in results if isinstance(it, ValidationError)]
            assert len(told) == 1, results
            assert "has changed meanwhile" in told[0].messages[0]
            decision = Decision.objects.get()
            contract.refresh_from_db()
            renewed = decision.kind == "renew"
            assert contract.terms.count() == (2 if renewed else 1)
            assert contract.ends_on == date(2028 if renewed else 2026, 12, 31)

    def test_without_the_lock_both_look_before_either_writes(self):
        """The control: neither is told in words, and only the database keeps the second out."""
        barrier, check = Barrier(2), decidable.standing

        def looked(term):
            found = check(term)
            barrier.wait(timeout=5)
            return found

        bare = {
            name: patch.object(decisions, name, getattr(decisions, name).__wrapped__)
            for name in ("renew", "cancel")
        }
        with (
            patch("contracts.decidable.lock", lambda it: Contract.objects.get(pk=it.pk)),
            patch("contracts.decidable.standing", looked),
            bare["renew"],
            bare["cancel"],
        ):
            _, results = self.decided_at_once()

        assert not [it for it in results if "changed meanwhile" in str(it)], results
        assert [it for it in results if isinstance(it, IntegrityError)], results


def test_the_answers_are_signed(finance):
    decision = decisions.cancel(agreed(), reason="too dear", by=finance)
    assert decision.history.get().history_user == finance
    assert isinstance(decision.decided_by, User)
    assert Term.history.count() == 1
    assert decision.term.amount == Decimal(1200)
