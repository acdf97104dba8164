"""The second way of computing costs: period by period and day by day, exactly, and slowly.

It shares nothing with `contracts.charges`, `contracts.outlook` and `contracts.forecast`.
"""

from calendar import monthrange
from collections import defaultdict
from datetime import date, timedelta
from decimal import ROUND_HALF_UP
from decimal import Decimal as D
from fractions import Fraction

from dateutil.relativedelta import relativedelta

EVERY = {"monthly": 1, "quarterly": 3, "yearly": 12}
A_DAY = timedelta(1)


def half_up(exact):
    exact = Fraction(exact)
    return (D(exact.numerator * 100) / exact.denominator).quantize(D(1), ROUND_HALF_UP) / 100


def days_of(first, last):
    return [first + timedelta(at) for at in range((last - first).days + 1)]


def begin(start, months):
    """The day of the same number, or the first of the month after one that has none."""
    month = start.replace(day=1) + relativedelta(months=months)
    if start.day <= monthrange(month.year, month.month)[1]:
        return month.replace(day=start.day)
    return month + relativedelta(months=1)


def end(start, months):
    return begin(start, months) - A_DAY


def months_of(first, last):
    """The length of a stretch: whole months, and days as a part of the month they fall in."""
    length, at = Fraction(0), 0
    while begin(first, at) <= last:
        days = days_of(begin(first, at), end(first, at + 1))
        length += Fraction(sum(day <= last for day in days), len(days))
        at += 1
    return length


def periods(start, ends_on, amount, billing, until):
    """The bills of a term: (due, the days it pays for, cents as an amount), as far as `until`."""
    if billing == "once":
        return [(start, days_of(start, ends_on) if ends_on else [start], Fraction(half_up(amount)))]
    found, at, months = [], 0, EVERY[billing]
    while (first := begin(start, at * months)) <= min(ends_on or until, until):
        last = end(start, (at + 1) * months)
        share = Fraction(1)
        if ends_on and last > ends_on:
            share = (months_of(start, ends_on) - at * months) / months
            last = ends_on
        due = start + relativedelta(months=at * months)
        found.append((due, days_of(first, last), Fraction(half_up(Fraction(amount) * share))))
        at += 1
    return found


def weight(day):
    """What a day is of its month, in parts that are whole numbers for every month."""
    return 28 * 29 * 30 * 31 // monthrange(day.year, day.month)[1]


def part(days, until):
    """The share of some days that is over at the close of `until`."""
    return Fraction(sum(weight(day) for day in days if day <= until), sum(map(weight, days)))


def worth(term, until):
    """What a term has cost by the close of `until`; `term` is (start, end, amount, billing)."""
    bills = periods(*term, until)
    return half_up(
        sum((Fraction(half_up(cents * part(days, until))) for _, days, cents in bills), Fraction(0))
    )


def cash(term, sure_until, until):
    """(month, committed?) to amount: each bill, its committed part by the days it pays for."""
    sums = defaultdict(D)
    for due, days, cents in periods(*term, until + timedelta(31)):
        if due <= until:
            sure = half_up(cents * part(days, sure_until))
            sums[due.replace(day=1), True] += sure
            sums[due.replace(day=1), False] += half_up(cents) - sure
    return sums


def accrual(term, sure_until, until):
    """(month, committed?) to amount: what the days of each month add up to."""
    sums = defaultdict(D)
    for _, days, cents in periods(*term, until):
        all_of_it, over, before = sum(map(weight, days)), 0, {True: D(0), False: D(0)}
        for day in days:
            over += weight(day)
            worth = half_up(cents * over / all_of_it)
            if day <= until:
                sums[day.replace(day=1), day <= sure_until] += worth - sum(before.values())
                before[day <= sure_until] += worth - sum(before.values())
    return sums


METHODS = {"cash": cash, "accrual": accrual}


# --- What lies ahead, one day of notice after the other ------------------------------------------


def notice_ends(term, given_on):
    """The day on which notice runs out that is given on a day; the day itself is not counted."""
    if term.notice and term.notice_unit == "months":
        return end(given_on + A_DAY, term.notice)
    return given_on + timedelta(term.notice * (7 if term.notice_unit == "weeks" else 1))


def in_time(term, last, on):
    """Whether notice given on a day still ends a period on its `last` day."""
    if term.notice and term.notice_unit == "months":
        first = last + A_DAY - relativedelta(months=term.notice)
        return on < first
    return on + timedelta(term.notice * (7 if term.notice_unit == "weeks" else 1)) <= last


def open_end(term, on, not_before):
    day = max(notice_ends(term, on), not_before)
    if term.notice_to != "term":
        while (day + A_DAY).day != 1 or (term.notice_to == "quarter" and day.month % 3):
            day += A_DAY
    return day


def ahead(terms, decision, on, until):
    """The terms as ((start, end, amount, billing), currency, committed to), agreed and expected."""
    found = [(raw(term), term.currency, date.max) for term in terms[:-1]]
    last = terms[-1]
    cancelled = decision.ends_on if decision and decision.kind == "cancel" else None
    following = [raw(last)]
    lives_on = (
        cancelled
        or last.renewal in ("tacit", "open")
        or (last.renewal == "express" and last.ends_on and last.ends_on >= on)
        or (last.renewal == "none" and decision and last.ends_on and last.ends_on >= on)
    )
    while lives_on and (closes := following[-1][1]) and closes < until:
        following.append(next_of(last, closes))
    if cancelled:
        stopped = [(s, min(e or cancelled, cancelled), a, b) for s, e, a, b in following]
        return found + [(it, last.currency, date.max) for it in stopped if it[0] <= cancelled]
    return found + [(it, last.currency, sure_to(last, it, following, on)) for it in following]


def raw(term):
    return term.starts_on, term.ends_on, term.amount, term.billing


def next_of(term, closes):
    first = closes + A_DAY
    months, amount = term.renewal_months, term.amount
    if term.billing == "once" and months:
        amount = half_up(Fraction(amount) * months / months_of(term.starts_on, term.ends_on))
    if term.renewal == "open":
        return first, None, amount, term.billing
    if not months:
        whole = months_of(term.starts_on, term.ends_on)
        months = int(whole) if whole.denominator == 1 else 0
    last = end(first, months) if months else first + (term.ends_on - term.starts_on)
    return first, last, amount, term.billing


def sure_to(term, stretch, following, on):
    """The last day that nobody can stop any more on the day `on`."""
    if stretch[1] is None:
        if term.ends_on is None:
            ends = open_end(term, on, term.starts_on - A_DAY)
        elif in_time(term, term.ends_on, on):
            ends = term.ends_on
        else:
            ends = open_end(term, on, term.ends_on)
        paid = [days[-1] for _, days, _ in periods(*stretch, on) if days[0] <= on]
        return max([ends, *paid])
    if stretch[0] == term.starts_on:
        return stretch[1]
    if term.renewal != "tacit":
        return term.ends_on
    before = next(it for it in following if it[1] and it[1] + A_DAY == stretch[0])
    return stretch[1] if not in_time(term, before[1], on) else before[1]
