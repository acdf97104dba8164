"""Pages without the theme around them: what a view itself says is all there is."""

from unittest.mock import patch

from django.template import Engine, Template

AROUND = "admin/base_site.html"
INSIDE = "{% block extrahead %}{% endblock %}{% block content %}{% endblock %}"


def bare():
    """Whatever extends the admin's base is rendered, the base itself with its menus is not."""
    find = Engine.find_template

    def found(engine, name, dirs=None, skip=None):
        if name == AROUND:
            return Template(INSIDE, engine=engine), None
        return find(engine, name, dirs, skip)

    return patch.object(Engine, "find_template", found)
