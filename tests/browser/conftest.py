"""A real browser on the suite's own server, in which every console error fails the test."""

import os
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import expect, sync_playwright

from tests.browser.axe import axe, turn
from tests.services import BROWSERS, executable

DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A page lives too briefly for the compilers to earn back what they cost.
    "--js-flags=--no-turbofan,--no-maglev",
]
PATIENCE = 15_000  # milliseconds; the machine may be busy with other tests
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def chromium():
    path = executable(BROWSERS, "No Chromium is installed.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def faults():
    """What the pages complained of. A test that provokes an error clears it: `faults.clear()`."""
    return []


@pytest.fixture
def new_page(chromium, live_server, faults):
    """Makes pages, each with cookies of its own: `new_page(PHONE, java_script_enabled=False)`."""
    contexts = []

    def make(viewport=DESKTOP, **options):
        context = chromium.new_context(base_url=live_server.url, viewport=viewport, **options)
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        _listen(page, faults)
        return page

    yield make
    for context in contexts:
        context.close()
    assert not faults


@pytest.fixture
def shoot(request):
    """Look at a page with axe, and keep its picture where SCREENSHOTS names a folder."""
    story = request.module.__name__.rpartition(".test_")[2]

    def shoot(page, name):
        axe(page)
        if folder := os.environ.get("SCREENSHOTS"):
            page.screenshot(path=Path(folder) / f"{story}-{name}.png", full_page=True)

    return shoot


@pytest.fixture
def shoot_both(shoot):
    """The same in the dark and in the light, of one page that is loaded once."""

    def shoot_both(page, name):
        for scheme in ("dark", "light"):
            turn(page, scheme)
            shoot(page, f"{name}-{scheme}")

    return shoot_both


@pytest.fixture
def desktop(new_page):
    return new_page(DESKTOP)


@pytest.fixture
def phone(new_page):
    return new_page(PHONE, has_touch=True, is_mobile=True)


@pytest.fixture
def sign_in(live_server):
    """Sign a user in without the form: `sign_in(page, user)`."""

    def sign_in(page, user):
        client = Client()  # one each: signing in another would end the session of the first
        client.force_login(user)
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        cookie = {"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}
        page.context.add_cookies([cookie])

    return sign_in


def _listen(page, faults):
    page.on("console", lambda it: it.type == "error" and faults.append(f"console: {it.text}"))
    page.on("pageerror", lambda error: faults.append(f"script: {error}"))
    page.on("requestfailed", lambda it: _note_failure(it, faults))


def _note_failure(request, faults):
    # Going on to the next page aborts what the last one was still loading.
    if request.failure != "net::ERR_ABORTED":
        faults.append(f"{request.method} {request.url}: {request.failure}")
