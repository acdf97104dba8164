"""An employee says of his equipment, while a stocktake asks, whether he has it."""

import pytest

from assets import stocktaking
from assets.models import Count
from people.models import Message
from tests.factories import (
    AssetFactory,
    DepartmentFactory,
    PersonFactory,
    StocktakeFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
ADDRESS = "/stocktake/"


@pytest.fixture
def mine(client, employee):
    employee.department = DepartmentFactory()
    employee.save()
    client.force_login(employee.user)
    return client


def opened(*departments):
    stocktake = StocktakeFactory(name="Autumn")
    stocktake.departments.set(departments)
    return stocktaking.open(stocktake, by=None)


def text(response):
    return response.content.decode()


def test_home_asks_only_while_something_is_awaited(mine, employee):
    AssetFactory(holder=employee)
    assert "Please confirm" not in text(mine.get("/"))

    stocktake = opened(employee.department)
    assert "Please confirm 1 device</strong>" in text(mine.get("/"))

    stocktaking.close(stocktake, by=None)
    assert "Please confirm" not in text(mine.get("/"))


def test_one_device_is_confirmed_by_its_button(mine, employee):
    first, second = (AssetFactory(holder=employee) for _ in range(2))
    stocktake = opened(employee.department)
    page = text(mine.get(ADDRESS))
    assert first.tag in page
    assert second.tag in page

    count = stocktake.counts.get(asset=first)
    response = mine.post(
        ADDRESS, {"have": count.pk, "shown": [it.pk for it in Count.objects.all()]}
    )

    assert response.url == ADDRESS
    count.refresh_from_db()
    assert (count.result, count.source) == ("found", "portal")
    assert count.history.latest().history_user == employee.user
    page = text(mine.get(ADDRESS))
    assert f"Thank you. You have {first}." in page
    assert stocktake.counts.get(asset=second).result == "awaited"


def test_all_that_were_shown_are_confirmed_at_once_and_nothing_else(mine, employee):
    assets = [AssetFactory(holder=employee) for _ in range(3)]
    stocktake = opened(employee.department)
    shown = list(stocktake.counts.exclude(asset=assets[2]).values_list("pk", flat=True))

    page = text(mine.post(ADDRESS, {"shown": shown}, follow=True))

    assert "You have confirmed 2 devices" in page
    assert stocktake.counts.get(asset=assets[2]).result == "awaited"


def test_who_does_not_have_it_says_so_and_it_is_told(mine, employee):
    AssetFactory(holder=employee)
    stocktake = opened(employee.department)
    count = stocktake.counts.get()

    page = text(mine.post(ADDRESS, {"deny": count.pk}, follow=True))

    assert "IT is told" in page
    assert "you said you do not have it" in page
    assert 'name="deny"' not in page
    assert Message.objects.filter(key=f"stocktake-denied:{count.pk}").count() == 1


def test_what_is_elsewhere_by_now_is_no_longer_asked_for(mine, employee):
    asset = AssetFactory(holder=employee)
    opened(employee.department)
    asset.holder = PersonFactory()
    asset.save()
    assert asset.tag not in text(mine.get(ADDRESS))


def test_nobody_sees_or_answers_for_another(mine, employee):
    other = PersonFactory(user=UserFactory(), department=employee.department)
    asset = AssetFactory(tag="CANARY-TAG", holder=other)
    stocktake = opened(employee.department)
    count = stocktake.counts.get(asset=asset)

    assert "CANARY-TAG" not in text(mine.get(ADDRESS)) + text(mine.get("/"))
    for name in ("have", "deny", "shown"):
        assert mine.post(ADDRESS, {name: count.pk}).status_code == 404
    count.refresh_from_db()
    assert (count.result, count.denied_at) == ("awaited", None)


@pytest.mark.parametrize("sent", [{}, {"have": "x"}, {"shown": ""}, {"have": "9" * 40}])
def test_a_damaged_form_changes_nothing(mine, sent):
    assert mine.post(ADDRESS, sent).status_code == 404


def test_a_late_answer_is_told_so(mine, employee):
    AssetFactory(holder=employee)
    stocktake = opened(employee.department)
    count = stocktake.counts.get()
    stocktaking.close(stocktake, by=None)

    page = text(mine.post(ADDRESS, {"have": count.pk}, follow=True))

    assert "the stocktake is closed" in page
    count.refresh_from_db()
    assert count.result == "missing"


def test_with_nothing_awaited_the_page_says_what_to_do(mine):
    page = text(mine.get(ADDRESS))
    assert 'class="empty"' in page
    assert "/report/" in page


def test_who_is_not_signed_in_is_sent_to_sign_in(client):
    assert client.get(ADDRESS).url == f"/accounts/login/?next={ADDRESS}"


def test_the_page_asks_as_many_queries_for_many_devices(
    mine, employee, django_assert_max_num_queries
):
    for _ in range(15):
        AssetFactory(holder=employee)
    opened(employee.department)
    with django_assert_max_num_queries(6):
        mine.get(ADDRESS)
