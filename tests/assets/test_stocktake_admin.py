"""The back office's screens for stocktakes, with and without their script."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from assets import stocktaking
from assets.models import Count, Stocktake
from tests.factories import AssetFactory, DepartmentFactory, LocationFactory, StocktakeFactory
from tests.test_record_pages import fields_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def store():
    return LocationFactory(name="Store")


@pytest.fixture
def stocktake(store):
    stocktake = StocktakeFactory(name="Autumn")
    stocktake.locations.add(store)
    return stocktake


@pytest.fixture
def clerk(client, it):
    client.force_login(it)
    return client


@pytest.fixture
def helper(client, service_desk):
    client.force_login(service_desk)
    return client


def page(stocktake, name="change", *more):
    return reverse(f"admin:assets_stocktake_{name}", args=[stocktake.pk, *more])


def text(response):
    return response.content.decode()


def scan(client, stocktake, store, code):
    headers = {"Accept": "application/json"}
    sent = {"at": store.pk, "code": code}
    return client.post(page(stocktake, "count"), sent, headers=headers)


def test_a_clerk_prepares_opens_and_closes_it(clerk, store, it):
    asset, department = AssetFactory(location=store), DepartmentFactory()
    address = reverse("admin:assets_stocktake_add")
    sent = {
        **fields_of(clerk.get(address)),
        "name": "Autumn",
        "locations": [store.pk],
        "departments": [department.pk],
    }
    assert clerk.post(address, sent).status_code == 302
    stocktake = Stocktake.objects.get()
    assert list(stocktake.locations.all()) == [store]

    assert "Open</a>" in text(clerk.get(page(stocktake)))
    clerk.post(page(stocktake, "step", "open"), {"apply": "1"})
    shown = text(clerk.get(page(stocktake)))
    assert "How far it has got" in shown
    assert "Count</a>" in shown

    sent = {"apply": "1", "report_missing_lost": "on", "reason": "year end"}
    clerk.post(page(stocktake, "step", "close"), sent)
    asset.refresh_from_db()
    stocktake.refresh_from_db()
    assert (asset.state, stocktake.closed_at is not None) == ("lost", True)
    assert stocktake.history.latest().history_user == it
    assert "What it came to" in text(clerk.get(page(stocktake)))


def test_what_it_counts_stays_as_it_was_opened(clerk, stocktake, store):
    stale = fields_of(clerk.get(page(stocktake)))
    stocktaking.open(stocktake, by=None)
    other = LocationFactory()

    refused = clerk.post(page(stocktake), {**stale, "locations": [store.pk, other.pk]})
    sent = {**fields_of(clerk.get(page(stocktake))), "name": "Winter", "locations": [other.pk]}
    clerk.post(page(stocktake), sent)

    assert refused.status_code in (200, 302)
    stocktake.refresh_from_db()
    assert (stocktake.name, list(stocktake.locations.all())) == ("Winter", [store])


def test_one_that_began_is_not_deleted(clerk, stocktake):
    assert clerk.get(page(stocktake, "delete")).status_code == 200
    stocktaking.open(stocktake, by=None)
    assert clerk.post(page(stocktake, "delete"), {"post": "yes"}).status_code == 403


def test_the_place_is_chosen_once_and_kept(helper, stocktake, store):
    elsewhere = LocationFactory(name="Hamburg")
    stocktaking.open(stocktake, by=None)
    first = text(helper.get(page(stocktake, "count")))
    assert "Where are you counting?" in first
    assert "Hamburg" not in first

    shown = text(helper.get(page(stocktake, "count"), {"at": store.pk}))
    assert "You count at <strong>Store</strong>" in shown
    assert f'name="at" value="{store.pk}"' in shown
    wrong = text(helper.get(page(stocktake, "count"), {"at": elsewhere.pk}))
    assert "That place is not in this stocktake" in wrong


def test_the_script_is_answered_with_a_line(helper, stocktake, store, service_desk):
    asset = AssetFactory(location=store)
    stocktaking.open(stocktake, by=None)

    answer = scan(helper, stocktake, store, asset.tag).json()

    assert answer == {"kind": "found", "sentence": f"Found: {asset}.", "left": 0}
    assert Count.objects.get().history.latest().history_user == service_desk
    assert scan(helper, stocktake, store, asset.tag).json()["kind"] == "again"
    assert scan(helper, stocktake, store, " ").json()["kind"] == "refused"
    stocktaking.close(stocktake, by=None)
    assert "Autumn is closed" in scan(helper, stocktake, store, asset.tag).json()["sentence"]


def test_without_the_script_the_page_comes_back_with_the_sentence(helper, stocktake, store):
    asset = AssetFactory(location=store)
    stocktaking.open(stocktake, by=None)
    sent = {"at": store.pk, "code": asset.tag}

    response = helper.post(page(stocktake, "count"), sent, headers={"Accept": "text/html"})

    assert response.url == f"{page(stocktake, 'count')}?at={store.pk}"
    shown = text(helper.get(response.url))
    assert f"Found: {asset}." in shown
    assert "Counted here last" in shown


def test_a_list_is_counted_and_its_strange_codes_are_named(helper, stocktake, store):
    pasted, filed = (AssetFactory(location=store) for _ in range(2))
    stocktaking.open(stocktake, by=None)
    file = SimpleUploadedFile("codes.csv", f"Tag;x\n{filed.tag};1\nNOBODY;2\n".encode())
    sent = {"at": store.pk, "upload": "1", "codes": pasted.tag, "file": file}

    shown = text(helper.post(page(stocktake, "count"), sent))

    assert "The list is counted" in shown
    assert "Unknown code: NOBODY is on no record" in shown
    assert stocktake.counts.filter(result="found", source="upload").count() == 2


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(b"PK\x03\x04", "codes.csv is an Excel file"), (b"", "There is no code in it")],
)
def test_a_list_that_cannot_be_counted_is_refused(helper, stocktake, store, content, sentence):
    stocktaking.open(stocktake, by=None)
    file = SimpleUploadedFile("codes.csv", content)
    sent = {"at": store.pk, "upload": "1", "file": file}
    assert sentence in text(helper.post(page(stocktake, "count"), sent))


def test_hostile_codes_are_shown_as_they_are(helper, stocktake, store):
    stocktaking.open(stocktake, by=None)
    code = "<script>alert(1)</script>"
    scan(helper, stocktake, store, code)
    shown = text(helper.get(page(stocktake, "count"), {"at": store.pk}))
    assert code not in shown
    assert "&lt;script&gt;" in shown


def test_the_page_asks_as_many_queries_for_many_places(
    clerk, stocktake, store, django_assert_max_num_queries
):
    for number in range(30):
        AssetFactory(location=LocationFactory(name=f"Room {number}", parent=store))
    stocktaking.open(stocktake, by=None)
    with django_assert_max_num_queries(40) as few:
        clerk.get(page(stocktake))
    for number in range(30, 60):
        place = LocationFactory(name=f"Room {number}", parent=store)
        Count.objects.create(
            stocktake=stocktake, asset=AssetFactory(location=place), expected_location=place
        )
    with django_assert_max_num_queries(len(few)):
        assert "Room 59" in text(clerk.get(page(stocktake)))


@pytest.mark.parametrize(
    ("role", "counts", "opens", "exports", "sees_cost"),
    [
        ("it", True, True, True, True),
        ("service_desk", True, False, False, False),
        ("finance", False, False, True, True),
        ("auditor", False, False, True, True),
    ],
)
def test_each_role_may_its_part(
    role, counts, opens, exports, sees_cost, client, stocktake, store, request
):
    AssetFactory(location=store, cost=100, currency="EUR")
    stocktaking.open(stocktake, by=None)
    client.force_login(request.getfixturevalue(role))

    assert client.get(page(stocktake, "count")).status_code == (200 if counts else 403)
    answer = scan(client, stocktake, store, "T-1")
    assert answer.status_code == (200 if counts else 403)
    assert client.get(page(stocktake, "step", "close")).status_code == (200 if opens else 403)
    assert client.get(page(stocktake, "report", "csv")).status_code == (200 if exports else 403)

    stocktaking.close(stocktake, by=None)
    shown = text(client.get(page(stocktake)))
    assert ("Missing is what cost 100.00 EUR" in shown) == sees_cost
    assert ("Report as Excel" in shown) == exports


def test_who_may_export_but_not_see_costs_gets_a_file_without_them(
    client, stocktake, store, service_desk
):
    from django.contrib.auth.models import Permission

    AssetFactory(location=store, cost=12345)
    stocktaking.open(stocktake, by=None)
    service_desk.user_permissions.add(Permission.objects.get(codename="export_asset"))
    client.force_login(service_desk)
    data = client.get(page(stocktake, "report", "csv")).getvalue().decode()
    assert "Asset tag" in data
    assert "12345" not in data


def test_an_unknown_file_or_stocktake_is_none(clerk, stocktake):
    assert clerk.get(page(stocktake, "report", "pdf")).status_code == 404
    address = reverse("admin:assets_stocktake_count", args=[stocktake.pk + 1])
    assert clerk.get(address).status_code == 404
    assert clerk.get(page(stocktake, "count")).status_code == 200


def test_the_lines_of_a_stocktake_are_filtered_by_result(clerk, stocktake, store):
    asset = AssetFactory(location=store)
    stocktaking.open(stocktake, by=None)
    address = reverse("admin:assets_count_changelist")
    asked = {"stocktake__id__exact": stocktake.pk, "result__exact": "awaited"}
    assert asset.tag in text(clerk.get(address, asked))
    assert asset.tag not in text(clerk.get(address, {**asked, "result__exact": "found"}))
    assert clerk.get(address, {"denied_at__isempty": "0"}).status_code == 200
    assert clerk.get(address, {"expected_location": store.pk}).status_code == 200
    assert asset.tag not in text(clerk.get(address, {**asked, "asset__isnull": "1"}))
