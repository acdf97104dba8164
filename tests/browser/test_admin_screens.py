"""Every screen of the back office: axe finds nothing serious, in the light and in the dark."""

import pytest
from django.urls import reverse

from tests.browser.axe import axe, turn
from tests.browser.conftest import DESKTOP, PHONE
from tests.test_admin import ADMINS, make, name_of
from tests.test_admin import url as address_of

pytestmark = [pytest.mark.real, pytest.mark.browser]


NARROW = {"width": PHONE["width"], "height": DESKTOP["height"]}
# Many at a time: a browser that knows nobody yet loads and compiles every script anew.
TOGETHER = 15
GROUPS = [ADMINS[first : first + TOGETHER] for first in range(0, len(ADMINS), TOGETHER)]


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: "-".join(map(name_of, group)))
def test_lists_and_pages_are_accessible(group, transactional_db, superuser, new_page, sign_in):
    page = new_page(NARROW, color_scheme="dark")
    sign_in(page, superuser)
    for model_admin in group:
        page.goto(address_of(model_admin, "changelist"))
        axe(page)
        page.goto(address_of(model_admin, "change", make(model_admin).pk))
        axe(page)
        turn(page, "light", DESKTOP)
        axe(page)
        turn(page, "dark", NARROW)


def test_the_first_page_is_accessible(transactional_db, superuser, new_page, sign_in):
    page = new_page(PHONE, color_scheme="dark")
    sign_in(page, superuser)
    page.goto(reverse("admin:index"))
    axe(page)
    turn(page, "light", DESKTOP)
    axe(page)
