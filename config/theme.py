"""The name, the menu and the files of the back office’s theme."""

UNFOLD = {
    "SITE_TITLE": "Steward",
    "SITE_HEADER": "Steward",
    "SITE_SYMBOL": "inventory_2",
    "SITE_URL": "/",
    "SHOW_BACK_BUTTON": True,
    "COMMAND": {"search_models": "config.site.searched_models", "show_history": True},
    "STYLES": ["config.site.stylesheet"],
    "SCRIPTS": ["config.site.script"],
}
