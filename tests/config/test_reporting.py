"""Report pages, on a report of contracts that exists only here."""

import csv
import io
from datetime import date
from decimal import Decimal
from urllib.parse import urlencode

import django_filters
import openpyxl
import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config import formulas, limits
from config.admin.reporting import Chart, Column, DaysFilter, LinkFilter, Report
from config.money import Money, by_currency
from contracts.models import Contract
from tests.factories import ContractFactory, DepartmentFactory, UserFactory, VendorFactory
from tests.rendering import bare

KINDS = Contract.Kind


class Filters(django_filters.FilterSet):
    kind = django_filters.ChoiceFilter(choices=KINDS.choices, label="Kind")
    kinds = django_filters.MultipleChoiceFilter("kind", choices=KINDS.choices, label="Kinds")
    vendor = LinkFilter(Contract.vendor, label="Vendor")
    department = django_filters.ModelChoiceFilter(
        queryset=Contract.department.get_queryset(), label="Department"
    )
    ends = DaysFilter("ends_on", label="Ends")
    least = django_filters.NumberFilter("annual_cost", "gte", label="Costs at least")
    words = django_filters.CharFilter("title", "icontains", label="Words")
    owned = django_filters.BooleanFilter("owner", "isnull", exclude=True, label="Has an owner")
    currency = django_filters.CharFilter("currency", label="Currency", initial="EUR")

    class Meta:
        model = Contract
        fields = []


def money(contract):
    return Money(contract.annual_cost, contract.currency) if contract.annual_cost else None


def sums(rows):
    return [("All", str(total)) for total in by_currency(filter(None, map(money, rows)))]


def chart(rows):
    named = [row for row in rows if row.annual_cost]
    labels = [row.number for row in named]
    return Chart("Cost", labels, [("Cost", [row.annual_cost for row in named])], "EUR")


def actions(request, contract):
    return [("Decide", f"/decide/{contract.pk}/")] if contract.title != "done" else []


def report(**changes):
    facts = {
        "slug": "costs",
        "title": "Costs",
        "permission": "contracts.view_term",
        "export_permission": "contracts.export_contract",
        "columns": [
            Column("Number", lambda it: it.number, link=address_of, order="number"),
            Column("Title", lambda it: it.title),
            Column("Cost a year", money, amount=True, order="annual_cost"),
            Column("Ends", lambda it: it.ends_on),
            Column("Letters", lambda it: len(it.title), amount=True),
        ],
        "filterset": Filters,
        "rows": lambda filters: filters.qs,
        "totals": sums,
        "chart": chart,
        "actions": actions,
        "help": "What everything costs.",
        "empty": "Add a contract first.",
    }
    return Report(**{**facts, **changes})


def address_of(contract):
    return reverse("admin:contracts_contract_change", args=[contract.pk])


def page(**query):
    return f"{reverse('admin:contracts_contract_report', args=['costs'])}{asked(query)}"


def file(extension="csv", **query):
    address = reverse("admin:contracts_contract_report_export", args=["costs", extension])
    return f"{address}{asked(query)}"


def asked(query):
    return f"?{urlencode(query, doseq=True)}" if query else ""


def shown(client, **query):
    response = client.get(page(**query))
    assert response.status_code == 200
    return response


def numbers(response):
    return [cells[0]["text"] for cells, _ in response.context_data["lines"]]


def rows_of(response):
    data = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(data, newline="")))


@pytest.fixture
def reported(monkeypatch):
    """Puts a report on the contracts' admin: `reported(help="...")`."""
    contracts = admin.site._registry[Contract]

    def put(**changes):
        monkeypatch.setattr(contracts, "reports", [report(**changes)], raising=False)

    put()
    return put


@pytest.fixture
def signed_in(client, superuser, reported):
    client.force_login(superuser)
    return client


@pytest.fixture
def three(db):
    facts = [
        ("C-1", "alpha", "cloud", "100.00", "EUR", date(2027, 1, 31)),
        ("C-2", "=beta", "lease", "1234.50", "EUR", None),
        ("C-3", "done", "cloud", None, "USD", date(2026, 6, 30)),
    ]
    for number, title, kind, cost, currency, ends in facts:
        ContractFactory(
            number=number,
            title=title,
            kind=kind,
            annual_cost=cost and Decimal(cost),
            currency=currency,
            ends_on=ends,
        )


# --- What is shown ---


def test_the_page_shows_the_rows_their_count_their_totals_and_their_buttons(signed_in, three):
    text = shown(signed_in, currency="").text
    assert "Costs: 3 rows" in text
    assert "1,334.50 EUR" in text
    assert "31 January 2027" in text
    assert "/decide/" in text
    assert text.count(">Decide</a>") == 2
    assert "What everything costs." in text


def test_a_filter_with_a_value_of_its_own_is_set_until_the_address_says_otherwise(signed_in, three):
    assert numbers(shown(signed_in)) == ["C-1", "C-2"]
    assert numbers(shown(signed_in, currency="")) == ["C-1", "C-2", "C-3"]
    assert numbers(shown(signed_in, currency="USD")) == ["C-3"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"kind": "cloud"}, ["C-1", "C-3"]),
        ({"kinds": ["cloud", "lease"]}, ["C-1", "C-2", "C-3"]),
        ({"ends_from": "2026-07-01"}, ["C-1"]),
        ({"ends_to": "2026-12-31"}, ["C-3"]),
        ({"ends_from": "2026-06-30", "ends_to": "2027-01-31"}, ["C-1", "C-3"]),
        ({"least": "100"}, ["C-1", "C-2"]),
        ({"words": "ALPHA"}, ["C-1"]),
        ({"owned": "true"}, []),
        ({"owned": "false"}, ["C-1", "C-2", "C-3"]),
    ],
)
def test_the_address_filters(signed_in, three, query, found):
    assert numbers(shown(signed_in, currency="", **query)) == found


def test_a_record_is_chosen_by_its_key(signed_in, three):
    vendor = VendorFactory()
    ContractFactory(number="C-4", vendor=vendor)
    response = shown(signed_in, vendor=vendor.pk)
    assert numbers(response) == ["C-4"]
    assert str(vendor) in response.text


@pytest.mark.parametrize(
    ("order", "found"),
    [
        ("1", ["C-1", "C-2", "C-3"]),
        ("-1", ["C-3", "C-2", "C-1"]),
        ("2", ["C-2", "C-1", "C-3"]),
        ("3", ["C-1", "C-2", "C-3"]),
        ("-3", ["C-2", "C-1", "C-3"]),
        ("4", ["C-3", "C-1", "C-2"]),
        ("-4", ["C-1", "C-3", "C-2"]),
    ],
)
def test_a_column_sorts_either_way_and_what_is_empty_comes_last(signed_in, three, order, found):
    assert numbers(shown(signed_in, currency="", o=order)) == found


@pytest.mark.parametrize("order", ["1", "-2", "3", "-3", "4", "-5"])
def test_a_list_is_sorted_as_a_queryset_is(signed_in, three, reported, order):
    from_database = numbers(shown(signed_in, currency="", o=order))
    reported(rows=lambda filters: list(filters.qs))
    assert numbers(shown(signed_in, currency="", o=order)) == from_database


def test_a_heading_sorts_once_up_and_then_down(signed_in, three):
    headers = shown(signed_in, o="3").context_data["columns"]
    assert headers[2]["sorted"] == "ascending"
    assert headers[2]["query"] == "?o=-3"
    assert headers[0]["query"] == "?o=1"


def test_a_hundred_rows_stand_on_a_page(signed_in, db):
    for number in range(101):
        ContractFactory(number=f"N-{number:03}", annual_cost=Decimal(1), currency="EUR")
    first = shown(signed_in, o="1")
    assert len(numbers(first)) == 100
    assert "101 rows, 1 to 100 shown" in first.text
    assert "101.00 EUR" in first.text
    assert first.context_data["next"] == "?o=1&p=2"
    assert numbers(shown(signed_in, o="1", p="2")) == ["N-100"]
    assert len(rows_of(signed_in.get(file(o="1", p="2")))) == 102


def test_nothing_says_what_to_do_next(signed_in):
    assert "Add a contract first." in shown(signed_in).text
    assert "No row meets these filters." in shown(signed_in, kind="cloud").text


def test_the_address_is_short(signed_in, three):
    """A form sends its empty fields too: they leave the address that is passed on."""
    response = signed_in.get(page(kind="", words=" ", vendor="", currency="EUR", least="5", o=""))
    assert response.status_code == 302
    assert response["Location"] == page(least="5")
    assert signed_in.get(page(currency="")).status_code == 200


# --- What is refused ---


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"kind": "zzz"}, "“zzz” is not accepted."),
        ({"kinds": ["cloud", "zzz"]}, "“cloud to zzz” is not accepted."),
        ({"vendor": "999999"}, "“999999” is not accepted."),
        ({"vendor": "1\x00"}, "is not accepted."),
        ({"department": "x"}, "“x” is not accepted."),
        ({"ends_from": "31.31.2026"}, "“31.31.2026” is not accepted."),
        ({"ends_from": "2027-01-02", "ends_to": "2027-01-01"}, "The first day is after the last"),
        ({"least": "much"}, "“much” is not accepted."),
        ({"owned": "perhaps"}, "“perhaps” is not understood."),
        ({"vendro": "3"}, "There is no filter “vendro” here."),
        ({"o": "99"}, "There is no column “99” to sort by."),
        ({"o": "--1"}, "There is no column “--1” to sort by."),
    ],
)
def test_what_is_not_understood_is_named_and_shows_nothing(signed_in, three, query, sentence):
    response = shown(signed_in, **query)
    assert sentence in response.text, response.context_data["form"].errors
    assert "lines" not in response.context_data
    export = signed_in.get(file(**query))
    assert export.status_code == 302
    assert export["Location"] == page(**query)


values = st.one_of(
    st.text(max_size=20),
    st.integers().map(str),
    st.decimals(allow_nan=True).map(str),
    st.dates().map(str),
    st.sampled_from(["cloud", "true", "0001-01-01", "9999-12-31", "1e400", "null", "-0", "%_\\"]),
)
names = st.sampled_from(
    [*Filters.base_filters, "ends_from", "ends_to", "o", "p", "kind__exact", "_popup", "q"]
)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.dictionaries(names, st.lists(values, min_size=1, max_size=2), max_size=4))
def test_no_address_breaks_the_page_or_its_file(signed_in, three, query):
    limits.memory.clear()  # all examples are one user's
    with bare():
        assert signed_in.get(page(**query), follow=True).status_code == 200
    response = signed_in.get(file(**query))
    if response.status_code == 302:  # to the page that was just opened
        assert response["Location"] == page(**query)
    else:
        assert response.status_code == 200
        assert b"".join(response.streaming_content)


# --- Who may ---


def permitted(*names):
    user = UserFactory(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    return user


@pytest.mark.parametrize(
    ("permissions", "sees", "exports"),
    [
        ([], False, False),
        (["view_contract"], False, False),
        (["view_term", "export_contract"], False, False),
        (["view_contract", "view_term"], True, False),
        (["view_contract", "export_contract"], False, False),
        (["view_contract", "view_term", "export_contract"], True, True),
    ],
)
def test_the_page_and_the_file_ask_the_same(client, three, reported, permissions, sees, exports):
    client.force_login(permitted(*permissions))
    response = client.get(page())
    assert response.status_code == (200 if sees else 403)
    assert client.get(file()).status_code == (200 if exports else 403)
    if sees:
        assert (file() in response.text) == exports
    if "view_contract" in permissions:
        listed = client.get(reverse("admin:contracts_contract_changelist")).text
        assert (page() in listed) == sees


def test_a_record_that_nobody_may_look_at_cannot_be_chosen(client, three, reported):
    client.force_login(permitted("view_contract", "view_term"))
    vendor = VendorFactory(name="Secret Partners")
    response = client.get(page(vendor=vendor.pk))
    assert "is not accepted" in response.text
    assert "Secret Partners" not in response.text


def test_a_report_that_is_not_there_is_not_found(signed_in):
    assert signed_in.get(page().replace("costs", "nothing")).status_code == 404
    assert signed_in.get(file("pdf")).status_code == 404
    assert signed_in.post(page()).status_code == 405


# --- Files ---


def test_the_file_has_what_the_page_has_in_the_same_order(signed_in, three):
    query = {"currency": "", "o": "-3"}
    lines = shown(signed_in, **query).context_data["lines"]
    headers, *rows = rows_of(signed_in.get(file(**query)))
    assert headers == ["Number", "Title", "Cost a year", "Cost a year currency", "Ends", "Letters"]
    assert [row[0] for row in rows] == [cells[0]["text"] for cells, _ in lines]
    for row, (cells, _) in zip(rows, lines, strict=True):
        amount = f"{Decimal(row[2]):,.2f} {row[3]}" if row[2] else ""
        assert amount == cells[2]["text"]
        assert formulas.restored(row[1]) == cells[1]["text"]


def test_a_file_runs_nothing_and_its_amounts_are_numbers(signed_in, three):
    assert rows_of(signed_in.get(file()))[2][1] == "'=beta"
    data = b"".join(signed_in.get(file("xlsx", o="1")).streaming_content)
    sheet = openpyxl.load_workbook(io.BytesIO(data)).active
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[2][:4] == ("C-2", "'=beta", 1234.5, "EUR")
    assert rows[1][4].date() == date(2027, 1, 31)


def test_an_empty_file_has_its_headers(signed_in):
    assert rows_of(signed_in.get(file())) == [["Number", "Title", "Cost a year", "Ends", "Letters"]]


def test_a_file_is_named_after_its_report_and_the_day(signed_in, three):
    assert 'filename="costs-' in signed_in.get(file())["Content-Disposition"]


# --- Speed ---


def queries(client, address):
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        response = client.get(address)
        if response.streaming:
            list(response.streaming_content)
    return len(captured)


@pytest.mark.parametrize("address", [page, file], ids=["page", "file"])
def test_fifty_rows_need_no_more_queries_than_one(signed_in, address):
    add(1)
    one = queries(signed_in, address())
    add(49)
    assert queries(signed_in, address()) == one


def add(count):
    for _ in range(count):
        ContractFactory(department=DepartmentFactory(), annual_cost=Decimal(count), currency="EUR")
