from axe_playwright_python.sync_playwright import Axe

GRAVE = {"serious", "critical"}


def axe(page):
    """Assert that axe finds nothing serious on the page as it stands."""
    violations = Axe().run(page).response["violations"]
    found = [_sentence(it) for it in violations if it["impact"] in GRAVE]
    assert found == [], f"{page.url}: {found}"


def _sentence(violation):
    places = ", ".join(node["html"][:200] for node in violation["nodes"])
    return f"{violation['impact']}: {violation['help']} at {places}"
