"""Every screen of the back office: axe finds nothing serious, in the light and in the dark."""

import pytest
from django.urls import reverse

from tests.browser.axe import axe
from tests.browser.conftest import DESKTOP, PHONE
from tests.test_admin import ADMINS, make, name_of
from tests.test_admin import url as address_of

pytestmark = [pytest.mark.real, pytest.mark.browser]


@pytest.mark.parametrize("model_admin", ADMINS, ids=name_of)
def test_lists_and_pages_are_accessible(
    model_admin, transactional_db, superuser, new_page, sign_in
):
    change = address_of(model_admin, "change", make(model_admin).pk)
    shown = {
        (DESKTOP["width"], "light"): [change],
        (PHONE["width"], "dark"): [address_of(model_admin, "changelist"), change],
    }
    for (width, scheme), addresses in shown.items():
        page = new_page({"width": width, "height": 900}, color_scheme=scheme)
        sign_in(page, superuser)
        for address in addresses:
            page.goto(address)
            page.wait_for_load_state("networkidle")
            axe(page)


def test_the_first_page_is_accessible(transactional_db, superuser, new_page, sign_in):
    for viewport, scheme in ((DESKTOP, "light"), (PHONE, "dark")):
        page = new_page(viewport, color_scheme=scheme)
        sign_in(page, superuser)
        page.goto(reverse("admin:index"))
        axe(page)
