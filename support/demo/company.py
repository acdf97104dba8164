"""The demo company as a whole, and what its parts share."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random

from django.db import transaction
from django.utils.timezone import make_aware

from assets.models import Asset, Vendor
from people.models import Department, Location, Person, User

YEARS = 5  # how far back the register reaches


@dataclass
class Company:
    """What has been written so far; `today` is the day it is written for."""

    today: date
    random: Random
    users: dict[str, User] = field(default_factory=dict)
    places: dict[str, Location] = field(default_factory=dict)
    departments: dict[str, Department] = field(default_factory=dict)
    people: list[Person] = field(default_factory=list)
    vendors: dict[str, Vendor] = field(default_factory=dict)
    assets: dict[str, list[Asset]] = field(default_factory=dict)  # by the name of the category

    @property
    def founded(self) -> date:
        """The first day of the register."""
        return self.today - timedelta(365 * YEARS)

    def days_ago(self, days: int) -> date:
        return self.today - timedelta(days)

    def at(self, day: date) -> datetime:
        """Some minute of the working hours of `day`, in the site's time zone; never after now."""
        moment = time(self.random.randint(8, 16), self.random.randint(0, 59))
        return make_aware(datetime.combine(min(day, self.days_ago(1)), moment))

    def clerk(self) -> User:
        """One of those who receive and hand over."""
        return self.users[self.random.choice(["admin", "it", "it", "desk"])]

    def staff(self, day: date) -> list[Person]:
        """Who worked here on `day`."""
        return [
            person
            for person in self.people
            if person.starts_on
            and person.starts_on <= day
            and (person.leaves_on is None or person.leaves_on > day)
        ]

    def colleague(self, account: str) -> Person:
        """The person of one of the logins."""
        return next(it for it in self.people if it.user == self.users[account])


@transaction.atomic
def build(*, today: date, seed: int = 1) -> Company:
    """Write the whole company, as it stands on `today`, with the years before."""
    # They import this module for its Company.
    from support.demo import (  # noqa: PLC0415
        agreements,
        alerts,
        articles,
        catalogue,
        conversations,
        inbound,
        licences,
        money,
        promises,
        register,
        renewals,
        savings,
        spending,
        staff,
        stores,
        upkeep,
        warranties,
    )

    company = Company(today, Random(seed))
    staff.write(company)
    register.write(company)
    warranties.write(company)
    agreements.write(company)
    renewals.write(company)
    conversations.write(company)
    promises.write(company)
    inbound.write(company)
    upkeep.write(company)
    stores.write(company)
    licences.write(company)
    savings.write(company)
    spending.write(company)
    money.write(company)
    articles.write(company)
    catalogue.write(company)
    alerts.write(company)
    return company
