"""What became of each asset: ordered, received, handed over, taken back, handed over again."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import cycle

from assets.models import Asset, Custody
from config.history import create_signed, sign, update_signed
from people.models import Location, Person, User
from support.demo.company import Company
from support.demo.goods import TO_A_PLACE
from support.demo.words import IT_STORE, LYON_STORE, OFFICES, RACKS

State = Asset.State
FIELDS = ["state", "holder", "location", "installed_in"]


@dataclass
class Chapter:
    """One version of an asset."""

    at: datetime
    by: User
    reason: str
    state: Asset.State
    location: Location | None = None
    holder: Person | None = None
    installed_in: Asset | None = None


class Career:
    """The chapters of one asset, each on a later day than the last, and none after yesterday."""

    def __init__(self, company: Company, asset: Asset) -> None:
        self.company, self.asset = company, asset
        self.chapters: list[Chapter] = []
        assert asset.purchased_on is not None
        self.day: date = asset.purchased_on - timedelta(company.random.randint(8, 25))
        # What is bought in Lyon is rare, and lies there.
        self.store = company.places[company.random.choice([IT_STORE] * 4 + [LYON_STORE])]
        self.add(self.day, "ordered", State.ORDERED)
        self.add(asset.purchased_on, f"received at {self.store}", State.IN_STOCK, self.store)

    def add(
        self,
        day: date,
        reason: str,
        state: Asset.State,
        location: Location | None = None,
        holder: Person | None = None,
        installed_in: Asset | None = None,
    ) -> bool:
        """Whether there was a day left for it."""
        day = max(day, self.day + timedelta(1)) if self.chapters else day
        if day >= self.company.today:
            return False
        self.day = day
        at, by = self.company.at(day), self.company.clerk()
        self.chapters.append(Chapter(at, by, reason, state, location, holder, installed_in))
        return True

    def hand_over(self, day: date, to: Person) -> bool:
        return self.add(day, f"handed over to {to}", State.IN_USE, to.location, to)

    def take_back(self, day: date) -> bool:
        return self.add(day, f"taken back at {self.store}", State.IN_STOCK, self.store)


def write(company: Company, assets: list[Asset]) -> None:
    holders = {category: _holders(company) for category in company.assets}
    careers: list[Career] = []
    for category, group in company.assets.items():
        for number, asset in enumerate(group):
            career = Career(company, asset)
            careers.append(career)
            if category in TO_A_PLACE:
                _put_to_work(career, category)
            elif category == "SIM card":
                _follow(career, careers[-1 - len(group)])
            else:
                _pass_around(career, holders[category], settled=number < 12)
    _tell(careers)


def _holders(company: Company) -> Iterator[Person]:
    """Who works here today, those who can sign in first, over and over."""
    staff = company.staff(company.days_ago(1))
    company.random.shuffle(staff)
    return cycle(sorted(staff, key=lambda person: person.user is None))


def _put_to_work(career: Career, category: str) -> None:
    places = RACKS if category == "Server" else OFFICES
    place = career.company.places[career.company.random.choice(places)]
    day = career.day + timedelta(career.company.random.randint(2, 20))
    career.add(day, f"handed over to {place}", State.IN_USE, place)


def _follow(career: Career, phone: Career) -> None:
    """A SIM goes where its phone went last."""
    last = phone.chapters[-1]
    if last.state == State.IN_USE and last.holder:
        day, to = phone.day, last.holder
        reason = f"handed over to {to} in {phone.asset.tag}"
        career.add(day, reason, State.IN_USE, to.location, to, phone.asset)


def _pass_around(career: Career, holders: Iterator[Person], *, settled: bool) -> None:
    """Some held it before; who holds it now comes last, unless it is kept, broken or gone."""
    company, random = career.company, career.company.random
    age = (company.today - career.day).days
    for _ in range(min(3, age // random.randint(350, 700))):
        _lend(career, age // 4)
    fate = 0.0 if settled else random.random()
    if fate > 0.92:
        if age > 1100 and fate > 0.95:
            career.add(career.day + timedelta(30), "too old to repair", State.RETIRED, career.store)
        return
    holder = next(holders)
    started = holder.starts_on or company.founded
    day = max(career.day + timedelta(random.randint(2, 25)), started)
    # Whoever is to have it has it, however short the time since it was bought.
    if not career.hand_over(min(day, company.days_ago(1)), holder) or settled:
        return
    if fate > 0.90:
        career.add(career.day + timedelta(60), "display broken, sent to repair", State.IN_REPAIR,
                   holder.location, holder)  # fmt: skip
    elif fate > 0.89:
        career.add(career.day + timedelta(90), "lost on a business trip", State.LOST,
                   holder.location, holder)  # fmt: skip


def _lend(career: Career, days: int) -> None:
    random = career.company.random
    day = career.day + timedelta(random.randint(2, 25))
    staff = career.company.staff(day)
    if not staff or day + timedelta(days + 40) >= career.company.today:
        return
    holder = random.choice(staff)
    back = day + timedelta(random.randint(days // 2, days) + 10)
    if career.hand_over(day, holder):
        career.take_back(min(back, holder.leaves_on) if holder.leaves_on else back)


def _tell(careers: list[Career]) -> None:
    """Write the first chapters of all, then the second ones, and so on: set-based."""
    open_custodies: dict[int, Custody] = {}
    for turn in range(max(len(career.chapters) for career in careers)):
        here = [it for it in careers if turn < len(it.chapters)]
        now = [(it.asset, it.chapters[turn]) for it in here]
        for asset, chapter in now:
            _apply(asset, chapter)
        if turn == 0:
            create_signed([asset for asset, _ in now])
        else:
            # The row itself is written once, as it stands in the end; each chapter is a version.
            last = turn + 1
            update_signed([it.asset for it in here if len(it.chapters) > last], [])
            update_signed([it.asset for it in here if len(it.chapters) == last], FIELDS)
        _close(now, open_custodies)
        _open(now, open_custodies)


def _apply(asset: Asset, chapter: Chapter) -> None:
    for field in FIELDS:
        setattr(asset, field, getattr(chapter, field))
    sign(asset, by=chapter.by, reason=chapter.reason, at=chapter.at)


def _open(now: list[tuple[Asset, Chapter]], open_custodies: dict[int, Custody]) -> None:
    custodies = []
    for asset, chapter in now:
        if chapter.state == State.IN_USE and asset.pk not in open_custodies:
            place = None if chapter.holder else chapter.location
            custody = Custody(asset=asset, holder=chapter.holder, location=place, since=chapter.at)
            custodies.append(sign(custody, by=chapter.by, reason=chapter.reason, at=chapter.at))
            open_custodies[asset.pk] = custody
    create_signed(custodies)


def _close(now: list[tuple[Asset, Chapter]], open_custodies: dict[int, Custody]) -> None:
    closed = []
    for asset, chapter in now:
        if chapter.state not in Asset.HELD and asset.pk in open_custodies:
            custody = open_custodies.pop(asset.pk)
            custody.until = chapter.at
            closed.append(sign(custody, by=chapter.by, reason=chapter.reason, at=chapter.at))
    update_signed(closed, ["until"])
