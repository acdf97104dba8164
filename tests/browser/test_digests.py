"""Mails about alerts as a mail program shows them: light, dark, inverted, and on a small phone."""

from datetime import timedelta

import pytest
from django.utils.timezone import localdate

from people.models import Message
from support.digests import send_digests
from tests.browser.conftest import DESKTOP
from tests.factories import (
    AlertFactory,
    AssetFactory,
    ContractFactory,
    LicenceFactory,
    MessageFactory,
    PersonFactory,
    ResponseFactory,
    UserFactory,
)

pytestmark = [pytest.mark.real, pytest.mark.browser]
SMALL = {"width": 320, "height": 700}


@pytest.fixture
def mails(transactional_db):
    """To staff, with every kind of line; to an employee; and one of nothing but what lapsed."""
    today = localdate()
    staff = PersonFactory(name="Grace Hopper", user=UserFactory(is_staff=True))
    others = [PersonFactory(name="Ada Lovelace"), PersonFactory(name="Bob")]
    late = today - timedelta(9)
    missed = AlertFactory(
        rule="contract_notice",
        record=ContractFactory(title="A title that is long " * 6),
        recipient=others[0],
        due_on=late,
        message=MessageFactory(),
    )
    told = {"rule": "contract_notice", "record": missed.record, "due_on": late, "lead": 0}
    AlertFactory(recipient=staff, escalates=missed, **told)
    for days in (3, 60):
        AlertFactory(recipient=staff, due_on=today + timedelta(days))
    for person in (staff, others[0]):
        given = AlertFactory(rule="over_allocated", record=LicenceFactory(), recipient=person)
        ResponseFactory(alert=given, kind="passed_on", to=person, text="Donaudampfschiff" * 9)
    AlertFactory(recipient=others[1], state="lapsed", record=AssetFactory(), due_on=late)
    send_digests(today)
    return list(Message.objects.filter(list_name="alerts").order_by("pk"))


@pytest.mark.parametrize(
    ("name", "viewport", "options"),
    [
        ("light", DESKTOP, {}),
        ("dark", DESKTOP, {"color_scheme": "dark"}),
        ("small", SMALL, {"is_mobile": True}),
        ("small-dark", SMALL, {"is_mobile": True, "color_scheme": "dark"}),
    ],
)
def test_a_mail_is_readable_whatever_shows_it(mails, new_page, shoot, name, viewport, options):
    page = new_page(viewport, **options)
    assert len(mails) == 3
    for mail in mails:
        page.set_content(mail.html)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert "http" not in " ".join(page.evaluate(LOADED))
        shoot(page, f"{name}-{mail.recipient.name.split()[0].lower()}")


def test_a_mail_that_its_program_only_inverts_keeps_its_buttons(mails, new_page, shoot):
    page = new_page(SMALL)
    page.set_content(mails[0].html)
    page.add_style_tag(content="html { filter: invert(1) hue-rotate(180deg) }")

    shoot(page, "inverted")
    for button in page.get_by_role("link", name="Open").all():
        assert button.evaluate(BORDER) not in {"0px", ""}


LOADED = "Array.from(document.querySelectorAll('[src], link[href]'), it => it.src || it.href)"
BORDER = "it => getComputedStyle(it).borderTopWidth"
