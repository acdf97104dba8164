import io

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from pypdf import PdfReader

from assets.admin import labels
from assets.admin.labels import LabelForm, print_labels
from tests.factories import AssetFactory

pytestmark = pytest.mark.django_db


def text_of(response):
    assert response["Content-Type"] == "application/pdf"
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(response.content)).pages)


def test_the_label_of_one_asset_is_printed_from_its_page(client, it):
    client.force_login(it)
    asset = AssetFactory()
    address = reverse("admin:assets_asset_step", args=[asset.pk, "print_labels"])
    assert b"Avery L7160" in client.get(address).content

    response = client.post(address, {"apply": "1", "layout": "62x29", "skip": "0"})

    assert asset.tag in text_of(response)
    assert response["Content-Disposition"].startswith('attachment; filename="labels-')
    assert asset.history.count() == 1


def test_labels_of_many_are_printed_from_the_list(
    client, service_desk, django_assert_max_num_queries
):
    client.force_login(service_desk)
    assets = AssetFactory.create_batch(30)
    chosen = {"action": "print_labels", "_selected_action": [it.pk for it in assets]}
    with django_assert_max_num_queries(25):
        response = client.post(
            reverse("admin:assets_asset_changelist"),
            {**chosen, "apply": "1", "layout": "5160", "skip": ""},
        )
    text = text_of(response)
    assert all(it.tag in text and it.product.name in text for it in assets)


@pytest.mark.parametrize(
    ("layout", "skip", "refusal"),
    [
        ("l7160", "21", "At most 20: a sheet has 21 labels."),
        ("62x29", "1", "A roll has none: leave it at 0."),
        ("l7160", "-1", "greater than or equal to 0"),
        ("a3", "0", "Select a valid choice"),
    ],
)
def test_a_place_that_the_paper_does_not_have_is_refused(client, it, layout, skip, refusal):
    client.force_login(it)
    address = reverse("admin:assets_asset_step", args=[AssetFactory().pk, "print_labels"])
    page = client.post(address, {"apply": "1", "layout": layout, "skip": skip})
    assert refusal in page.content.decode()


def test_the_last_place_of_a_sheet_is_still_one():
    assert LabelForm({"layout": "l7160", "skip": "20"}).is_valid()


def test_too_many_labels_at_once_are_refused(monkeypatch):
    monkeypatch.setattr(labels, "MOST", 1)
    with pytest.raises(ValidationError, match="2 labels are too many"):
        print_labels(AssetFactory.create_batch(2), layout="l7160")
