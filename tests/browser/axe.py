from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error

GRAVE = {"serious", "critical"}


def axe(page):
    """Assert that axe finds nothing serious on the page as it stands."""
    violations = _look(page).response["violations"]
    found = [_sentence(it) for it in violations if it["impact"] in GRAVE]
    assert found == [], f"{page.url}: {found}"


def _look(page):
    try:
        return Axe().run(page)
    except Error:
        # A click just made led to another page, and this one went away under axe's hands.
        page.locator("html").wait_for(state="attached")
        page.wait_for_load_state()
        return Axe().run(page)


def _sentence(violation):
    places = ", ".join(node["html"][:200] for node in violation["nodes"])
    return f"{violation['impact']}: {violation['help']} at {places}"
