"""The notice that ends a contract, on paper and as a mail."""

import io
from datetime import date
from email import message_from_bytes, policy

import pytest
from pypdf import PdfReader

from contracts import decisions, letters
from people.documents import documents_of
from tests.factories import (
    AssetFactory,
    ContractFactory,
    CoverageFactory,
    DecisionFactory,
    TermFactory,
    VendorContactFactory,
    VendorFactory,
)

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 24)


def cancellation(**fields):
    vendor = VendorFactory(
        name="Nordkante Leasing",
        email="info@nordkante.example",
        customer_number="K-77",
        address="Kai 4\n20457 Hamburg",
    )
    contract = ContractFactory(number="C-00042", title="Laptop lease", vendor=vendor, **fields)
    term = TermFactory(contract=contract)
    return DecisionFactory(term=term, kind="cancel", ends_on=date(2027, 3, 31))


def text_of(content):
    return " ".join(
        " ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(content)).pages
    )


def written(decision):
    return text_of(letters.pdf(letters.notice(decision, on=TODAY, signed="Ada Moss")))


def test_the_letter_names_the_contract_and_the_day_and_asks_for_a_confirmation(settings):
    settings.ORGANISATION, settings.ORGANISATION_ADDRESS = "Lindenhof", ["Ring 1", "Bremen"]
    said = written(cancellation(reference="NL-9"))
    assert "Lindenhof Ring 1 Bremen" in said
    assert "Nordkante Leasing Kai 4 20457 Hamburg" in said
    assert "24 November 2026" in said
    assert (
        "Notice of contract C-00042 (your reference NL-9, customer number K-77): Laptop lease"
        in said
    )
    assert "It ends on 31 March 2027." in said
    assert "on the next day that is possible" in said
    assert "confirm in writing" in said
    assert "Ada Moss" in said


def test_a_contact_for_notices_is_addressed_by_name():
    decision = cancellation()
    VendorContactFactory(vendor=decision.contract.vendor, name="Sales Sam", takes_notices=False)
    VendorContactFactory(
        vendor=decision.contract.vendor,
        name="Nora Nagel",
        email="notices@nordkante.example",
        takes_notices=True,
    )
    letter = letters.notice(decision, on=TODAY)
    assert letter.mails == ["notices@nordkante.example"]
    said = text_of(letters.pdf(letter))
    assert "Dear Nora Nagel," in said
    assert "Sam" not in said


def test_covered_devices_are_named_and_very_many_counted():
    decision = cancellation()
    for number in range(letters.NAMED + 3):
        asset = AssetFactory(serial=f"SN{number:04}")
        CoverageFactory(contract=decision.contract, asset=asset)
    said = written(decision)
    assert "serial number SN0000" in said
    # Where a line ends within it, depending on the names before, the reader of PDFs joins words.
    assert "and3more." in said.replace(" ", "")


def test_the_draft_opens_unsent_with_the_letter_attached():
    letter = letters.notice(cancellation(), on=TODAY, signed="Ada Moss")
    draft = letters.mail_draft(letter, sender="ada@example.com", sender_name="Ada Moss")
    mail = message_from_bytes(draft, policy=policy.default)
    assert mail["X-Unsent"] == "1"
    assert mail["To"] == "info@nordkante.example"
    assert mail["From"] == "Ada Moss <ada@example.com>"
    assert mail["Subject"].startswith("Notice of contract C-00042")
    assert "It ends on 31 March 2027." in mail.get_body().get_content()
    [attached] = mail.iter_attachments()
    assert attached.get_content_type() == "application/pdf"
    assert "31 March 2027" in text_of(attached.get_content())


def test_a_vendor_without_an_address_still_gives_a_draft():
    contract = ContractFactory(number="C-1", title="Fax")
    decision = DecisionFactory(
        term=TermFactory(contract=contract), kind="cancel", ends_on=date(2027, 3, 31)
    )
    draft = letters.mail_draft(letters.notice(decision, on=TODAY), sender="")
    assert message_from_bytes(draft, policy=policy.default)["To"] is None


@pytest.mark.parametrize("title", ["<b>Fax</b> & co", "A\r\nBcc: evil@example.com", "Ł" * 200])
def test_a_title_is_text_and_never_markup_or_a_header(title):
    decision = cancellation()
    decision.contract.title = title
    letter = letters.notice(decision, on=TODAY)
    assert text_of(letters.pdf(letter))
    mail = message_from_bytes(
        letters.mail_draft(letter, sender="a@example.com"), policy=policy.default
    )
    assert mail["Bcc"] is None
    assert len(list(mail.iter_attachments())) == 1


def test_the_letter_that_went_out_is_kept_with_the_contract(finance):
    decision = cancellation(ends_on=date(2027, 3, 31))
    sent_on = decision.decided_on
    decisions.send_notice(decision, sent_on=sent_on, sent_by="registered", by=finance)
    [kept] = documents_of(decision.contract)
    assert kept.title == f"Notice of {sent_on.day} {sent_on:%B %Y}"
    assert "It ends on 31 March 2027." in text_of(kept.file.read())


def test_notice_in_the_portal_of_the_vendor_leaves_no_letter(finance):
    decision = cancellation(ends_on=date(2027, 3, 31))
    decisions.send_notice(decision, sent_on=decision.decided_on, sent_by="portal", by=finance)
    assert not documents_of(decision.contract)
