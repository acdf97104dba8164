"""Reporting a problem in three steps, with short answers on the way, and files at the end."""

import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from people import documents
from people.models import Document
from support import articles
from support.models import Ticket
from tests.factories import (
    ArticleFactory,
    AssetFactory,
    PersonFactory,
    ProductFactory,
    TicketCategoryFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 60


@pytest.fixture
def mine(client, employee):
    client.force_login(employee.user)
    return client


def typed(**fields):
    filled = {"submission": uuid.uuid4(), "subject": "The printer is dead", "urgency": 2}
    return filled | {"description": "Since noon.", "check": "1"} | fields


def sent(**fields):
    return {key: value for key, value in typed(send="1", **fields).items() if key != "check"}


def text(response):
    return response.content.decode()


def test_the_first_step_offers_his_own_devices_and_something_else(mine, employee):
    asset = AssetFactory(holder=employee, product=ProductFactory(name="ThinkPad T14"))
    AssetFactory(holder=PersonFactory(), tag="CANARY-TAG")

    page = text(mine.get("/report/"))

    assert "ThinkPad T14" in page
    assert f'href="/equipment/{asset.pk}/report/"' in page
    assert 'href="/report/?about=else"' in page
    assert "CANARY" not in page


@pytest.mark.parametrize("address", ["/report/", "/report/?about=else"])
def test_who_has_no_device_begins_with_what_is_wrong(mine, address):
    assert 'name="subject"' in text(mine.get(address))


def test_the_label_of_a_device_leads_to_the_second_step_about_it(mine, employee):
    asset = AssetFactory(holder=employee, tag="LT-000012")

    page = text(mine.get("/a/LT-000012/", follow=True))

    assert f'<option value="{asset.pk}" selected>' in page
    assert 'name="subject"' in page


def test_checking_sends_nothing_and_carries_all_that_was_typed(mine, employee):
    asset = AssetFactory(holder=employee)
    told = typed(asset=asset.pk)

    page = text(mine.post("/report/", told))

    assert not Ticket.objects.exists()
    for name in ("submission", "asset", "subject", "description", "urgency"):
        assert f'type="hidden" name="{name}" value="{told[name]}"' in page
    assert "I can work, but it is in my way" in page


def test_the_enter_key_in_the_second_step_sends_nothing(mine):
    mine.post("/report/", {key: value for key, value in typed().items() if key != "check"})

    assert not Ticket.objects.exists()


def test_changing_it_goes_back_with_what_was_typed(mine, employee):
    asset = AssetFactory(holder=employee)

    page = text(mine.post("/report/", typed(asset=asset.pk, change="1")))

    assert f'<option value="{asset.pk}" selected>' in page
    assert 'value="The printer is dead"' in page
    assert "Since noon." in page
    assert "Please check" not in page


def test_the_old_address_of_a_device_still_sends(mine, employee):
    asset = AssetFactory(holder=employee)

    mine.post(f"/equipment/{asset.pk}/report/", sent(asset=asset.pk))

    assert Ticket.objects.get().asset == asset


def test_answers_that_fit_are_shown_before_sending_and_others_are_not(mine):
    ArticleFactory(title="A printer that does not print", body="Switch it **off**.")
    ArticleFactory(title="A new printer", is_published=False)
    ArticleFactory(title="Your password")

    page = text(mine.post("/report/", typed()))

    assert "A printer that does not print" in page
    assert "<strong>off</strong>" in page
    assert "A new printer" not in page
    assert "Your password" not in page


def test_this_solved_it_counts_once_a_day_and_sends_nothing(mine, employee):
    article = ArticleFactory()

    for _ in range(2):
        response = mine.post(f"/help/{article.pk}/helped/", follow=True)

    article.refresh_from_db()
    assert article.helped == 1
    assert article.history.first().history_user == employee.user
    assert "Nothing was sent" in text(response)
    assert not Ticket.objects.exists()


def test_the_most_common_words_rank_and_a_category_decides_among_equals():
    here = TicketCategoryFactory()
    best = ArticleFactory(title="Printer without paper", keywords="toner")
    second = ArticleFactory(title="B printers", category=here)
    third = ArticleFactory(title="A printer")
    by_keyword = ArticleFactory(title="Copies", keywords="printer, scanner")
    ArticleFactory(title="The and with you")

    found = articles.suggest("The PRINTER has no paper, and you?", category=here, limit=9)

    assert found == [best, second, third, by_keyword]
    assert articles.suggest("printer", limit=1) == [third]
    assert articles.suggest("the and with") == articles.suggest("") == []


def test_words_in_any_script_and_case_are_compared():
    article = ArticleFactory(title="Umlaute: GRÜSSE drucken")

    assert articles.suggest("grüsse") == [article]


@pytest.mark.parametrize(
    "payload",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](data:text/html,<script>alert(1)</script>)",
        "![x](https://example.org/pixel.png)",
        '<a href="https://example.org" style="color:red" onclick="x()">x</a>',
    ],
)
def test_an_article_runs_nothing_and_calls_nobody(payload):
    html = articles.rendered(ArticleFactory(body=f"Before\n\n{payload}\n\nAfter"))

    assert "<p>Before</p>" in html
    for tag in (
        "<script",
        "<img",
        'href="javascript',
        'href="data',
        '<a href="https://example.org" s',
    ):
        assert tag not in html


def test_an_article_has_lists_code_and_links():
    html = articles.rendered(ArticleFactory(body="# Do\n\n1. `one`\n\n[here](https://a.example/)"))

    assert "<h2>Do</h2>" in html
    assert "<li><code>one</code></li>" in html
    assert 'href="https://a.example/"' in html


def test_the_short_answers_are_listed_searched_and_read(mine):
    article = ArticleFactory(title="Printing at home")
    ArticleFactory(title="Hidden", is_published=False)

    assert "Printing at home" in text(mine.get("/help/"))
    assert "Hidden" not in text(mine.get("/help/"))
    assert "Printing at home" in text(mine.get("/help/?q=print"))
    assert "Nothing fits" in text(mine.get("/help/?q=zebra"))
    assert mine.get("/help/?q=a%00b").status_code == 200
    assert "Choose the printer." in text(mine.get(f"/help/{article.pk}/"))


@pytest.mark.parametrize("address", ["/help/{}/", "/help/{}/helped/"])
def test_what_is_not_published_does_not_exist(mine, address):
    article = ArticleFactory(is_published=False)

    ask = mine.post if "helped" in address else mine.get
    assert ask(address.format(article.pk)).status_code == 404


def test_pictures_come_with_the_report(mine, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    files = [SimpleUploadedFile("screen.png", PNG), SimpleUploadedFile("log.txt", b"Error 7")]

    mine.post("/report/", sent(attachments=files))

    ticket = Ticket.objects.get()
    assert {it.name for it in documents.documents_of(ticket)} == {"screen.png", "log.txt"}


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("page.png", b"<html><script>alert(1)</script>", "is no PNG file"),
        ("picture.svg", b"<svg onload='alert(1)'/>", "is not accepted"),
        ("page.html", b"<p>", "is not accepted"),
        ("note.txt", b"  <script>alert(1)</script>", "is no TXT file"),
        ("setup.exe", b"MZ", "is not accepted"),
        ("empty.png", b"", "empty"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_refused_and_the_words_stay(
    mine, settings, tmp_path, name, content, words
):
    settings.MEDIA_ROOT = tmp_path

    response = mine.post("/report/", sent(attachments=[SimpleUploadedFile(name, content)]))

    assert response.status_code == 200
    assert words in text(response)
    assert 'value="The printer is dead"' in text(response)
    assert not Ticket.objects.exists()
    assert not Document.objects.exists()


def test_too_large_a_file_and_too_many_are_refused(mine, settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(documents, "LARGEST", 50)
    large = mine.post("/report/", sent(attachments=[SimpleUploadedFile("a.png", PNG)]))
    many = [SimpleUploadedFile(f"{it}.txt", b"x") for it in range(11)]

    assert "at most" in text(large)
    assert "At most 10 files" in text(mine.post("/report/", sent(attachments=many)))
    assert not Ticket.objects.exists()


@pytest.mark.parametrize(
    "name", ["../../etc/passwd.txt", "..\\..\\boot.txt", "x" * 300 + ".txt", "a\u202etxt.exe.txt"]
)
def test_the_name_of_a_file_leads_nowhere(mine, settings, tmp_path, name):
    settings.MEDIA_ROOT = tmp_path

    mine.post("/report/", sent(attachments=[SimpleUploadedFile(name, b"words")]))

    document = Document.objects.get()
    assert "/" not in document.name
    assert "\\" not in document.name
    assert "\u202e" not in document.name
    assert len(document.name) <= 150
    assert document.file.name.startswith("attached/")


def test_sent_twice_with_files_there_is_one_ticket_with_them_once(mine, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    told = sent()

    for _ in range(2):
        files = [SimpleUploadedFile("log.txt", b"Error 7")]
        assert mine.post("/report/", told | {"attachments": files}).status_code == 302

    assert Ticket.objects.count() == Document.objects.count() == 1


def test_who_is_not_signed_in_reads_no_answers(client):
    article = ArticleFactory()
    for address in ("/help/", f"/help/{article.pk}/"):
        assert client.get(address).url == f"/accounts/login/?next={address}"


def test_a_login_of_nobody_reads_no_answers(client):
    client.force_login(UserFactory())

    assert client.get("/help/").status_code == 403
