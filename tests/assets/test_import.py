from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from assets import lifecycle
from assets.models import Asset, Custody, Product, Vendor, VendorAlias
from people.models import Message, Person
from tests.factories import (
    AssetFactory,
    CategoryFactory,
    LocationFactory,
    PersonFactory,
    ProductFactory,
    VendorAliasFactory,
    VendorFactory,
)
from tests.importing import load, problems, queries

pytestmark = pytest.mark.django_db

HEADER = ["asset_tag", "serial_number", "display_name", "assigned_to", "cost"]


@pytest.fixture
def latitude():
    return ProductFactory(name="Latitude", maker=VendorFactory(name="Dell"))


def test_an_asset_with_a_holder_is_in_use_in_his_open_custody(latitude, it):
    ada = PersonFactory(name="Ada")

    report = load("assets", HEADER, ["A1", "SN1", "Dell Latitude", "Ada", "$12.58"], by=it)

    asset = Asset.objects.get(tag="A1")
    assert report.summary == "1 created, 0 updated, 0 unchanged, 0 refused"
    assert (asset.state, asset.holder, asset.product) == ("in_use", ada, latitude)
    assert (asset.cost, asset.currency) == (Decimal("12.58"), "USD")
    assert Custody.objects.open().get(asset=asset).holder == ada
    assert asset.history.get().history_user == Custody.history.get().history_user == it
    assert not Message.objects.exists()


def test_an_asset_without_a_holder_is_in_stock(latitude):
    load("assets", HEADER, ["A1", "", "Dell Latitude", "", ""])

    assert Asset.objects.get().state == "in_stock"
    assert not Custody.objects.exists()


@pytest.mark.parametrize(
    ("word", "state"),
    [("Retired", "retired"), ("Ready to Deploy", "in_stock"), ("on order", "ordered")],
)
def test_words_of_other_systems_name_the_state_of_a_new_asset(latitude, word, state):
    load("assets", ["tag", "product", "status"], ["A1", "Dell Latitude", word])

    assert Asset.objects.get().state == state


SNIPE_IT = [
    "Asset Tag", "Model", "Location", "Checkout Type", "Checked Out To: Username",
    "Checked Out To: First Name", "Checked Out To: Last Name", "Checked Out To: Email",
    "Checked Out To: Location",
]  # fmt: skip
GAGE = ["gmccrackem", "Gage", "McCrackem", "gage@example.com"]
NOBODY = ["", "", "", ""]


@pytest.mark.parametrize("kind", ["Location", ""])
def test_what_is_checked_out_to_a_place_is_in_use_there(latitude, kind):
    store, office = LocationFactory(name="Store"), LocationFactory(name="Office")
    rows = [["A1", "Dell Latitude", "Store", kind, *NOBODY, "Office"]]
    rows += [["A2", "Dell Latitude", "Store", "", *NOBODY, ""]]

    first, again = load("assets", SNIPE_IT, *rows), load("assets", SNIPE_IT, *rows)

    assert first.summary == "2 created, 0 updated, 0 unchanged, 0 refused"
    used, stored = Asset.objects.order_by("tag")
    assert (used.state, used.location, used.holder) == ("in_use", office, None)
    assert Custody.objects.open().get().location == office
    assert (stored.state, stored.location) == ("in_stock", store)
    assert (again.summary, again.notes[2:]) == (
        "0 created, 0 updated, 2 unchanged, 0 refused",
        [],
    )


def test_the_type_of_a_checkout_says_which_of_its_columns_counts(latitude):
    store, office = LocationFactory(name="Store"), LocationFactory(name="Office")
    gage = PersonFactory(username="gmccrackem")
    rows = [["A1", "Dell Latitude", "Store", "user", *GAGE, "Office"]]
    rows += [["A2", "Dell Latitude", "Store", "location", *GAGE, "Office"]]

    load("assets", SNIPE_IT, *rows)
    refused = load("assets", SNIPE_IT, ["A3", "Dell Latitude", "", "Asset", *GAGE, ""])

    placed = Asset.objects.order_by("tag").values_list("state", "holder", "location")
    assert list(placed) == [("in_use", gage.pk, store.pk), ("in_use", None, office.pk)]
    assert problems(refused) == [
        'row 2, column Checkout Type, "Asset": is not known; accepted are user and location'
    ]


def test_a_place_that_is_not_there_is_refused_in_the_column_that_names_it(latitude):
    LocationFactory(name="Store")

    report = load("assets", SNIPE_IT, ["A1", "Dell Latitude", "Store", "", *NOBODY, "Nowhere"])

    assert problems(report)[0].startswith(
        'row 2, column Checked Out To: Location, "Nowhere": is no location'
    )


def test_what_is_there_in_stock_moves_to_where_it_was_checked_out_and_its_state_is_told(latitude):
    asset, office = AssetFactory(tag="A1", product=latitude), LocationFactory(name="Office")

    report = load("assets", SNIPE_IT, ["A1", "Dell Latitude", "", "", *NOBODY, "Office"])

    asset.refresh_from_db()
    assert (asset.state, asset.location) == ("in_stock", office)
    assert "1 rows give another state than the record has" in report.notes[-1]


def test_who_is_made_from_a_login_name_gets_the_name_and_the_e_mail_beside_it(latitude):
    row = ["A1", "Dell Latitude", "", "User", *GAGE, ""]
    assert "is no person that is there" in problems(load("assets", SNIPE_IT, row))[0]

    load("assets", SNIPE_IT, row, create_missing=True)

    gage = Person.objects.get()
    assert [gage.name, gage.username, gage.email] == [
        "Gage McCrackem", "gmccrackem", "gage@example.com",
    ]  # fmt: skip
    header = ["First Name", "Last Name", "Email", "Username"]
    people = load("people", header, ["Gage", "McCrackem", "gage@example.com", "gmccrackem"])
    assert people.summary == "0 created, 0 updated, 1 unchanged, 0 refused"


def test_who_is_there_is_found_by_the_e_mail_beside_a_login_name(latitude):
    gage = PersonFactory(name="G. McCrackem", email="gage@example.com", username="")

    load("assets", SNIPE_IT, ["A1", "Dell Latitude", "", "User", *GAGE, ""])

    assert Asset.objects.get().holder == gage
    assert Person.objects.get().name == "G. McCrackem"


def test_what_is_retired_cannot_have_a_holder(latitude):
    PersonFactory(name="Ada")

    report = load(
        "assets",
        ["tag", "product", "status", "holder"],
        ["A1", "Dell Latitude", "retired", "Ada"],
    )

    assert problems(report) == ["row 2: Only what is in use, in repair or lost has a holder"]


@pytest.mark.parametrize("word", ["lost", "Stolen", "missing", "in repair"])
@pytest.mark.parametrize("options", [{}, {"skip_refused": True}])
def test_what_is_away_may_be_entered_though_nobody_knows_who_had_it(latitude, it, word, options):
    rows = ["tag", "product", "status"], ["A1", "Dell Latitude", word], ["A2", "Dell Latitude", ""]

    preview = load("assets", *rows, by=it, dry_run=True, **options)
    report = load("assets", *rows, by=it, **options)

    assert preview.summary == report.summary == "2 created, 0 updated, 0 unchanged, 0 refused"
    assert not Custody.objects.exists()
    asset = Asset.objects.get(tag="A1")
    back = lifecycle.return_from_repair if word == "in repair" else lifecycle.find
    lifecycle.one(back, asset, location=LocationFactory(), by=it)
    lifecycle.one(lifecycle.hand_over, asset, to=PersonFactory(), by=it)


def test_what_was_lost_at_a_place_or_by_somebody_is_in_their_custody(latitude):
    berlin, ada = LocationFactory(name="Berlin"), PersonFactory(name="Ada")
    header = ["tag", "product", "status", "location", "holder"]

    load(
        "assets",
        header,
        ["A1", "Dell Latitude", "lost", "Berlin", ""],
        ["A2", "Dell Latitude", "lost", "", "Ada"],
    )

    custodies = Custody.objects.open().order_by("asset__tag")
    assert [(it.location, it.holder) for it in custodies] == [(berlin, None), (None, ada)]


def test_the_state_of_an_asset_that_is_there_is_left_to_its_steps(latitude):
    asset = AssetFactory(tag="A1", product=latitude)

    report = load("assets", ["tag", "product", "status"], ["A1", "Dell Latitude", "retired"])

    asset.refresh_from_db()
    assert report.summary == "0 created, 0 updated, 1 unchanged, 0 refused"
    assert asset.state == "in_stock"
    assert "left as it is: it changes by the steps on the asset's page" in report.notes[-1]


def test_another_holder_is_a_return_and_a_handover(latitude, it):
    ada, bob = PersonFactory(name="Ada"), PersonFactory(name="Bob")
    asset = AssetFactory(tag="A1", product=latitude, holder=ada)

    report = load("assets", HEADER, ["A1", "", "Dell Latitude", "Bob", ""], by=it)

    asset.refresh_from_db()
    assert report.summary == "0 created, 1 updated, 0 unchanged, 0 refused"
    assert (asset.holder, asset.state) == (bob, "in_use")
    assert Custody.objects.get(holder=ada).until is not None
    assert Custody.objects.open().get().holder == bob
    assert {message.recipient for message in Message.objects.all()} == {ada, bob}
    assert asset.history.latest().history_change_reason == "imported from file.csv"


def test_an_asset_from_stock_is_handed_over(latitude):
    ada = PersonFactory(name="Ada")
    asset = AssetFactory(tag="A1", product=latitude)

    load("assets", HEADER, ["A1", "", "Dell Latitude", "Ada", ""])

    asset.refresh_from_db()
    assert (asset.holder, asset.state) == (ada, "in_use")


def test_a_holder_for_a_retired_asset_is_refused_in_the_words_of_the_step(latitude):
    PersonFactory(name="Ada")
    lifecycle.retire([AssetFactory(tag="A1", product=latitude)], by=None, reason="old")

    report = load("assets", HEADER, ["A1", "", "Dell Latitude", "Ada", ""])

    assert "A1 Latitude is retired: it cannot be handed over. It must be in stock" in str(
        problems(report)
    )


def test_nothing_is_given_to_who_has_left(latitude):
    PersonFactory(name="Ada", leaves_on=timezone.localdate() - timedelta(1))

    report = load("assets", HEADER, ["A1", "", "Dell Latitude", "Ada", ""])

    assert "left on" in problems(report)[0]
    assert not Asset.objects.exists()


def test_another_place_is_a_move(latitude):
    berlin = LocationFactory(name="Berlin")
    asset = AssetFactory(tag="A1", product=latitude)

    load("assets", ["tag", "location"], ["A1", "Berlin"])

    asset.refresh_from_db()
    assert (asset.location, asset.state) == (berlin, "in_stock")


@pytest.fixture
def paired():
    """A phone of Ada's with its SIM; Ben and Berlin are there too."""
    ada = PersonFactory(name="Ada")
    PersonFactory(name="Ben")
    LocationFactory(name="Berlin")
    phone = AssetFactory(tag="PH-9", holder=ada, product__name="Pixel")
    return phone, AssetFactory(tag="SIM-9", holder=ada, product__name="Card", installed_in=phone)


ALONE = (
    "SIM-9 Card is installed in PH-9 Pixel: it goes where its device goes. Take it out first, or"
    " give its device the same in a row of its own"
)


@pytest.mark.parametrize(("column", "value"), [("holder", "Ben"), ("location", "Berlin")])
@pytest.mark.parametrize("options", [{"dry_run": True}, {}])
def test_what_is_installed_in_a_device_moves_in_no_row_of_its_own(
    paired, it, column, value, options
):
    other = AssetFactory(tag="A1")
    rows = ["tag", column], ["SIM-9", value], ["A1", value]

    report = load("assets", *rows, by=it, **options)
    skipping = load("assets", *rows, by=it, skip_refused=True, **options)

    assert problems(report) == [f'row 2, column {column}, "{value}": {ALONE}']
    assert skipping.summary == "0 created, 1 updated, 0 unchanged, 1 refused"
    other.refresh_from_db()
    assert (getattr(other, column) is not None) == (not options)


@pytest.mark.parametrize("tags", [["PH-9", "SIM-9"], ["SIM-9", "PH-9"]])
def test_a_device_and_what_is_in_it_move_together_in_rows_of_the_same(paired, it, tags):
    report = load("assets", ["tag", "holder"], *([tag, "Ben"] for tag in tags), by=it)

    assert report.summary == "0 created, 2 updated, 0 unchanged, 0 refused"
    phone, sim = Asset.objects.order_by("tag")
    assert {phone.holder.name, sim.holder.name} == {"Ben"}
    assert sim.installed_in == phone


def test_what_is_in_a_device_whose_row_is_refused_or_goes_elsewhere_is_refused_too(paired, it):
    PersonFactory(name="Cleo", leaves_on=timezone.localdate() - timedelta(1))
    header = ["tag", "holder", "cost"]

    elsewhere = load("assets", header, ["SIM-9", "Ben", ""], ["PH-9", "Cleo", ""], by=it)
    refused = load(
        "assets", header, ["SIM-9", "Ben", ""], ["PH-9", "Ben", "nothing"], by=it, skip_refused=True
    )

    assert f'row 2, column holder, "Ben": {ALONE}' in problems(elsewhere)
    assert f'row 2, column holder, "Ben": {ALONE}' in problems(refused)
    assert refused.summary == "0 created, 0 updated, 0 unchanged, 2 refused"


def test_the_cost_of_an_asset_that_is_there_changes_only_who_may_change_it(latitude, it, finance):
    AssetFactory(tag="A1", product=latitude, cost=5)

    refused = load("assets", ["tag", "cost"], ["A1", "7.00"], by=it)
    load("assets", ["tag", "cost"], ["A1", "7.00"])

    assert problems(refused) == ['row 2, column cost, "7.00": you may not change what assets cost']
    assert Asset.objects.get().cost == 7


def test_a_currency_that_is_none_is_refused_and_one_of_old_papers_is_not(latitude):
    header = ["tag", "product", "cost", "currency"]
    typed = load("assets", header, ["A1", "Dell Latitude", "5.00", "ERU"])
    old = load("assets", header, ["A1", "Dell Latitude", "5.00", "dem"])

    assert problems(typed) == [
        'row 2, column currency, "ERU": ERU is no currency. Give an ISO 4217 code such as EUR'
    ]
    assert old.summary.startswith("1 created")
    assert Asset.objects.get().currency == "DEM"


def test_a_serial_is_unique_per_maker_and_junk_never_matches(latitude):
    other = ProductFactory(name="Pixma", maker=VendorFactory(name="Canon"))

    report = load(
        "assets",
        HEADER,
        ["A1", "SN-77", "Dell Latitude", "", ""],
        ["A2", "sn77", "Dell Latitude", "", ""],
        ["A3", "SN-77", f"Canon {other.name}", "", ""],
        ["A4", "To Be Filled By O.E.M.", "Dell Latitude", "", ""],
        ["A5", "To Be Filled By O.E.M.", "Dell Latitude", "", ""],
    )

    assert report.refused == 1
    assert "row 3" in problems(report)[0]
    assert "row 2 has the same" in problems(report)[0]


def test_a_serial_that_another_asset_has_is_refused(latitude):
    AssetFactory(product=latitude, serial="SN1")

    report = load("assets", HEADER, ["A1", "SN1", "Dell Latitude", "", ""])

    assert "Another asset of this maker has this serial number" in problems(report)[0]


def test_an_asset_without_a_tag_is_known_by_its_serial(latitude):
    rows = [["serial", "product"], ["SN1", "Dell Latitude"]]

    first, second = load("assets", *rows), load("assets", *rows)

    assert first.summary == "1 created, 0 updated, 0 unchanged, 0 refused"
    assert second.summary == "0 created, 0 updated, 1 unchanged, 0 refused"
    assert Asset.objects.get().tag == "AS-000001"


def test_an_asset_that_nothing_identifies_is_refused(latitude):
    report = load("assets", HEADER, ["", "", "Dell Latitude", "", ""])

    assert problems(report) == [
        "row 2: give a tag or a serial number, or nobody knows what it is about"
    ]


def test_a_rounded_tag_is_refused(latitude):
    report = load("assets", HEADER, ["1.23E+15", "", "Dell Latitude", "", ""])

    assert "has lost digits" in problems(report)[0]


def test_a_product_that_is_not_there_is_refused_or_made_with_its_known_maker():
    rows = [["tag", "display_name", "model_category"]]
    rows += [["A1", "Hewlett Packard LaserJet", "Printer"], ["A2", "HP laserjet", "Printer"]]
    rows += [["A3", "Nameless Thing", "Printer"]]

    refused = load("assets", *rows)
    made = load("assets", *rows, create_missing=True)

    assert "is no product that is there" in problems(refused)[0]
    assert made.made == {
        "vendors": ["HP"],
        "aliases": ["HP Inc.", "Hewlett Packard", "Hewlett-Packard"],
        "categories": ["Printer"],
        "products": ["HP LaserJet", "Nameless Thing"],
    }
    laserjet = Product.objects.get(name="LaserJet")
    assert laserjet.assets.count() == 2
    assert laserjet.maker.aliases.filter(name="Hewlett-Packard").exists()
    assert Product.objects.get(name="Nameless Thing").maker is None


@pytest.mark.parametrize(
    ("there", "named"),
    [
        ("HP", "Hewlett-Packard"),
        ("hp", "Hewlett Packard"),
        ("HP Ltd", "Hewlett-Packard Company"),
        ("Hewlett-Packard", "HP Inc."),
        ("Western Digital", "WD"),
    ],
)
def test_a_known_maker_who_is_there_gets_the_spelling_that_he_was_not_known_by(there, named):
    vendor = VendorFactory(name=there)
    rows = [["tag", "product", "maker", "category"], ["A1", "Thing", named, "Printer"]]
    rows += [["A2", "Thing", there, "Printer"], ["A3", "Other", f"{named} Inc", "Printer"]]

    planned = load("assets", *rows, create_missing=True, dry_run=True)
    made = load("assets", *rows, create_missing=True)

    assert made.summary == "3 created, 0 updated, 0 unchanged, 0 refused"
    assert made.made == planned.made
    assert "vendors" not in made.made
    assert set(made.made["aliases"]) == {it.name for it in vendor.aliases.all()}
    assert Vendor.objects.get() == vendor
    assert vendor.aliases.first().history.get().history_change_reason == "imported from file.csv"
    again = load("assets", *rows, create_missing=True)
    assert (again.summary, again.made) == ("0 created, 0 updated, 3 unchanged, 0 refused", {})


def test_no_spelling_is_written_down_for_a_row_that_is_refused():
    VendorFactory(name="HP")
    rows = [["tag", "product", "maker", "category", "cost"]]
    rows += [["A1", "Thing", "Hewlett-Packard", "Printer", "nothing"]]
    rows += [["A2", "Thing", "Acme", "Printer", "5.00"]]

    report = load("assets", *rows, create_missing=True, skip_refused=True)

    assert report.summary == "1 created, 0 updated, 0 unchanged, 1 refused"
    assert "aliases" not in report.made
    assert not VendorAlias.objects.exists()


def test_of_two_vendors_with_spellings_of_a_maker_nobody_is_taken_for_him():
    for name in ("Dell EMC", "Dell Technologies"):
        VendorFactory(name=name)

    rows = [["tag", "product", "maker", "category"], ["A1", "Thing", "Dell", "Server"]]
    load("assets", *rows, create_missing=True)

    assert Product.objects.get().maker.name == "Dell"
    assert {it.name for it in VendorAlias.objects.all()} == {
        "Dell Inc.",
        "Dell Computer Corporation",
    }


def test_a_longer_spelling_of_the_maker_wins():
    VendorAliasFactory(vendor=VendorFactory(name="Dell"), name="Dell EMC")
    CategoryFactory(name="Storage")

    rows = [["tag", "product", "category"], ["A1", "Dell EMC PowerVault", "Storage"]]
    load("assets", *rows, create_missing=True)

    assert str(Asset.objects.get().product) == "Dell PowerVault"


def test_an_ambiguous_product_is_refused_naming_them(latitude):
    ProductFactory(name="Latitude", maker=latitude.maker, part_number="X1")
    ProductFactory(name="Latitude", maker=VendorFactory(name="Toys"))

    report = load("assets", HEADER, ["A1", "", "Latitude", "", ""])

    assert "could be Dell Latitude, Dell Latitude X1, Toys Latitude" in problems(report)[0]


@pytest.mark.parametrize(
    "name", ["HP", "hp inc.", "Hewlett-Packard", "HEWLETT-PACKARD COMPANY", "HP, Inc"]
)
def test_the_spellings_of_a_vendor_meet(latitude, name):
    hp = VendorFactory(name="HP")
    VendorAliasFactory(vendor=hp, name="Hewlett-Packard")

    load("assets", ["tag", "product", "supplier"], ["A1", "Dell Latitude", name])

    assert Asset.objects.get().supplier == hp


def test_the_warranty_before_its_start_is_refused_in_the_words_of_the_form(latitude):
    report = load(
        "assets",
        ["tag", "product", "warranty start", "warranty expiration"],
        ["A1", "Dell Latitude", "2024-05-01", "2024-04-01"],
    )

    assert problems(report) == ["row 2: The warranty ends before it starts"]


def test_days_are_those_of_the_time_stamps(latitude):
    load(
        "assets",
        ["tag", "product", "purchased_on"],
        ["A1", "Dell Latitude", "2024-02-29 21:31:00"],
    )

    assert Asset.objects.get().purchased_on == date(2024, 2, 29)


def test_an_alias_names_a_vendor_and_does_not_rename_him():
    hp = VendorFactory(name="HP")
    VendorAliasFactory(vendor=hp, name="Hewlett-Packard")

    report = load("vendors", ["name", "maker"], ["hewlett-packard", "yes"], ["Acme Inc", "no"])

    hp.refresh_from_db()
    assert report.summary == "1 created, 1 updated, 0 unchanged, 0 refused"
    assert (hp.name, hp.is_maker) == ("HP", True)


def test_a_script_is_no_website():
    report = load("vendors", ["name", "website"], ["Acme", "javascript:alert(1)"])

    assert problems(report) == ['row 2, column website, "javascript:alert(1)": Enter a valid URL']
    assert not Vendor.objects.exists()


def test_products_are_known_by_maker_model_and_part_number():
    VendorFactory(name="Dell")
    CategoryFactory(name="Laptop")
    rows = [["manufacturer", "model", "part_number", "category"]]
    rows += [["Dell", "XPS", "1", "Laptop"], ["Dell", "XPS", "2", "Laptop"]]

    first, second = load("products", *rows), load("products", *rows)

    assert first.summary == "2 created, 0 updated, 0 unchanged, 0 refused"
    assert second.summary == "0 created, 0 updated, 2 unchanged, 0 refused"


def test_the_queries_of_an_import_do_not_grow_with_its_rows(latitude):
    people = PersonFactory.create_batch(5)

    def rows(count, letter):
        return [HEADER] + [
            [f"{letter}{n}", f"{letter}{n}9", "Dell Latitude", people[n % 5].email, "5"]
            for n in range(count)
        ]

    few = queries("assets", rows(2, "a"))

    # SQLite takes what it is given in more than one statement; none is for one row.
    assert queries("assets", rows(200, "b")) < few + 40
