"""Every screen of the back office: axe finds nothing serious, in the light and in the dark."""

import pytest
from django.urls import reverse

from tests.browser.axe import axe
from tests.browser.conftest import DESKTOP, PHONE
from tests.test_admin import ADMINS, make, name_of
from tests.test_admin import url as address_of

pytestmark = [pytest.mark.real, pytest.mark.browser]


# A few at a time: what costs most is to empty the tables after each test.
TOGETHER = 5
GROUPS = [ADMINS[first : first + TOGETHER] for first in range(0, len(ADMINS), TOGETHER)]


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: "-".join(map(name_of, group)))
def test_lists_and_pages_are_accessible(group, transactional_db, superuser, new_page, sign_in):
    lists = [address_of(model_admin, "changelist") for model_admin in group]
    pages = [address_of(model_admin, "change", make(model_admin).pk) for model_admin in group]
    shown = {(DESKTOP["width"], "light"): pages, (PHONE["width"], "dark"): [*lists, *pages]}
    for (width, scheme), addresses in shown.items():
        page = new_page({"width": width, "height": 900}, color_scheme=scheme)
        sign_in(page, superuser)
        for address in addresses:
            page.goto(address)
            axe(page)


def test_the_first_page_is_accessible(transactional_db, superuser, new_page, sign_in):
    for viewport, scheme in ((DESKTOP, "light"), (PHONE, "dark")):
        page = new_page(viewport, color_scheme=scheme)
        sign_in(page, superuser)
        page.goto(reverse("admin:index"))
        axe(page)
