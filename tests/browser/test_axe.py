"""What looks at every page for its accessibility, looked at itself."""

import pytest

from tests.browser.axe import axe

pytestmark = [pytest.mark.real, pytest.mark.browser, pytest.mark.xdist_group("browser")]

FINE = "<!doctype html><html lang=en><title>Fine</title><main><h1>Fine</h1></main>"
POOR = FINE.replace("</h1>", "</h1><img src=data:,>")
LONG = FINE.replace("</h1>", "</h1>" + "<p>Words and words.</p>" * 3000)


@pytest.fixture
def leave(chromium):
    """A page that is about to give way to another one, whose text is given."""
    context = chromium.new_context(base_url="http://steward.test")
    page = context.new_page()

    def leave(html):
        page.route("**/*", lambda route: route.fulfill(body=LONG, content_type="text/html"))
        page.route("**/next", lambda route: route.fulfill(body=html, content_type="text/html"))
        page.goto("/")
        page.evaluate("setTimeout(() => { location.href = '/next' }, 100)")
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
