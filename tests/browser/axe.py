from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Error

# Rules whose faults are never serious are left out: a fault is as grave as its rule.
LOOK = """async () => {
    for (const it of document.getAnimations()) if (it instanceof CSSTransition) it.finish();
    const mild = axe._audit.rules.filter(it => ["minor", "moderate"].includes(it.impact));
    const rules = Object.fromEntries(mild.map(it => [it.id, { enabled: false }]));
    const { violations } = await axe.run({ rules, resultTypes: ["violations"] });
    return violations;
}"""
# Unfold asks for the scheme when a page is loaded, or when its theme is chosen.
FOLLOW = """async () => {
    const html = document.documentElement;
    const chosen = window.Alpine?.$data(html);
    if (chosen && "adminTheme" in chosen) {
        const theme = chosen.adminTheme;
        chosen.adminTheme = theme === "light" ? "dark" : "light";
        await Alpine.nextTick();
        chosen.adminTheme = theme;
        await Alpine.nextTick();
        if (html.classList.contains("dark") !== matchMedia("(prefers-color-scheme: dark)").matches)
            throw new Error("The page does not follow the scheme.");
    }
    for (const it of document.getAnimations()) if (it instanceof CSSTransition) it.finish();
}"""
GRAVE = {"serious", "critical"}


def axe(page):
    """Assert that axe finds nothing serious on the page as it stands."""
    found = [_sentence(it) for it in _settled(page, _look) if it["impact"] in GRAVE]
    assert found == [], f"{page.url}: {found}"


def turn(page, scheme, viewport=None):
    """The page as it would be, had it been loaded in the light or in the dark, at this size."""
    page.wait_for_load_state()
    if viewport:
        page.set_viewport_size(viewport)
    page.emulate_media(color_scheme=scheme)
    _settled(page, _follow)


def _settled(page, ask):
    # Its address is known before its style sheet is there.
    page.wait_for_load_state()
    try:
        return ask(page)
    except Error:
        # A click just made led to another page, and this one went away under our hands.
        page.locator("html").wait_for(state="attached")
        page.wait_for_load_state()
        return ask(page)


def _follow(page):
    page.evaluate(FOLLOW)


def _look(page):
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
        page.add_init_script(AXE_SCRIPT)  # where the page goes next it is there from the start
    return page.evaluate(LOOK)


def _sentence(violation):
    places = ", ".join(node["html"][:200] for node in violation["nodes"])
    return f"{violation['impact']}: {violation['help']} at {places}"
