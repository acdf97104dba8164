"""One matter, day by day: what the ledger would do about it if nobody did anything.

The steps are those of `support.ledger`, in its order; each is named as there.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from support.alerts import Rule
from support.lead_times import Leads
from support.models import Alert
from support.owed import LAPSED
from support.preview.people import People
from support.states import ENDING, ENDING_STANDING
from support.watch import ANSWERED

State = Alert.State
A_DAY = timedelta(1)


class How(StrEnum):
    """Why somebody is told."""

    TOLD = "told"
    AGAIN = "told again"
    ESCALATED = "escalated"


class Telling(NamedTuple):
    """One person told of one date of one record, on one day."""

    day: date
    rule: str
    record: int
    due_on: date
    lead: int
    recipient: int
    how: How


@dataclass(slots=True)
class Told:
    """One alert as it stands on the day that is looked at."""

    due_on: date
    lead: int
    recipient: int
    state: str
    raised_on: date
    is_assigned: bool = False
    escalates: bool = False
    is_escalated: bool = False
    until: date | None = None


@dataclass(slots=True)
class Matter:
    """A row of a rule: whom it concerns from which day on, None where it is not true then.

    `alerts` are those of the ledger, the oldest first; `woken` the days until which it was snoozed.
    A condition has no `due_on`; its alerts have that of the day when it was first seen.
    """

    rule: Rule
    record: int
    due_on: date | None
    leads: Leads
    whom: list[tuple[date, int | None]]
    since: date
    alerts: list[Told] = field(default_factory=list)
    woken: list[date] = field(default_factory=list)


def above_of(key: int, day: date, people: People, mailboxes: tuple[int, int]) -> int | None:
    """Who hears what this person does not answer: his manager, else the first other mailbox."""
    others = (it for it in mailboxes if it != key)
    return people.manager(key, day) or next(others, None)


class Unfolding:
    """`above` are the mailboxes that hear what nobody answered and that has no manager."""

    def __init__(
        self, matter: Matter, people: People, above: tuple[int, int], first: date, last: date
    ) -> None:
        self.matter, self.rule, self.people = matter, matter.rule, people
        self.alerts, self.above = matter.alerts, above
        self.first, self.last = first, last
        self.after = timedelta(self.rule.grace) + A_DAY
        self.days = {first}
        self.told: list[Telling] = []
        self.today: list[tuple[Told, How]] = []

    def tellings(self) -> list[Telling]:
        """What would be told from the first day to the last."""
        self._expect()
        seen: set[date] = set()
        while left := self.days - seen:
            day = min(left)
            seen.add(day)
            self._live(day)
        return self.told

    # --- Which days matter ---

    def _expect(self) -> None:
        for day, _ in self.matter.whom:
            self._look_at(day)
        if self.matter.due_on:
            for lead in self.matter.leads:
                self._look_at(self.matter.due_on - timedelta(lead))
            self._look_at(self.matter.due_on + A_DAY)
        for alert in self.alerts:
            self._expect_of(alert)
        for until in self.matter.woken:
            self._look_at(until + self.after)

    def _expect_of(self, alert: Told) -> None:
        if not alert.escalates:
            self._look_at(max(alert.due_on, alert.raised_on) + self.after)
        if alert.until:
            self._look_at(alert.until)
        if alert.is_assigned and alert.recipient in self.people.leaving:
            self._look_at(self.people.leaving[alert.recipient] + A_DAY)

    def _look_at(self, day: date) -> None:
        if self.first <= day <= self.last:
            self.days.add(day)

    # --- One day ---

    def _live(self, day: date) -> None:
        if self._concerned(day) is None:
            self._end()
            return
        if self.alerts:
            self._wake(day)
            self._leave(day)
            self._revive(day)
        self._enter(day)
        self._follow()
        self._escalate(day)
        self._say(day)

    def _concerned(self, day: date) -> int | None:
        """Whom the record concerns on that day, unless somebody passed it on."""
        found = None
        for since, who in self.matter.whom:
            if since > day:
                break
            found = who
        return found

    def _assigned(self, day: date) -> int | None:
        """Whom it was passed on to by hand, if he is here."""
        for alert in reversed(self.alerts):
            over = self.rule.is_standing and alert.state == State.MOOT
            if alert.is_assigned and not over and self.people.is_here(alert.recipient, day):
                return alert.recipient
        return None

    def _whom(self, day: date) -> int:
        return self._assigned(day) or self._concerned(day) or 0

    def _end(self) -> None:
        for alert in self.alerts:
            if alert.state in (ENDING_STANDING if self.rule.is_standing else ENDING):
                alert.state, alert.until = State.MOOT, None

    def _escalate(self, day: date) -> None:
        before = day - timedelta(self.rule.grace)
        if any(until >= before for until in self.matter.woken):
            return
        for alert in list(self.alerts):
            late = alert.due_on < before and alert.raised_on < before
            done = alert.escalates or alert.is_escalated
            if alert.state == State.OPEN and late and not done:
                self._tell_above(alert, day)

    def _tell_above(self, alert: Told, day: date) -> None:
        above = above_of(alert.recipient, day, self.people, self.above)
        if above is None or self._is_entered(alert.due_on, LAPSED, above):
            return
        alert.is_escalated = True
        raised = Told(alert.due_on, LAPSED, above, State.OPEN, day, escalates=True)
        self._raise(raised, How.ESCALATED)

    def _wake(self, day: date) -> None:
        for alert in self.alerts:
            if alert.state == State.SNOOZED and alert.until and alert.until <= day:
                alert.state, alert.until = State.OPEN, None
                self.today.append((alert, How.AGAIN))

    def _leave(self, day: date) -> None:
        whom = self._whom(day)
        for alert in self.alerts:
            if alert.state == State.OPEN and not alert.escalates and alert.recipient != whom:
                alert.state = State.MOOT

    def _revive(self, day: date) -> None:
        if not any(it.state in (State.PASSED_ON, State.MOOT) for it in self.alerts):
            return
        whom = self._whom(day)
        last = [it for it in self.alerts if not self._is_answered(it) and not self._nearer(it)]
        for alert in last:
            if alert.state == State.PASSED_ON and alert.recipient == whom:
                alert.state = State.OPEN
                self.today.append((alert, How.AGAIN))
            elif alert.state == State.MOOT and self._is_back(alert, day, whom):
                alert.state = State.OPEN

    def _is_back(self, alert: Told, day: date, whom: int) -> bool:
        """Whether what was no longer true is true again."""
        if self.rule.is_standing and alert.due_on != day:
            return False
        return alert.escalates or alert.recipient == whom

    def _enter(self, day: date) -> None:
        due_on = self.matter.due_on
        if due_on is None:
            if all(alert.state == State.MOOT for alert in self.alerts):
                self._tell(day, due_on=day, lead=LAPSED)
        elif any(alert.state in ANSWERED for alert in self.alerts):
            return
        elif due_on >= day:
            self._ahead(day, due_on)
        else:
            self._behind(day, due_on)

    def _ahead(self, day: date, due_on: date) -> None:
        left = (due_on - day).days
        reached = min((lead for lead in self.matter.leads if left <= lead), default=None)
        if reached is None:
            return
        whom = self._whom(day)
        if not any(it.recipient == whom and it.lead <= reached for it in self.alerts):
            self._tell(day, due_on=due_on, lead=reached)

    def _behind(self, day: date, due_on: date) -> None:
        nearest = min(self.matter.leads)
        for it in self.alerts:
            if it.lead <= nearest and not it.escalates and it.state != State.MOOT:
                return
        unwatched = due_on < self.matter.since and not self.alerts
        self._tell(day, due_on=due_on, lead=LAPSED, state=State.LAPSED if unwatched else State.OPEN)

    def _follow(self) -> None:
        for alert in self.alerts:
            if alert.state == State.OPEN and any(
                it.state == State.OPEN for it in self._nearer(alert)
            ):
                alert.state = State.FOLLOWED

    # --- The matter's alerts ---

    def _tell(self, day: date, *, due_on: date, lead: int, state: str = State.OPEN) -> None:
        whom = self._whom(day)
        if not self._is_entered(due_on, lead, whom):
            by_hand = self._assigned(day) is not None
            self._raise(Told(due_on, lead, whom, state, day, is_assigned=by_hand), How.TOLD)

    def _raise(self, alert: Told, how: How) -> None:
        self.alerts.append(alert)
        self._expect_of(alert)
        self.today.append((alert, how))

    def _say(self, day: date) -> None:
        """What is still to be told when the day's steps are done."""
        rule, record = self.rule.kind, self.matter.record
        for it, how in self.today:
            if it.state in (State.OPEN, State.LAPSED):
                said = Telling(day, rule, record, it.due_on, it.lead, it.recipient, how)
                self.told.append(said)
        self.today.clear()

    def _is_entered(self, due_on: date, lead: int, recipient: int) -> bool:
        key = (due_on, lead, recipient)
        return any((it.due_on, it.lead, it.recipient) == key for it in self.alerts)

    def _same(self, alert: Told) -> Iterator[Told]:
        return (it for it in self.alerts if it.due_on == alert.due_on)

    def _is_answered(self, alert: Told) -> bool:
        return any(it.state in ANSWERED for it in self._same(alert))

    def _nearer(self, alert: Told) -> list[Told]:
        return [
            it
            for it in self._same(alert)
            if it.recipient == alert.recipient and it.lead < alert.lead
        ]
