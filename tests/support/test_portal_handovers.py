"""The page on which an employee answers, on a phone and without a script."""

import pytest
from django.urls import reverse

from assets import lifecycle
from assets.models import Handover
from tests.factories import AssetFactory, CategoryFactory, PersonFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def handover(employee, it):
    asset = AssetFactory(tag="LT-7", product__category=CategoryFactory(needs_acceptance=True))
    lifecycle.hand_over([asset], to=employee, by=it)
    return Handover.objects.get()


@pytest.fixture
def signed_in(client, employee):
    client.force_login(employee.user)
    return client


def page(handover, name="handover"):
    return reverse(f"portal:{name}", args=[handover.pk])


def test_the_first_page_asks_until_it_is_answered(signed_in, handover):
    assert page(handover) in signed_in.get("/").content.decode()
    response = signed_in.post(page(handover), {"name": "Eve Ray", "accept": "1"}, follow=True)
    text = response.content.decode()
    assert "Accepted by Eve Ray" in text
    assert "I received all of it" not in text
    assert page(handover) not in signed_in.get("/").content.decode()


def test_the_note_is_his_before_and_after_he_signs(signed_in, handover):
    for _ in range(2):
        response = signed_in.get(page(handover, "handover_note"))
        assert response["Content-Type"] == "application/pdf"
        assert "attachment" in response["Content-Disposition"]
        signed_in.post(page(handover), {"name": "Eve Ray", "accept": "1"})


def test_what_is_wrong_is_told_in_his_words(signed_in, handover):
    without = signed_in.post(page(handover), {"name": "Eve", "dispute": "1"})
    assert "Say what is wrong." in without.content.decode()
    sent = {"name": "Eve", "dispute": "1", "what": "No charger."}
    response = signed_in.post(page(handover), sent, follow=True)
    assert "No charger." in response.content.decode()
    handover.refresh_from_db()
    assert (handover.answer, handover.dispute) == ("disputed", "No charger.")


def test_a_second_click_is_told_and_changes_nothing(signed_in, handover):
    signed_in.post(page(handover), {"name": "Eve", "accept": "1"})
    again = signed_in.post(page(handover), {"name": "Eve", "dispute": "1", "what": "No."})
    assert "It was accepted by Eve" in again.content.decode()
    handover.refresh_from_db()
    assert handover.answer == "accepted"


def test_without_a_name_nothing_is_answered(signed_in, handover):
    response = signed_in.post(page(handover), {"name": "", "accept": "1"})
    assert response.status_code == 200
    handover.refresh_from_db()
    assert handover.answered_at is None


@pytest.mark.parametrize("name", ["handover", "handover_note"])
def test_anybody_elses_does_not_exist(client, handover, name):
    other = UserFactory()
    PersonFactory(user=other)
    client.force_login(other)
    assert client.get(page(handover, name)).status_code == 404
    if name == "handover":
        assert client.post(page(handover), {"name": "x", "accept": "1"}).status_code == 404
