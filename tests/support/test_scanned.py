"""Somebody scans the label of a device: who is he, and where does he land?"""

import pytest
from django.urls import reverse

from assets.labels import address
from tests.factories import AssetFactory, PersonFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def device(employee):
    return AssetFactory(tag="LT 7/b", holder=employee)


def scan(client, tag):
    return client.get(address(tag).removeprefix("http://127.0.0.1:8000"))


@pytest.fixture(autouse=True)
def _site(settings):
    settings.SITE_URL = "http://127.0.0.1:8000"


@pytest.mark.parametrize("role", ["it", "service_desk", "finance", "auditor"])
def test_staff_land_on_the_page_of_the_asset(client, device, role, request):
    client.force_login(request.getfixturevalue(role))
    expected = reverse("admin:assets_asset_change", args=[device.pk])
    assert scan(client, device.tag)["Location"] == expected


def test_the_holder_lands_on_the_form_with_his_device_filled_in(client, device, employee):
    client.force_login(employee.user)
    response = client.get(scan(client, device.tag)["Location"])
    assert response.status_code == 200
    assert response.context["device"] == device


def test_anybody_else_learns_nothing_not_even_that_it_exists(client, device):
    other = UserFactory()
    PersonFactory(user=other)
    client.force_login(other)
    known, unknown = scan(client, device.tag), scan(client, "LT 8/b")
    assert (known.status_code, unknown.status_code) == (404, 404)
    assert known.content == unknown.content


def test_a_stranger_is_asked_to_sign_in_whatever_he_scans(client, device):
    known, unknown = scan(client, device.tag), scan(client, "nothing")
    assert known.status_code == unknown.status_code == 302
    assert known["Location"].split("?")[0] == unknown["Location"].split("?")[0]
