import re

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.real, pytest.mark.browser]


def test_staff_who_are_signed_in_see_the_back_office(desktop, sign_in, superuser):
    sign_in(desktop, superuser)

    desktop.goto("/admin/")

    expect(desktop).to_have_url(re.compile("/admin/$"))
    expect(desktop.get_by_role("heading", level=1)).to_be_visible()


def test_a_page_that_complains_is_a_fault(desktop, faults):
    desktop.goto("/accounts/login/")

    with desktop.expect_event("console"):
        desktop.evaluate("console.error('broken')")

    assert faults == ["console: broken"]
    faults.clear()
