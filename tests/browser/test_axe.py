"""What looks at every page for its accessibility, looked at itself."""

import pytest
from axe_playwright_python.base import AXE_SCRIPT

from tests.browser.axe import axe, turn

pytestmark = [pytest.mark.real, pytest.mark.browser, pytest.mark.xdist_group("browser")]

FINE = "<!doctype html><html lang=en><title>Fine</title><main><h1>Fine</h1></main>"
POOR = FINE.replace("</h1>", "</h1><img src=data:,>")
# Grey on white would do for a page by day; by night the same grey, after a while, is too dark.
PALE = FINE.replace(
    "<title>",
    "<style>:root { color: #555; background: #fff; transition: background 9s }"
    "@media (prefers-color-scheme: dark) { :root { background: #222 } }</style><title>",
)
# Whoever looks at it never hears of it: that very moment it gives way to another page.
LEAVING = "axe.run = () => new Promise(() => { location.href = '/next' }), 0"


@pytest.fixture
def page(chromium):
    context = chromium.new_context(color_scheme="light")
    yield context.new_page()
    context.close()


@pytest.fixture
def leave(chromium):
    """A page that is about to give way to another one, whose text is given."""
    context = chromium.new_context(base_url="http://steward.test")
    page = context.new_page()

    def leave(html):
        page.route("**/*", lambda route: route.fulfill(body=FINE, content_type="text/html"))
        page.route("**/next", lambda route: route.fulfill(body=html, content_type="text/html"))
        page.goto("/")
        page.evaluate(AXE_SCRIPT)
        page.evaluate(LEAVING)
        return page

    yield leave
    context.close()


def test_a_page_that_gives_way_to_the_next_is_looked_at_there(leave):
    page = leave(FINE)
    axe(page)
    assert page.url.endswith("/next")


def test_what_is_wrong_with_the_next_page_is_still_told(leave):
    page = leave(POOR)
    with pytest.raises(AssertionError, match="critical: Images must have alternative text"):
        axe(page)


def test_what_is_wrong_only_by_night_is_told_when_the_page_has_turned(page):
    page.set_content(PALE)
    axe(page)
    turn(page, "dark")
    with pytest.raises(AssertionError, match="serious: Elements must meet minimum color contrast"):
        axe(page)
    turn(page, "light")
    axe(page)


def test_a_fault_is_as_grave_as_its_rule(page):
    """So the rules that are left out could not have found a serious one."""
    page.set_content(POOR.replace("<main>", "<h3></h3><p>Beside.</p><main>"))
    with pytest.raises(AssertionError):
        axe(page)
    found = page.evaluate("axe.run()")["violations"]
    impacts = dict(page.evaluate("axe._audit.rules.map(it => [it.id, it.impact])"))
    assert {it["impact"] for it in found} == {"minor", "moderate", "critical"}
    assert [it["impact"] for it in found] == [impacts[it["id"]] for it in found]
