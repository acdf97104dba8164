"""Pages whose words are not what is asked about."""

from unittest.mock import patch

from django.template.backends.django import Template


def unrendered():
    """Pages are answered without their words: the status is decided before."""
    return patch.object(Template, "render", lambda *args, **kwargs: "")
