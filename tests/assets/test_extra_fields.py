import io
from contextlib import nullcontext
from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from assets import extra_fields, state_labels
from assets.models import Asset, ExtraField, StateLabel
from config import tables
from config.resources import kinds, run
from tests.factories import (
    AssetFactory,
    CategoryFactory,
    ExtraFieldFactory,
    ProductFactory,
    StateLabelFactory,
)
from tests.importing import load, problems, queries
from tests.rendering import unrendered
from tests.test_exports import csv_rows, file_of, sheet_of
from tests.test_record_pages import fields_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("without_menus")]


# --- What is accepted ----------------------------------------------------------------------------

COLOURS = {"kind": "choice", "choices": "Black\nRosé"}


@pytest.mark.parametrize(
    ("kind", "typed", "stored"),
    [
        ("text", "  a word ", "a word"),
        ("number", "16", 16),
        ("number", "16.0", 16),
        ("number", "-1234.5", -1234.5),
        ("number", 0.1, 0.1),
        ("number", "0", 0),
        ("date", "2024-02-29", "2024-02-29"),
        ("date", "31.05.2024", "2024-05-31"),
        ("date", date(2024, 5, 31), "2024-05-31"),
        ("choice", "BLACK", "Black"),
        ("choice", "rosé", "Rosé"),
        ("boolean", "Yes", True),
        ("boolean", "0", False),
        ("url", "https://example.com/a?b=1", "https://example.com/a?b=1"),
        ("ip", "192.0.2.7", "192.0.2.7"),
        ("ip", "2001:0DB8:0:0:0:0:0:7", "2001:db8::7"),
        ("ip", "::ffff:192.0.2.7", "192.0.2.7"),
    ],
)
def test_a_value_is_stored_in_one_form(kind, typed, stored):
    field = ExtraField(name="RAM", kind=kind, choices=COLOURS["choices"])

    value = extra_fields.clean(field, typed)

    assert (value, type(value)) == (stored, type(stored))
    assert extra_fields.clean(field, extra_fields.shown(field, value)) == stored


@pytest.mark.parametrize(
    ("kind", "typed", "said"),
    [
        ("number", "abc", "RAM: “abc” is no number; accepted are numbers such as 16 and 1234.5."),
        ("number", "1,5", "is no number"),
        ("number", "1e5", "is no number"),
        ("number", "١٦", "is no number"),
        ("number", "1234567890123456", "has too many digits; accepted are 15"),
        ("date", "2023-02-29", "is no day of the calendar"),
        ("date", "5/1/2019", "could be two days"),
        ("choice", "Blue", "RAM: “Blue” is none of its choices; accepted are Black, Rosé."),
        ("boolean", "maybe", "accepted are yes and no"),
        ("url", "javascript:alert(1)", "is no web address; accepted are addresses such as https"),
        ("url", "ftp://example.com", "is no web address"),
        ("ip", "192.0.2.256", "is no IP address; accepted are addresses such as 192.0.2.7"),
        ("ip", "1", "is no IP address"),
        ("text", "a\x00b", "is no text"),
        ("text", "a" * 1001, "is no text of at most 1000 letters"),
    ],
)
def test_what_is_refused_is_told_with_what_is_accepted(kind, typed, said):
    field = ExtraField(name="RAM", kind=kind, choices=COLOURS["choices"])

    with pytest.raises(ValidationError) as refusal:
        extra_fields.clean(field, typed)

    assert said in refusal.value.messages[0]


@pytest.mark.parametrize("blank", [None, "", "  "])
def test_a_blank_is_no_value(blank):
    assert extra_fields.clean(ExtraField(name="RAM", kind="number"), blank) is None


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("RAM (GB)", "ram-gb"),
        ("5", "field-5"),
        ("内存", "field"),
        ("a__b", "a-b"),
        ("RAM", "ram-2"),
    ],
)
def test_a_key_begins_with_a_letter_and_is_like_no_other(name, key):
    assert extra_fields.new_key(name, {"ram"}) == key


# --- A category's fields -------------------------------------------------------------------------


def page(record, name="change"):
    return reverse(f"admin:assets_{record._meta.model_name}_{name}", args=[record.pk])


@pytest.fixture
def ann(client, it):
    client.force_login(it)
    return client


@pytest.fixture
def laptops():
    """Laptops have RAM, a colour, a lease's end, a dock or none, a page, an address and a note."""
    category = CategoryFactory(name="Laptop")
    for position, (name, kind) in enumerate(
        [
            ("RAM", "number"),
            ("Colour", "choice"),
            ("Leased until", "date"),
            ("Has dock", "boolean"),
            ("Page", "url"),
            ("Address", "ip"),
            ("Remark", "text"),
        ]
    ):
        choices = "Black\nSilver" if kind == "choice" else ""
        ExtraFieldFactory(
            category=category, name=name, kind=kind, choices=choices, position=position
        )
    return category


@pytest.fixture
def latitude(laptops):
    return ProductFactory(name="Latitude", category=laptops)


def laptop(product, tag, **extra):
    return AssetFactory(
        product=product, tag=tag, extra={key.replace("_", "-"): v for key, v in extra.items()}
    )


def save_fields(client, category, *changes, **more):
    """Send the category's page with further fields, or with changes to those that are there."""
    data = fields_of(client.get(page(category)))
    for number, change in enumerate(changes):
        data |= {f"extra_fields-{number}-{name}": value for name, value in change.items()}
    data["extra_fields-TOTAL_FORMS"] = max(len(changes), int(data["extra_fields-TOTAL_FORMS"]))
    return client.post(page(category), data | more)


def field_data(name, kind="text", **more):
    return {"name": name, "kind": kind, "choices": "", "position": 0} | more


def test_a_field_gets_its_key_once_and_keeps_it(ann, it):
    category = CategoryFactory()

    save_fields(ann, category, field_data("RAM (GB)"), field_data("RAM [MB]"))
    assert [it.key for it in category.extra_fields.all()] == ["ram-gb", "ram-mb"]
    save_fields(ann, category, {"name": "Memory"})

    first = category.extra_fields.first()
    assert (first.name, first.key) == ("Memory", "ram-gb")
    assert first.history.latest().history_user == it


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ([field_data("Serial-Number")], "“Serial-Number” is a column of every asset already"),
        ([field_data("RAM"), field_data("ram!")], "“ram!” and “RAM” are the same name"),
        ([field_data("???")], "Give a name with letters or digits."),
        ([field_data("Colour", "choice")], "List what can be chosen, one a line."),
        ([field_data("C", "choice", choices="Red\nred")], "“red” is there twice"),
    ],
)
def test_a_field_that_would_be_mistaken_is_refused_in_words(ann, fields, said):
    category = CategoryFactory()

    response = save_fields(ann, category, *fields)

    assert said.replace("“", "").split("”")[0] in response.content.decode().replace("“", "")
    assert not category.extra_fields.exists()


def test_the_kind_of_a_field_with_values_stays(ann, laptops, latitude):
    ram = laptops.extra_fields.get(key="ram")
    assert save_fields(ann, laptops, {"kind": "text"}).status_code == 302
    assert save_fields(ann, laptops, {"kind": "number"}).status_code == 302
    laptop(latitude, "A1", ram=16)

    response = save_fields(ann, laptops, {"kind": "text"})

    ram.refresh_from_db()
    assert ram.kind == "number"
    assert "1 assets have a value of it, so it stays" in response.content.decode()


def test_a_field_with_values_is_deleted_only_with_a_reason_and_takes_them_along(ann, it, latitude):
    asset = laptop(latitude, "A1", ram=16, colour="Black")
    other = AssetFactory(extra={"ram": "another category's"})

    refused = save_fields(ann, latitude.category, {"DELETE": "on"})
    assert "RAM has a value on 1 assets, which would lose it" in refused.content.decode()
    done = save_fields(ann, latitude.category, {"DELETE": "on"}, reason="nobody counts it")

    asset.refresh_from_db()
    other.refresh_from_db()
    version = asset.history.latest()
    assert done.status_code == 302
    assert not latitude.category.extra_fields.filter(key="ram").exists()
    assert (asset.extra, other.extra) == ({"colour": "Black"}, {"ram": "another category's"})
    assert (version.history_user, version.history_change_reason) == (it, "nobody counts it")


# --- The page of an asset ------------------------------------------------------------------------


def test_the_page_asks_for_the_fields_of_its_category_and_stores_them(ann, it, latitude):
    asset = laptop(latitude, "A1")
    data = fields_of(ann.get(page(asset)))
    assert {name for name in data if name.startswith("extra_")} == {
        "extra_ram", "extra_colour", "extra_leased-until", "extra_has-dock", "extra_page",
        "extra_address", "extra_remark",
    }  # fmt: skip

    data |= {"extra_ram": "16", "extra_colour": "Silver", "extra_has-dock": "no"}
    assert ann.post(page(asset), data | {"reason": "counted"}).status_code == 302

    asset.refresh_from_db()
    assert asset.extra == {"ram": 16, "colour": "Silver", "has-dock": False}
    assert asset.history.latest().extra == asset.extra
    again = fields_of(ann.get(page(asset)))
    assert (again["extra_ram"], again["extra_has-dock"]) == ("16", "no")

    assert ann.post(page(asset), again | {"extra_ram": ""}).status_code == 302
    asset.refresh_from_db()
    assert asset.extra == {"colour": "Silver", "has-dock": False}


def test_a_wrong_value_is_refused_beside_its_field(ann, latitude):
    asset = laptop(latitude, "A1", ram=16)
    data = fields_of(ann.get(page(asset)))

    response = ann.post(page(asset), data | {"extra_ram": "abc", "extra_colour": "Pink"})

    text = response.content.decode()
    assert "RAM: “abc” is no number" in text
    assert "Colour: “Pink” is none of its choices" in text
    assert Asset.objects.get().extra == {"ram": 16}


def test_of_two_clerks_the_second_is_shown_what_the_first_wrote(ann, administrator, latitude):
    from django.test import Client

    ben = Client()
    ben.force_login(administrator)
    asset = laptop(latitude, "A1", ram=8, colour="Black")
    mine, theirs = fields_of(ann.get(page(asset))), fields_of(ben.get(page(asset)))
    assert ben.post(page(asset), theirs | {"extra_ram": "32"}).status_code == 302

    refused = ann.post(page(asset), mine | {"extra_colour": "Silver"})

    assert "RAM: was “8”, is now “32”" in refused.content.decode()
    again = fields_of(refused)
    assert (again["extra_ram"], again["extra_colour"]) == ("32", "Silver")
    assert ann.post(page(asset), again).status_code == 302
    asset.refresh_from_db()
    assert asset.extra == {"ram": 32, "colour": "Silver"}


def test_a_choice_that_is_no_longer_offered_stays_until_it_is_changed(ann, laptops, latitude):
    asset = laptop(latitude, "A1", colour="Black")
    laptops.extra_fields.filter(key="colour").update(choices="Silver")

    data = fields_of(ann.get(page(asset)))
    assert ann.post(page(asset), data | {"notes": "x"}).status_code == 302

    asset.refresh_from_db()
    assert (asset.extra, asset.notes) == ({"colour": "Black"}, "x")


def new_asset(client, product, **more):
    data = fields_of(client.get(reverse("admin:assets_asset_add")))
    return client.post(
        reverse("admin:assets_asset_add"), data | {"product": product.pk, "tag": "A1"} | more
    )


def test_a_new_asset_is_asked_for_what_its_category_requires(ann, laptops, latitude):
    laptops.extra_fields.filter(key="ram").update(is_required=True)

    asked = new_asset(ann, latitude)
    assert asked.status_code == 200
    assert "extra_ram" in fields_of(asked) | asked.context["adminform"].form.errors
    assert not Asset.objects.exists()

    assert new_asset(ann, latitude, extra_ram="16").status_code == 302
    assert Asset.objects.get().extra == {"ram": 16}
    assert Asset.objects.get().history.get().extra == {"ram": 16}


def test_a_new_asset_of_a_category_that_requires_nothing_is_saved_at_once(ann, latitude):
    assert new_asset(ann, latitude).status_code == 302
    assert Asset.objects.get().extra == {}


@pytest.mark.parametrize("product", ["0", "-1", "\u0663"])
def test_a_product_that_is_none_is_refused(ann, latitude, product):
    asset = laptop(latitude, "A1", ram=8)
    data = fields_of(ann.get(page(asset)))

    assert ann.post(page(asset), data | {"product": product}).status_code == 200
    # The page to add one is rendered for the first, of the others the form of it.
    with nullcontext() if product == "0" else unrendered():
        asked = ann.get(reverse("admin:assets_asset_add"), {"product": product})
    assert asked.status_code == 200
    assert str(asked.context_data["adminform"].form)


def test_in_another_category_only_fields_of_the_same_key_keep_their_values(ann, latitude):
    phone = ProductFactory(category=CategoryFactory(name="Phone"))
    ExtraFieldFactory(category=phone.category, name="RAM", kind="number")
    asset = laptop(latitude, "A1", ram=8, colour="Black")
    data = fields_of(ann.get(page(asset)))

    assert ann.post(page(asset), data | {"product": phone.pk}).status_code == 302

    asset.refresh_from_db()
    assert asset.extra == {"ram": 8}
    assert asset.history.earliest().extra == {"ram": 8, "colour": "Black"}


def test_who_may_only_look_is_shown_the_values_and_can_write_none(client, auditor, latitude):
    client.force_login(auditor)
    asset = laptop(latitude, "A1", ram=16, has_dock=True)

    text = client.get(page(asset)).content.decode()

    assert "RAM: 16; Has dock: yes" in text
    assert "extra_ram" not in text
    assert client.post(page(asset), {"extra_ram": "1"}).status_code == 403


def test_who_may_change_only_the_cost_leaves_the_fields_alone(client, finance, latitude):
    client.force_login(finance)
    asset = laptop(latitude, "A1", ram=16)
    data = fields_of(client.get(page(asset)))

    assert client.post(page(asset), data | {"cost": "5", "extra_ram": "1"}).status_code == 302

    asset.refresh_from_db()
    assert (asset.cost, asset.extra) == (5, {"ram": 16})


def test_the_history_says_what_each_field_was_and_became(ann, latitude):
    asset = laptop(latitude, "A1", ram=8, colour="Black")
    data = fields_of(ann.get(page(asset)))
    ann.post(page(asset), data | {"extra_ram": "32", "extra_has-dock": "yes"})

    response = ann.get(page(asset, "history"))

    text = response.content.decode()
    assert "Has dock: empty; RAM: 8" in text
    assert "Has dock: yes; RAM: 32" in text
    assert "Colour" not in text.split("RAM: 8")[1].split("RAM: 32")[0]
    old = asset.history.earliest()
    version = reverse("admin:assets_asset_simple_history", args=[asset.pk, old.history_id])
    assert "RAM: 8; Colour: Black" in ann.get(version).content.decode()


# --- The list ------------------------------------------------------------------------------------


@pytest.fixture
def three(latitude):
    laptop(latitude, "A1", ram=8, colour="Black", leased_until="2024-05-31", has_dock=True)
    laptop(latitude, "A2", ram=16, colour="Silver", leased_until="2025-01-01", has_dock=False)
    laptop(latitude, "A3", ram=128, remark="100% O'Hara", address="10.0.0.7")
    AssetFactory(tag="B1", extra={"ram": 16})
    return latitude.category


def listed(client, category, **filters):
    address = reverse("admin:assets_asset_changelist")
    chosen = {"product__category__id__exact": category.pk} if category else {}
    filters = {f"extra_{key.replace('_', '-')}": value for key, value in filters.items()}
    response = client.get(address, chosen | filters, follow=True)
    assert response.status_code == 200, response
    return [row.tag for row in response.context_data["cl"].result_list], response


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"ram": "16"}, ["A2"]),
        ({"ram": "9..128"}, ["A2", "A3"]),
        ({"ram": "..16"}, ["A1", "A2"]),
        ({"ram": "16.."}, ["A2", "A3"]),
        ({"colour": "black"}, ["A1"]),
        ({"has_dock": "yes"}, ["A1"]),
        ({"has_dock": "no"}, ["A2"]),
        ({"leased_until": "2024-05-31"}, ["A1"]),
        ({"leased_until": "2024-06-01.."}, ["A2"]),
        ({"remark": "0% o'h"}, ["A3"]),
        ({"address": "10.0"}, ["A3"]),
        ({"ram": "8..16", "colour": "Silver"}, ["A2"]),
        ({"ram": ""}, ["A1", "A2", "A3"]),
    ],
)
def test_the_list_is_filtered_by_the_fields_of_its_category(ann, three, filters, found):
    tags, _ = listed(ann, three, **filters)

    assert tags == found


def test_a_value_that_is_none_of_its_kind_finds_nothing_and_says_why(ann, three):
    tags, response = listed(ann, three, ram="abc")

    assert tags == []
    assert "RAM: “abc” is no number" in response.content.decode()


HOSTILE = ["'", '"', "\\", "%", "\x00", "a\x00b", "{}", "..", "1..x", "9" * 400, "$.ram", "'; --"]


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_value_harms_nothing(ann, three, value):
    # Each on its own, as the query of the list; then all of them through the whole page.
    keys = ("ram", "colour", "leased_until", "has_dock", "remark")
    with unrendered():
        for key in keys:
            listed(ann, three, **{key: value})
    listed(ann, three, **dict.fromkeys(keys, value))


def test_filters_of_another_category_are_left_out(ann, three):
    tags, response = listed(ann, None, ram="16", made_up="1")

    assert tags == ["A1", "A2", "A3", "B1"]
    assert "extra_" not in response.wsgi_request.get_full_path()


def test_no_path_into_the_stored_values_may_be_looked_up(ann, three):
    address = reverse("admin:assets_asset_changelist")
    for lookup in ("extra__ram", "extra__ram__gte", "extra__has_key", "extra"):
        assert ann.get(address, {lookup: "16"}).status_code == 400
    chosen = {"product__category__id__exact": three.pk}
    assert ann.get(address, chosen | {"extra_ram__gte": "1"}).status_code in (302, 400)
    for category in ("x", "9" * 30, "\u0663"):
        response = ann.get(address, {"product__category__id__exact": category})
        assert response.status_code in (200, 302)


def test_an_export_takes_over_the_filter(ann, three):
    address = reverse("admin:assets_asset_export", args=["csv"])
    response = ann.get(address, {"product__category__id__exact": three.pk, "extra_ram": "16"})

    lines = b"".join(response.streaming_content).decode().splitlines()
    assert [line.split(",")[0] for line in lines[1:]] == ["A2"]


# --- Spreadsheets --------------------------------------------------------------------------------

HEADER = ["tag", "product", "ram", "Colour", "Leased until", "Has dock", "Remark"]


def test_a_column_named_as_a_field_is_read_into_it(latitude, it):
    row = ["A1", "Latitude", "16", "silver", "31.05.2024", "yes", "=1"]

    first = load("assets", HEADER, row, by=it)
    second = load("assets", HEADER, row, by=it)

    asset = Asset.objects.get()
    assert first.summary == "1 created, 0 updated, 0 unchanged, 0 refused"
    assert second.summary == "0 created, 0 updated, 1 unchanged, 0 refused"
    assert not first.ignored
    assert asset.extra == {
        "ram": 16, "colour": "Silver", "leased-until": "2024-05-31", "has-dock": True,
        "remark": "=1",
    }  # fmt: skip
    assert asset.history.get().extra == asset.extra


def test_a_changed_cell_changes_its_field_alone_and_a_blank_one_nothing(latitude, it):
    asset = laptop(latitude, "A1", ram=8, colour="Black")

    report = load("assets", ["tag", "RAM", "Colour"], ["A1", "32", ""], by=it)

    asset.refresh_from_db()
    assert report.summary == "0 created, 1 updated, 0 unchanged, 0 refused"
    assert asset.extra == {"ram": 32, "colour": "Black"}
    assert asset.history.latest().extra == asset.extra
    [change] = report.changes
    assert (change.field, change.before) == ("extra fields", "RAM: 8; Colour: Black")
    assert change.after == "RAM: 32; Colour: Black"


def test_a_wrong_cell_is_refused_with_its_row_and_column(latitude):
    report = load(
        "assets",
        HEADER,
        ["A1", "Latitude", "abc", "Pink", "5/1/2019", "maybe", ""],
        ["A2", "Latitude", "16", "", "", "", ""],
    )

    told = problems(report)
    assert told[0].startswith('row 2, column ram, "abc": is no number; accepted are numbers')
    assert told[1].startswith('row 2, column Colour, "Pink": is none of its choices; accepted')
    assert told[2].startswith('row 2, column Leased until, "5/1/2019": could be two days')
    assert told[3].startswith('row 2, column Has dock, "maybe": is neither; accepted are yes')
    assert not Asset.objects.exists()


def test_what_is_wrong_elsewhere_in_the_row_is_told_too(latitude):
    report = load("assets", [*HEADER, "cost"], ["A1", "Latitude", "abc", "", "", "", "", "dear"])

    assert {problem.split(",")[1] for problem in problems(report)} == {
        " column ram",
        " column cost",
    }


def test_another_day_of_the_column_says_which_number_is_the_month(latitude):
    rows = [["A1", "Latitude", "5/1/2019"], ["A2", "Latitude", "5/31/2019"]]

    load("assets", ["tag", "product", "Leased until"], *rows)

    assert Asset.objects.get(tag="A1").extra == {"leased-until": "2019-05-01"}


def test_a_cell_for_a_field_of_another_category_is_refused(latitude):
    ProductFactory(name="Galaxy", category=CategoryFactory(name="Phone"))

    report = load("assets", HEADER, ["A1", "Galaxy", "16", "", "", "", ""])

    assert problems(report) == [
        'row 2, column ram, "16": belongs to Laptop, and the product\'s category is Phone'
    ]


def test_categories_share_the_column_of_a_common_name(latitude):
    phones = CategoryFactory(name="Phone")
    ExtraFieldFactory(category=phones, name="ram", kind="text")
    ProductFactory(name="Galaxy", category=phones)

    load("assets", ["tag", "product", "RAM"], ["A1", "Latitude", "16"], ["A2", "Galaxy", "16 GB"])

    assert [it.extra for it in Asset.objects.order_by("tag")] == [{"ram": 16}, {"ram": "16 GB"}]


def test_a_new_asset_needs_what_its_category_requires(laptops, latitude):
    laptops.extra_fields.filter(key="ram").update(is_required=True)
    laptop(latitude, "OLD")

    report = load("assets", ["tag", "product", "notes"], ["A1", "Latitude", ""])
    other = load("assets", ["tag", "notes"], ["OLD", "seen"])

    assert problems(report) == ["row 2: RAM is missing: no cell of the row gives it"]
    assert other.summary == "0 created, 1 updated, 0 unchanged, 0 refused"


def test_a_field_never_takes_a_column_that_every_asset_has(laptops, latitude):
    ExtraFieldFactory(category=laptops, name="Serial number", key="serial-number")

    load("assets", ["tag", "product", "Serial number"], ["A1", "Latitude", "SN1"])

    assert (Asset.objects.get().serial, Asset.objects.get().extra) == ("SN1", {})


@pytest.mark.parametrize("extension", ["csv", "xlsx"])
def test_an_export_has_a_column_per_field_and_imported_again_changes_nothing(three, extension):
    ExtraFieldFactory(category=three, name="=1+1", key="field-1-1")
    asset = Asset.objects.get(tag="A3")
    asset.extra = {**asset.extra, "field-1-1": "=cmd", "colour": "Gold"}  # no longer offered
    asset.save()

    data = file_of("assets", extension)
    table = tables.read(io.BytesIO(data), f"assets.{extension}")
    report = run(kinds()["assets"], table)

    columns = {"RAM", "Colour", "Leased until", "Has dock", "Page"}
    assert columns <= set(table.headers)
    assert report.summary == "0 created, 0 updated, 4 unchanged, 0 refused", report.refusals
    assert not columns & set(report.ignored)
    if extension == "csv":
        assert csv_rows(data)[1]["Leased until"] == "2025-01-01"
        assert csv_rows(data)[2]["'=1+1"] == "'=cmd"
        assert csv_rows(data)[3]["RAM"] == ""  # another category's key
    else:
        header, first, *_ = sheet_of(data).iter_rows(values_only=True)
        row = dict(zip(header, first, strict=True))
        assert (row["RAM"], row["Has dock"]) == (8, "yes")
        assert row["Leased until"].date() == date(2024, 5, 31)


def test_the_queries_of_an_import_do_not_grow_with_its_rows(latitude):
    def rows(numbers):
        return [["tag", "product", "RAM"], *([f"X{n}", "Latitude", str(n)] for n in numbers)]

    few = queries("assets", rows(range(2)))

    # SQLite takes what it is given in more than one statement; none is for one row.
    assert queries("assets", rows(range(2, 202))) < few + 40


def test_the_import_page_lists_the_fields(ann, latitude):
    text = ann.get(reverse("admin:assets_asset_import")).content.decode()

    assert "Leased until" in text


# --- Labels of states ----------------------------------------------------------------------------


def test_a_label_that_assets_have_stays_with_its_state(ann):
    label = StateLabelFactory(name="Ready", state="in_stock")
    AssetFactory(label=label)
    data = fields_of(ann.get(page(label)))

    response = ann.post(page(label), data | {"state": "in_use"})

    assert "1 assets have this label, so it stays with its state" in response.content.decode()
    assert ann.post(page(label), data | {"name": "Ready to go"}).status_code == 302


def test_a_deleted_label_leaves_its_assets_with_a_trace(it):
    label = StateLabelFactory(name="Ready")
    asset = AssetFactory(label=label)

    state_labels.remove(label, by=it, reason="not used")

    asset.refresh_from_db()
    version = asset.history.latest()
    assert asset.label is None
    assert (version.history_user, version.history_change_reason) == (it, "not used")
    assert not StateLabel.objects.exists()


def test_the_list_shows_and_filters_by_the_label(ann):
    label = StateLabelFactory(name="Ready for dispatch")
    AssetFactory(tag="A1", label=label)
    AssetFactory(tag="A2")

    response = ann.get(reverse("admin:assets_asset_changelist"), {"label__id__exact": label.pk})

    assert [row.tag for row in response.context["cl"].result_list] == ["A1"]
    assert "Ready for dispatch" in response.content.decode()
