"""Pages of which not all is rendered, since not all is asked about."""

from unittest.mock import patch

from django.template import Engine
from django.template import Template as Source
from django.template.backends.django import Template

AROUND = "admin/base_site.html"
INSIDE = "{% block extrahead %}{% endblock %}{% block content %}{% endblock %}"


def unrendered():
    """Pages are answered without their words: the status is decided before."""
    return patch.object(Template, "render", lambda *args, **kwargs: "")


def bare():
    """Whatever extends the admin's base is rendered, the base itself with its menus is not."""
    find = Engine.find_template

    def found(engine, name, dirs=None, skip=None):
        if name == AROUND:
            return Source(INSIDE, engine=engine), None
        return find(engine, name, dirs, skip)

    return patch.object(Engine, "find_template", found)
