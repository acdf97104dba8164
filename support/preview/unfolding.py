"""One matter, day by day: what the ledger would do about it if nobody did anything.

The steps are those of `support.ledger`, in its order; each is named as there.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from support.escalation import OVER
from support.models import Alert
from support.owed import LAPSED
from support.preview.people import People
from support.preview.telling import A_DAY, How, Matter, Telling, Told, above_of
from support.states import ENDING, ENDING_STANDING
from support.watch import ANSWERED

State = Alert.State


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
        self._look_at(self.matter.missed_on)
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
        if day < self.matter.missed_on:
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
        """Whom it was passed on to by hand, if they are here."""
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
                alert.state = State.MOOT

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
        if above is None:
            return
        theirs = self._entered(alert.due_on, LAPSED, above)
        if theirs is None:
            theirs = Told(alert.due_on, LAPSED, above, State.OPEN, day, escalates=True)
            self.alerts.append(theirs)
        elif theirs.state in OVER:
            theirs.state, theirs.raised_on, theirs.escalates = State.OPEN, day, True
        else:
            return
        alert.is_escalated = True
        self.today.append((theirs, How.ESCALATED))

    def _wake(self, day: date) -> None:
        for alert in self.alerts:
            if alert.state == State.SNOOZED and alert.until and alert.until <= day:
                alert.state, alert.until = State.OPEN, None
                self.today.append((alert, How.AGAIN))

    def _leave(self, day: date) -> None:
        whom, is_missed = self._whom(day), day >= self.matter.missed_on
        for alert in self.alerts:
            stays = is_missed and not self._is_given_away(alert)
            is_own = alert.state == State.OPEN and not alert.escalates
            if is_own and alert.recipient != whom and not stays:
                alert.state = State.MOOT

    def _is_given_away(self, alert: Told) -> bool:
        return any(it.is_assigned and it.recipient != alert.recipient for it in self.alerts)

    def _revive(self, day: date) -> None:
        if not any(it.state in (State.PASSED_ON, State.MOOT) for it in self.alerts):
            return
        whom = self._whom(day)
        last = [it for it in self.alerts if not self._is_answered(it) and not self._nearer(it)]
        for alert in last:
            if alert.state == State.PASSED_ON and alert.recipient == whom:
                alert.state, alert.raised_on = State.OPEN, day
                self._expect_of(alert)
                self.today.append((alert, How.AGAIN))
            elif alert.state == State.MOOT and self._is_back(alert, day, whom):
                self._come_back(alert, day)

    def _is_back(self, alert: Told, day: date, whom: int) -> bool:
        """Whether what was no longer true is true again."""
        if self.rule.is_standing and alert.due_on != day:
            return False
        return alert.escalates or alert.recipient == whom

    def _come_back(self, alert: Told, day: date) -> None:
        """Snoozed again until a day to come; told again where that passed meanwhile."""
        alert.state = State.SNOOZED if alert.until and alert.until > day else State.OPEN
        if alert.until and alert.state == State.OPEN:
            alert.until = None
            self.today.append((alert, How.AGAIN))

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
        if self._entered(due_on, lead, whom) is None:
            by_hand = self._assigned(day) is not None
            alert = Told(due_on, lead, whom, state, day, is_assigned=by_hand)
            self.alerts.append(alert)
            self._expect_of(alert)
            self.today.append((alert, How.TOLD))

    def _say(self, day: date) -> None:
        """What is still to be told when the day's steps are done."""
        rule, record = self.rule.kind, self.matter.record
        for it, how in self.today:
            if it.state in (State.OPEN, State.LAPSED):
                said = Telling(day, rule, record, it.due_on, it.lead, it.recipient, how)
                self.told.append(said)
        self.today.clear()

    def _entered(self, due_on: date, lead: int, recipient: int) -> Told | None:
        key = (due_on, lead, recipient)
        found = (it for it in self.alerts if (it.due_on, it.lead, it.recipient) == key)
        return next(found, None)

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
