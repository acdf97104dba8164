from itertools import pairwise

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from assets.models import Asset, Relation
from assets.relations import affected_by, needs
from tests.factories import AssetFactory, PersonFactory, ProductFactory, RelationFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("without_menus")]


def told(reached):
    """As in "VM-1 runs on SRV-1, 1"."""
    return [f"{it.asset.tag} {it.kind} {it.through.tag}, {it.depth}" for it in reached]


def make(*tags):
    return [AssetFactory(tag=tag) for tag in tags]


def relate(source, kind, target):
    return RelationFactory(source=source, kind=kind, target=target)


@pytest.fixture
def chain():
    """1,001 assets, each of which runs on the one before."""
    product = ProductFactory()
    assets = Asset.objects.bulk_create(
        [Asset(tag=f"C-{n:04}", product=product, state="in_stock") for n in range(1001)]
    )
    Relation.objects.bulk_create(
        [
            Relation(source=after, kind="runs_on", target=before)
            for before, after in pairwise(assets)
        ]
    )
    return assets


def test_what_needs_an_asset_is_affected_at_once_or_through_others():
    server, machine, shop, switch = make("SRV-1", "VM-1", "SHOP", "SW-1")
    relate(machine, "runs_on", server)
    relate(shop, "depends_on", machine)
    relate(server, "connects_to", switch)

    assert told(affected_by(switch).assets) == [
        "SRV-1 connects to SW-1, 1",
        "VM-1 runs on SRV-1, 2",
        "SHOP depends on VM-1, 3",
    ]
    assert told(needs(shop).assets) == [
        "VM-1 depends on SHOP, 1",
        "SRV-1 runs on VM-1, 2",
        "SW-1 connects to SRV-1, 3",
    ]


def test_what_an_asset_needs_is_not_affected_by_it():
    server, machine = make("SRV-1", "VM-1")
    relate(machine, "runs_on", server)

    assert affected_by(machine).assets == []
    assert needs(server).assets == []


def test_a_part_is_affected_with_what_it_is_installed_in():
    phone = AssetFactory(tag="PH-1")
    AssetFactory(tag="SIM-1", installed_in=phone)
    service = AssetFactory(tag="SVC")
    relate(service, "depends_on", phone.parts.get())

    assert told(affected_by(phone).assets) == [
        "SIM-1 is installed in PH-1, 1",
        "SVC depends on SIM-1, 2",
    ]
    assert told(needs(service).assets) == [
        "SIM-1 depends on SVC, 1",
        "PH-1 is installed in SIM-1, 2",
    ]


def test_what_is_no_longer_backed_up_is_listed_apart_and_passes_nothing_on():
    host, vault, files, reader = make("HOST", "VAULT", "FILES", "READER")
    relate(vault, "runs_on", host)
    relate(vault, "backs_up", files)
    relate(reader, "depends_on", files)

    reach = affected_by(host)

    assert told(reach.assets) == ["VAULT runs on HOST, 1"]
    assert told(reach.backups) == ["FILES backs up VAULT, 2"]
    assert told(needs(reader).backups) == ["VAULT backs up FILES, 2"]


def test_the_shortest_way_counts():
    a, b, c = make("A", "B", "C")
    relate(b, "runs_on", a)
    relate(c, "runs_on", b)
    relate(c, "depends_on", a)

    assert told(affected_by(a).assets) == ["B runs on A, 1", "C depends on A, 1"]


def test_a_circle_ends_where_it_began():
    a, b, c = make("A", "B", "C")
    relate(b, "depends_on", a)
    relate(c, "depends_on", b)
    relate(a, "depends_on", c)

    assert told(affected_by(a).assets) == ["B depends on A, 1", "C depends on B, 2"]
    assert told(needs(a).assets) == ["C depends on A, 1", "B depends on C, 2"]


def test_a_thousand_deep_is_reached_to_the_end(chain):
    reach = affected_by(chain[0])

    assert [it.depth for it in reach.assets] == list(range(1, 1001))
    assert reach.assets[-1].asset == chain[-1]
    assert needs(chain[-1]).assets[-1].asset == chain[0]


def test_two_queries_answer_however_much_there_is(chain):
    for asset, many in ((chain[-2], 1), (chain[0], 1000)):
        with CaptureQueriesContext(connection) as captured:
            assert len(affected_by(asset).assets) == many
        assert len(captured) == 2


def test_only_the_assets_that_may_be_named_are():
    a, b, c = make("A", "B", "C")
    relate(b, "runs_on", a)
    relate(c, "runs_on", b)

    reach = affected_by(a, among=Asset.objects.exclude(pk=c.pk))

    assert told(reach.assets) == ["B runs on A, 1"]


# --- The pages -----------------------------------------------------------------------------------


def page(asset, name="affected"):
    return reverse(f"admin:assets_asset_{name}", args=[asset.pk])


@pytest.fixture
def ann(client, it):
    client.force_login(it)
    return client


def test_the_page_of_an_asset_says_what_is_affected(ann):
    server, machine, vault = make("SRV-1", "VM-1", "VAULT")
    relate(machine, "runs_on", server)
    relate(server, "backs_up", vault)

    text = ann.get(page(server, "change")).content.decode()

    assert "1 affected: VM-1. 1 no longer backed up." in text
    assert page(server) in text
    assert "Nothing else is affected." in ann.get(page(machine, "change")).content.decode()


def test_the_page_of_the_affected_names_holder_state_and_why(ann):
    server = AssetFactory(tag="SRV-1")
    laptop = AssetFactory(tag="LT-1", holder=PersonFactory(name="Ada Moss"))
    relate(laptop, "connects_to", server)

    text = ann.get(page(server)).content.decode()

    assert "1 asset stops with it" in text
    assert "connects to SRV-1" in text
    assert "Ada Moss" in text
    assert "in use" in text
    assert page(laptop, "change") in text


def test_the_page_of_the_affected_takes_the_same_queries_for_one_and_for_many(ann, chain):
    counts = []
    for asset in (chain[-2], chain[-2], chain[1]):
        with CaptureQueriesContext(connection) as captured:
            assert ann.get(page(asset)).status_code == 200
        counts.append(len(captured))
    assert counts[1] == counts[2]


def test_a_long_page_names_the_nearest_and_says_how_many_there_are(ann, chain):
    text = ann.get(page(chain[0])).content.decode()

    assert "The nearest 500 of 1000 are shown." in text
    assert "C-0500" in text
    assert "C-0501" not in text


def test_who_may_see_no_relations_is_told_of_none(client, it):
    from django.contrib.auth.models import Group, Permission

    server, machine = make("SRV-1", "VM-1")
    relate(machine, "runs_on", server)
    Group.objects.get(name="IT").permissions.remove(
        *Permission.objects.filter(codename__endswith="_relation")
    )
    client.force_login(it)

    assert client.get(page(server)).status_code == 403
    assert "VM-1" not in client.get(page(server, "change")).content.decode()


def test_what_does_not_exist_is_not_found(ann):
    assert ann.get(reverse("admin:assets_asset_affected", args=["0"])).status_code == 404
    assert ann.get("/admin/assets/asset/x'--/affected/").status_code == 404


def test_it_adds_a_relation_on_the_page_and_its_history_says_who(ann, it):
    from tests.test_record_pages import fields_of

    server, machine = make("SRV-1", "VM-1")
    data = fields_of(ann.get(page(machine, "change")))
    [prefix] = {name.split("-TOTAL")[0] for name in data if name.startswith("relations-2-TOTAL")}
    data |= {
        f"{prefix}-TOTAL_FORMS": "1",
        f"{prefix}-0-kind": "runs_on",
        f"{prefix}-0-target": server.pk,
    }

    assert ann.post(page(machine, "change"), data).status_code == 302

    relation = Relation.objects.get()
    assert (relation.source, relation.kind, relation.target) == (machine, "runs_on", server)
    assert relation.history.get().history_user == it


def test_an_asset_is_neither_related_to_itself_nor_twice_to_another(ann):
    from tests.test_record_pages import fields_of

    server, machine = make("SRV-1", "VM-1")
    relate(machine, "runs_on", server)
    data = fields_of(ann.get(page(machine, "change")))
    data |= {"relations-2-TOTAL_FORMS": "1", "relations-2-0-kind": "runs_on"}

    itself = ann.post(page(machine, "change"), data | {"relations-2-0-target": machine.pk})
    again = ann.post(page(machine, "change"), data | {"relations-2-0-target": server.pk})

    assert "An asset has no relation to itself." in itself.content.decode()
    assert "This relation is recorded already." in again.content.decode()
