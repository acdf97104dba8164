"""What is supported until when, what has updates missing, and what has fallen silent."""

import time
from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from assets import health
from assets.models import Asset, Release
from config import tables
from config.resources import kinds, run
from tests.factories import AssetFactory, ProductFactory, ReleaseFactory, VendorFactory
from tests.importing import load, problems
from tests.services import data_file

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 24)
FILE = "endoflife/endoflife-details-2025-05.csv"


def releases(text):
    """`releases("windows: 10-22h2, 11-23h2-e")` makes two of windows."""
    product, _, cycles = text.partition(": ")
    return [ReleaseFactory(product=product, cycle=cycle) for cycle in cycles.split(", ")]


# --- The file ------------------------------------------------------------------------------------


@pytest.fixture
def real():
    with data_file(FILE).open("rb") as file:
        return tables.read(file, "endoflife.csv")


def test_the_file_of_endoflife_is_read_in_seconds_and_twice_changes_nothing(real):
    before = time.perf_counter()
    first = run(kinds()["releases"], real)
    took = time.perf_counter() - before
    second = run(kinds()["releases"], real)

    assert first.summary == "5827 created, 0 updated, 0 unchanged, 0 refused"
    assert second.summary == "0 created, 0 updated, 5827 unchanged, 0 refused"
    assert Release.objects.filter(has_ended=True).count() == 405
    assert Release.objects.exclude(ends_on=None).count() == 4920
    assert took < 30
    found = health.Releases()
    names = ["Microsoft Windows 11 Pro 24H2", "Ubuntu 24.04.2 LTS", "macOS 15.3", "iOS 18.1"]
    assert [str(found.of_system(name)) for name in names] == [
        "windows 11-24h2-w",
        "ubuntu 24.04",
        "macos 15",
        "ios 18",
    ]


@pytest.mark.parametrize(
    ("eol", "ends_on", "has_ended"),
    [
        ("2026-09-30", date(2026, 9, 30), False),
        ("true", None, True),
        ("false", None, False),
        ("", None, False),
    ],
)
def test_an_end_of_support_is_a_day_or_only_told(eol, ends_on, has_ended):
    load("releases", ["product", "cycle", "eol"], ["x", "1", eol])
    release = Release.objects.get()
    assert (release.ends_on, release.has_ended) == (ends_on, has_ended)


def test_a_day_that_is_taken_back_is_empty_again():
    ReleaseFactory(product="X", cycle="1", ends_on=TODAY)
    load("releases", ["product", "cycle", "eol"], ["x", "1", "false"])
    release = Release.objects.get()
    assert (release.ends_on, release.has_ended) == (None, False)


def test_what_is_no_day_is_refused_with_its_row():
    report = load("releases", ["product", "cycle", "eol"], ["x", "1", "soon"])
    assert 'column eol, "soon": is no day; accepted are days' in str(report.refusals[0])
    assert "row 2" in problems(report)[0]
    assert not Release.objects.exists()


# --- Which release a name means ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Windows 10 22H2", "windows 10-22h2"),
        ("Microsoft Windows 10 Pro 22H2", "windows 10-22h2"),
        ("Windows 11 Enterprise 23H2", "windows 11-23h2-e"),
        ("Windows 11 Pro 23H2", "windows 11-23h2-w"),
        ("Windows 11 23H2", None),
        ("Windows 11", None),
        ("Windows 10 Enterprise LTSC 21H2", None),
        ("Windows Phone 8", None),
        ("Windows 7 SP1", "windows 7-sp1"),
        ("Windows Server 2019 Standard", "windows-server 2019"),
        ("Windows Server 2012 R2", "windows-server 2012-r2"),
        ("Ubuntu 22.04.3 LTS", "ubuntu 22.04"),
        ("Debian GNU/Linux 12 (bookworm)", "debian 12"),
        ("Red Hat Enterprise Linux Server release 7.9 (Maipo)", "rhel 7"),
        ("SUSE Linux Enterprise Server 15 SP4", "sles 15.4"),
        ("CentOS Stream 9", "centos-stream 9"),
        ("macOS 14.2", "macos 14"),
        ("Mac OS X 10.15.7", "macos 10.15"),
        ("macOS Sonoma 14.5", "macos 14"),
        ("Android 13", "android 13"),
        ("iOS 17.1", "ios 17"),
        ("iOS 1", None),
        ("VMware ESXi 7.0.3", "esxi 7.0"),
        ("Plan 9", None),
        ("", None),
    ],
)
def test_the_name_of_a_system_means_one_release_or_none(text, expected):
    for line in (
        "windows: 10-22h2, 11-23h2-e, 11-23h2-w, 10-21h2-e, 10-21h2-w, 8, 7-sp1",
        "windows-server: 2019, 2012-r2, 2012",
        "ubuntu: 22.04, 22.10",
        "debian: 12, 1.2",
        "rhel: 7, 8",
        "sles: 15, 15.4",
        "centos: 8",
        "centos-stream: 9",
        "macos: 14, 10.15, 10.1",
        "android: 13, 1.0",
        "ios: 17, 18",
        "esxi: 7.0",
    ):
        releases(line)

    found = health.match_release(text)

    assert (str(found) if found else None) == expected


@pytest.mark.parametrize(
    ("maker", "name", "expected"),
    [
        ("Apple", "iPhone 12", "iphone 12"),
        ("Apple", "iPhone 12 Pro Max", "iphone 12-pro-max"),
        ("Apple", "Apple Watch Series 9", "apple-watch series-9"),
        ("Google", "Pixel 9 Pro Fold", "pixel 9profold"),
        ("Samsung", "Galaxy S21 5G", "samsung-mobile galaxy-s21-5g"),
        ("Samsung", "Galaxy S21", None),
        ("Microsoft", "Surface Pro 9", "surface pro-9"),
        ("Apple", "iPhone", None),
        ("Dell", "12", None),
    ],
)
def test_a_device_is_the_release_of_exactly_its_name(it, maker, name, expected):
    for line in (
        "iphone: 12, 12-pro, 12-pro-max",
        "apple-watch: series-9",
        "pixel: 9, 9pro, 9profold",
        "samsung-mobile: galaxy-s21-5g, galaxy-s21-fe-5g",
        "surface: pro-9, pro",
    ):
        releases(line)
    Release.objects.get_or_create(product="other", cycle="0")
    product = ProductFactory(name=name, maker=VendorFactory(name=maker))

    found = health.Releases().of_model(product)

    assert (str(found) if found else None) == expected


def test_products_take_their_end_of_life_from_their_releases(it):
    ReleaseFactory(product="iphone", cycle="12", ends_on=TODAY)
    ReleaseFactory(product="iphone", cycle="4", has_ended=True)
    apple = VendorFactory(name="Apple")
    old, new, other = (
        ProductFactory(name=name, maker=apple) for name in ("iPhone 4", "iPhone 12", "iPod")
    )

    outcome = health.take_end_of_life([old, new, other], by=it)

    new.refresh_from_db()
    assert (outcome.done, new.end_of_life_on) == ([new], TODAY)
    assert outcome.refused == [
        "Apple iPhone 4: the support of iphone 4 has ended, on a day that is not known.",
        "Apple iPod: no release has this name, or several have.",
    ]
    assert new.history.latest().history_user == it


# --- Assets and their releases -------------------------------------------------------------------


def test_assets_find_their_releases_with_the_import_and_keep_what_was_chosen(it):
    chosen = ReleaseFactory(product="debian", cycle="12")
    kept = AssetFactory(operating_system="Ubuntu 22.04", release=chosen)
    waiting = AssetFactory(operating_system="Ubuntu 22.04.3")
    unknown = AssetFactory(operating_system="Plan 9")

    load("releases", ["product", "cycle", "eol"], ["ubuntu", "22.04", "2027-04-01"], by=None)

    for asset in (kept, waiting, unknown):
        asset.refresh_from_db()
    assert (kept.release, str(waiting.release), unknown.release) == (chosen, "ubuntu 22.04", None)
    assert waiting.history.count() == 2


def test_matching_takes_as_many_queries_for_many_assets(it, django_assert_max_num_queries):
    releases("ubuntu: 22.04")
    product = ProductFactory()
    for number in range(30):
        AssetFactory(operating_system=f"Ubuntu 22.04.{number}", product=product)
    with django_assert_max_num_queries(12):
        assert len(health.match_all(by=it)) == 30


def test_an_asset_that_finds_no_release_is_told_why(it):
    silent, unknown = AssetFactory(), AssetFactory(operating_system="Plan 9")
    outcome = health.match([silent, unknown], by=it)
    assert outcome.refused == [
        f"{silent} has no operating system: write down what it runs.",
        f"{unknown} runs Plan 9, which names no release, or several.",
    ]


def test_out_of_support_is_a_release_or_a_product_that_ended():
    yesterday, tomorrow = date(2026, 11, 23), date(2026, 11, 25)
    ended = [
        AssetFactory(release=ReleaseFactory(ends_on=yesterday)),
        AssetFactory(release=ReleaseFactory(has_ended=True)),
        AssetFactory(product__end_of_life_on=yesterday),
    ]
    today = AssetFactory(release=ReleaseFactory(ends_on=TODAY))
    ending = AssetFactory(product__end_of_life_on=tomorrow)
    AssetFactory(release=ReleaseFactory())
    AssetFactory(release=ReleaseFactory(ends_on=yesterday), state="retired")

    assert set(health.out_of_support(Asset.objects.all(), TODAY)) == set(ended)
    assert set(health.support_ending(Asset.objects.all(), 1, TODAY)) == {today, ending}
    assert set(health.support_ending(Asset.objects.all(), 0, TODAY)) == {today}


def test_the_list_of_releases_parts_what_has_ended_from_what_goes_on(client, it):
    today = timezone.localdate()
    ended = {ReleaseFactory(ends_on=today - timedelta(1)), ReleaseFactory(has_ended=True)}
    going_on = {ReleaseFactory(ends_on=today), ReleaseFactory()}
    client.force_login(it)
    for value, found in [("ended", ended), ("goes_on", going_on)]:
        response = client.get(reverse("admin:assets_release_changelist"), {"support": value})
        assert set(response.context_data["cl"].queryset) == found


def test_silent_is_what_was_last_seen_so_many_days_ago(settings):
    settings.TIME_ZONE = "UTC"
    seen = datetime(2026, 10, 25, 23, 59, tzinfo=UTC)
    asset = AssetFactory(last_seen_at=seen)
    AssetFactory(last_seen_at=datetime(2026, 10, 26, 0, 0, tzinfo=UTC))
    AssetFactory(last_seen_at=None)
    AssetFactory(last_seen_at=seen, state="retired")
    assert list(health.silent(Asset.objects.all(), 30, TODAY)) == [asset]
    assert list(health.silent(Asset.objects.all(), 31, TODAY)) == []


def test_unpatched_is_what_reports_missing_updates():
    asset = AssetFactory(patch_status="behind")
    AssetFactory(patch_status="current")
    AssetFactory()
    assert list(health.unpatched(Asset.objects.all())) == [asset]


# --- In the back office --------------------------------------------------------------------------

LIST = "admin:assets_asset_changelist"


def test_the_list_of_assets_is_filtered_by_health_and_exported_so(client, it):
    ended = AssetFactory(release=ReleaseFactory(product="windows", cycle="7", has_ended=True))
    behind = AssetFactory(patch_status="behind")
    gone = AssetFactory(last_seen_at=datetime(2020, 1, 1, tzinfo=UTC))
    soon = AssetFactory(product__end_of_life_on=timezone.localdate())
    client.force_login(it)
    expected = {"out": ended, "ending": soon, "unpatched": behind, "silent-45": gone}
    for value, asset in expected.items():
        listed = client.get(reverse(LIST), {"health": value}).context["cl"].result_list
        assert list(listed) == [asset], value
    answer = client.get(reverse("admin:assets_asset_export", args=["csv"]), {"health": "out"})
    text = b"".join(answer.streaming_content).decode()
    assert "windows 7" in text
    assert behind.tag not in text


@pytest.mark.parametrize("value", ["silent-0", "silent-x", "silent-99999", "'"])
def test_a_health_that_is_none_is_refused(client, it, value):
    client.force_login(it)
    answer = client.get(reverse(LIST), {"health": value})
    assert answer.status_code in (302, 400)


def test_an_asset_whose_system_is_changed_on_its_page_finds_its_release(client, it):
    releases("ubuntu: 22.04, 24.04")
    asset = AssetFactory(operating_system="Ubuntu 22.04")
    health.match_all(by=it)
    client.force_login(it)
    address = reverse("admin:assets_asset_change", args=[asset.pk])
    form = client.get(address).context["adminform"].form
    sent = {name: form[name].value() or "" for name in form.fields}
    for formset in client.get(address).context["inline_admin_formsets"]:
        for field in formset.formset.management_form:
            sent[field.html_name] = field.value() or 0

    answer = client.post(address, sent | {"operating_system": "Ubuntu 24.04.1"})

    assert answer.status_code == 302
    asset.refresh_from_db()
    assert str(asset.release) == "ubuntu 24.04"


def test_an_import_gives_system_patches_and_last_seen_and_the_release_follows():
    releases("ubuntu: 22.04, 24.04")
    asset = AssetFactory(tag="A1", operating_system="Ubuntu 22.04")
    header = ["asset tag", "os", "compliance", "last seen"]

    report = load("assets", header, ["A1", "Ubuntu 24.04.1", "Noncompliant", "2026-11-20 08:00"])

    asset.refresh_from_db()
    assert report.summary == "0 created, 1 updated, 0 unchanged, 0 refused"
    assert (str(asset.release), asset.patch_status) == ("ubuntu 24.04", "behind")
    assert timezone.localtime(asset.last_seen_at).hour == 8


def test_a_release_that_a_row_names_counts_before_the_system_beside_it():
    releases("ubuntu: 22.04, 24.04")
    asset = AssetFactory(tag="A1")
    header = ["asset tag", "os", "supported release"]

    load("assets", header, ["A1", "Ubuntu 24.04.1", "ubuntu 22.04"])
    asset.refresh_from_db()
    assert str(asset.release) == "ubuntu 22.04"

    report = load("assets", header, ["A1", "", "plan 9"])
    assert "is no release that is there; accepted is" in problems(report)[0]


def test_steps_match_assets_and_take_the_end_of_life_of_products(client, it):
    ReleaseFactory(product="iphone", cycle="12", ends_on=TODAY)
    releases("ios: 17")
    product = ProductFactory(name="iPhone 12")
    asset = AssetFactory(product=product, operating_system="iOS 17.1")
    client.force_login(it)

    step = reverse("admin:assets_asset_step", args=[asset.pk, "match_release"])
    client.post(step, {"apply": "1"})
    step = reverse("admin:assets_product_step", args=[product.pk, "take_end_of_life"])
    client.post(step, {"apply": "1"})

    asset.refresh_from_db()
    product.refresh_from_db()
    assert (str(asset.release), product.end_of_life_on) == ("ios 17", TODAY)


@pytest.mark.parametrize(
    ("who", "may"), [("it", True), ("finance", False), ("service_desk", False), ("auditor", False)]
)
def test_releases_are_edited_and_imported_by_it_and_seen_by_all(client, request, who, may):
    release = ReleaseFactory(product="debian", cycle="12")
    client.force_login(request.getfixturevalue(who))
    address = reverse("admin:assets_release_changelist")
    assert client.get(address).status_code == 200
    assert client.get(reverse("admin:assets_release_change", args=[release.pk])).status_code == 200
    expected = 200 if may else 403
    assert client.get(reverse("admin:assets_release_add")).status_code == expected
    assert client.get(reverse("admin:assets_release_import")).status_code == expected
