"""From a mail's link to the answer, on a phone; the inbox of the back office, by day and night."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils.timezone import localdate
from playwright.sync_api import expect

from support.alert_links import answer_link
from support.models import Alert
from tests.browser.conftest import DESKTOP, PHONE
from tests.factories import AlertFactory, ContractFactory, PersonFactory, UserFactory

pytestmark = [pytest.mark.real, pytest.mark.browser]


@pytest.fixture
def ada(transactional_db):
    user = UserFactory(name="Ada Lovelace", email="ada@example.com", password="correct horse")
    return PersonFactory(user=user, name=user.name, email=user.email)


def told(person, title="Cleaning of the server room", days=12):
    due = localdate() + timedelta(days)
    contract = ContractFactory(title=title, owner=person, notice_by=due)
    return AlertFactory(
        rule="contract_notice", record=contract, due_on=due, recipient=person, lead=14
    )


def test_who_follows_the_link_of_a_mail_signs_in_and_answers_on_a_phone(new_page, shoot_both, ada):
    alert = told(ada)
    page = new_page(PHONE, is_mobile=True, has_touch=True)

    page.goto(answer_link(alert, ada).removeprefix(settings.SITE_URL))
    page.get_by_label("E-mail").fill(ada.email)
    page.get_by_label("Password").fill("correct horse")
    page.get_by_role("button", name="Sign in", exact=True).click()

    expect(page.get_by_role("heading", name=re.compile("Cleaning"))).to_be_visible()
    expect(page.get_by_text("in 12 days")).to_be_visible()
    shoot_both(page, "phone-alert")
    page.get_by_label("Say something about it").fill("The notice is written.")
    page.get_by_role("button", name="I know of it").click()
    expect(page.get_by_text("Nobody is told of this date again")).to_be_visible()
    expect(page.get_by_text("The notice is written.")).to_be_visible()
    shoot_both(page, "phone-answered")
    page.get_by_role("link", name="My alerts").click()
    expect(page).to_have_title(re.compile("alerts", re.I))
    shoot_both(page, "phone-list")
    page.get_by_role("link", name="How I am told").last.click()
    page.get_by_label("Mail of the day at").fill("18:15")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("It holds from the next mail on")).to_be_visible()
    shoot_both(page, "phone-settings")
    assert Alert.objects.get().state == "acknowledged"
    assert ada.digest_time.at.hour == 18


def test_without_javascript_it_is_put_off_and_passed_on(new_page, sign_in, ada):
    first, second = told(ada), told(ada, title="Coffee")
    other = PersonFactory(name="Grace Hopper", email="grace@example.com")
    page = new_page(DESKTOP, java_script_enabled=False)
    sign_in(page, ada.user)

    page.goto(f"/alerts/about/{first.pk}/")
    page.get_by_label("Tell me again on").fill(str(localdate() + timedelta(2)))
    page.get_by_role("button", name="Put it off").click()
    expect(page.get_by_text("We tell you again on")).to_be_visible()
    page.goto(f"/alerts/about/{second.pk}/")
    page.get_by_label("E-mail of who takes care of it").fill(other.email)
    page.get_by_role("button", name="Pass it on").click()
    expect(page.get_by_text("Passed on to Grace Hopper")).to_be_visible()

    assert {it.state for it in ada.alerts.all()} == {"snoozed", "passed_on"}


def test_staff_answer_from_the_inbox_in_the_head_of_every_page(new_page, sign_in, shoot_both, it):
    told(it.person)
    told(PersonFactory(), title="Of another")
    page = new_page(DESKTOP)
    sign_in(page, it)

    page.goto("/admin/")
    page.get_by_role("link", name="My alerts 1 open").click()
    expect(page.get_by_text("Cleaning of the server room")).to_be_visible()
    expect(page.get_by_text("Of another")).to_have_count(0)
    shoot_both(page, "inbox")
    page.get_by_role("link", name=re.compile(r"\d{4}")).first.click()
    page.get_by_role("link", name="Snooze").click()
    expect(page.get_by_label("Until")).to_be_visible()
    shoot_both(page, "snooze")
    page.get_by_label("Until").fill(str(localdate() + timedelta(3)))
    page.get_by_role("button", name="Snooze").click()
    expect(page.get_by_text("What was done about it")).to_be_visible()
    shoot_both(page, "page")

    assert Alert.objects.get(recipient=it.person).state == "snoozed"
