"""The menu of the back office: everything is on it, and everybody sees what they may open."""

import pytest
from django.contrib import admin
from django.test import RequestFactory
from django.urls import reverse

from config.menu import MENU, PAGES, navigation
from tests.conftest import member
from tests.rendering import unrendered

ROLES = ("Administrator", "IT", "Finance", "Service desk", "Auditor")
NAMES = [name for names in MENU.values() for name in names.split()]


def menu_of(user, path="/admin/"):
    request = RequestFactory().get(path)
    request.user = user
    return [item for group in navigation(request) for item in group["items"]]


def test_every_list_is_on_the_menu_once():
    listed = [PAGES[name][0] for name in NAMES if PAGES.get(name, ("", "", ""))[2] == "changelist"]
    listed += [name for name in NAMES if name not in PAGES]
    assert sorted(listed) == sorted(model._meta.label_lower for model in admin.site._registry)


def test_every_page_of_the_menu_is_on_it_once():
    assert len(NAMES) == len(set(NAMES))
    assert set(PAGES) <= set(NAMES)


@pytest.mark.parametrize("role", ROLES)
def test_what_the_menu_offers_a_role_can_be_opened_and_nothing_else_is_offered(db, client, role):
    user = member(role)
    client.force_login(user)
    offered = {item["link"] for item in menu_of(user)}
    everything = {item["link"] for item in menu_of(member("Administrator", is_superuser=True))}
    with unrendered():
        opened = {link for link in everything if client.get(link).status_code == 200}
    assert offered == opened


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("/admin/support/ticket/", "Tickets"),
        ("/admin/support/ticket/7/change/", "Tickets"),
        ("/admin/support/ticket/board/", "Board"),
        ("/admin/contracts/contract/report/desk/", "Renewal desk"),
        ("/admin/", None),
    ],
)
def test_the_entry_of_the_page_that_is_open_is_marked_and_no_other(it, path, title):
    marked = [item["title"] for item in menu_of(it, path) if item["active"]]
    assert marked == ([title] if title else [])


def test_the_page_shows_the_menu_by_its_groups(client, it):
    client.force_login(it)
    page = client.get(reverse("admin:index")).content.decode()
    assert page.index("Service desk") < page.index("Steward at work")
    assert "Search everything" in page
