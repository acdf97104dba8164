"""What pages are made of: the templates, and the name and the files of the back office’s theme."""

from pathlib import Path
from typing import Any


def templates(folder: Path) -> list[dict[str, Any]]:
    """The templates of `folder`, then those of the apps."""
    processors = [
        "django.template.context_processors.request",
        "django.contrib.auth.context_processors.auth",
        "django.contrib.messages.context_processors.messages",
        "config.context.organisation",
    ]
    return [
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [folder],
            "APP_DIRS": True,
            "OPTIONS": {"context_processors": processors},
        }
    ]


UNFOLD = {
    "SITE_TITLE": "Steward",
    "SITE_HEADER": "Steward",
    "SITE_SYMBOL": "inventory_2",
    "SITE_URL": "/",
    "SHOW_BACK_BUTTON": True,
    "COMMAND": {"search_models": "config.site.searched_models", "show_history": True},
    "SIDEBAR": {"show_search": True},
    "STYLES": ["config.site.stylesheet"],
    "SCRIPTS": ["config.site.script"],
}
