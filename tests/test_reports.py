"""Every report of every admin, swept over: a new one is covered on arrival."""

from contextlib import nullcontext

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.admin.reporting import ReportsAdmin
from people.roles import ADMINISTRATOR, AUDITOR, FINANCE, IT, SERVICE_DESK
from tests import factories
from tests.conftest import member
from tests.rendering import bare, unrendered

HOSTILE = ("zzz", "-1", "9" * 30, "1\x00", "2026-99-99", "%_'\"\\")
ROLES = [SERVICE_DESK, IT, FINANCE, AUDITOR, ADMINISTRATOR]
REPORTS = [
    (model_admin, report)
    for model_admin in sorted(admin.site._registry.values(), key=lambda it: it.opts.label)
    if isinstance(model_admin, ReportsAdmin)
    for report in model_admin.reports
]
each_report = pytest.mark.parametrize(
    ("model_admin", "report"), REPORTS, ids=[f"{it.opts.label} {r.slug}" for it, r in REPORTS]
)


def page(model_admin, report):
    return address(model_admin, "report", report.slug)


def files(model_admin, report):
    return [
        address(model_admin, "report_export", report.slug, extension)
        for extension in ("csv", "xlsx")
    ]


def address(model_admin, name, *args):
    opts = model_admin.opts
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_{name}", args=args)


def make(model_admin):
    model = model_admin.model
    given = {"category": factories.CategoryFactory()} if model.__name__ == "LeadTime" else {}
    record = getattr(factories, f"{model.__name__}Factory")(**given)
    if model._meta.label == "contracts.Contract":
        factories.TermFactory(contract=record)
        factories.CoverageFactory(contract=record)
    return record


def signed_in(user):
    client = Client()
    client.force_login(user)
    client.user = user
    return client


@pytest.fixture(scope="module")
def clients(module_db):
    """A client of each role, signed in once for all reports."""
    return {role: signed_in(member(role)) for role in ROLES}


def test_there_are_reports():
    assert REPORTS


def test_slugs_and_titles_are_unique_in_each_admin():
    for model_admin in {model_admin for model_admin, _ in REPORTS}:
        for names in zip(*((it.slug, it.title) for it in model_admin.reports), strict=True):
            assert len(set(names)) == len(names), model_admin


@each_report
@pytest.mark.parametrize("count", [0, 1], ids=["empty", "filled"])
def test_each_role_opens_a_report_and_its_files_or_is_refused(
    clients, model_admin, report, count, db
):
    for _ in range(count):
        make(model_admin)
    view = f"{model_admin.opts.app_label}.view_{model_admin.opts.model_name}"
    whole = set()
    for role, client in clients.items():
        may = client.user.has_perms([view, report.permission])
        takes = may and client.user.has_perm(report.export_permission)
        # Each answer is shown once in the theme, to the first of those who get it.
        first = (may, takes) not in whole
        with nullcontext() if first and count else bare():
            opened = client.get(page(model_admin, report))
        whole.add((may, takes))
        assert opened.status_code == (200 if may else 403), role
        for file in files(model_admin, report):
            response = client.get(file)
            assert response.status_code == (200 if takes else 403), f"{role} {file}"
            # What a role gets is read as CSV; the same rows make a workbook once.
            if response.streaming and (first or file.endswith("/csv/")):
                assert b"".join(response.streaming_content)
            assert (file in opened.text) == (takes and "<tbody>" in opened.text)


@each_report
def test_nobody_without_a_role_opens_a_report(model_admin, report, client, employee):
    for visit in [page(model_admin, report), *files(model_admin, report)]:
        assert client.get(visit).status_code == 302
    client.force_login(employee.user)
    for visit in [page(model_admin, report), *files(model_admin, report)]:
        assert client.get(visit).status_code in (302, 403)


@each_report
def test_a_role_may_see_and_export_each_report(clients, model_admin, report):
    view = f"{model_admin.opts.app_label}.view_{model_admin.opts.model_name}"
    asked = [view, report.permission, report.export_permission]
    assert any(clients[role].user.has_perms(asked) for role in ROLES[:-1])


@each_report
def test_every_column_sorts_and_hostile_filters_harm_nothing(
    model_admin, report, client, superuser
):
    client.force_login(superuser)
    make(model_admin)
    names = report.filterset.base_filters
    with bare():
        for number in range(1, len(report.columns) + 1):
            response = client.get(page(model_admin, report), {"o": f"-{number}"}, follow=True)
            assert response.status_code == 200, number
    for value in HOSTILE:
        # Each on its own, up to the words of the page; then those are rendered with all that
        # was refused, in the theme once, and with all that was taken.
        taken = {}
        with unrendered():
            for name in names:
                response = client.get(page(model_admin, report), {name: value}, follow=True)
                assert response.status_code == 200, f"{name} {value}"
                if response.context_data["form"].is_valid():
                    taken[name] = value
        for asked in (dict.fromkeys(names, value), taken):
            with nullcontext() if value == HOSTILE[-1] and asked is not taken else bare():
                response = client.get(page(model_admin, report), asked, follow=True)
            assert response.status_code == 200, asked


@each_report
def test_the_queries_of_a_report_do_not_grow_with_its_rows(model_admin, report, client, superuser):
    client.force_login(superuser)
    visit = page(model_admin, report)
    make(model_admin)
    with bare():
        client.get(visit)  # what is cached once per process
        one = queries(client, visit)
        for _ in range(3):
            make(model_admin)
        four = queries(client, visit)
    assert len(four) <= len(one), "\n".join(four)


def queries(client, visit):
    with CaptureQueriesContext(connection) as captured:
        assert client.get(visit).status_code == 200
    return [query["sql"] for query in captured.captured_queries]


def test_the_first_page_leads_to_the_reports_that_each_role_may_open(clients, db):
    for role, client in clients.items():
        text = client.get(reverse("admin:index")).text
        for model_admin, report in REPORTS:
            view = f"{model_admin.opts.app_label}.view_{model_admin.opts.model_name}"
            may = client.user.has_perms([view, report.permission])
            assert (f'href="{page(model_admin, report)}"' in text) == may, role
