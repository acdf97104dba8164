"""Pages of which not all is rendered, since not all is asked about."""

from contextlib import contextmanager
from unittest.mock import patch

from django.contrib.admin import AdminSite
from django.template import Engine
from django.template import Template as Source
from django.template.backends.django import Template

from config.site import BackOfficeSite

AROUND = "admin/base_site.html"
INSIDE = """
{% block title %}{% endblock %}
{% block extrahead %}{% endblock %}
{% block header %}{% endblock %}
{% block messages %}{% include "unfold/helpers/messages.html" %}{% endblock %}
{% block content %}{% endblock %}
{% block footer %}{% endblock %}
"""


@contextmanager
def _without_menu():
    """The menu lists nothing; the page of one app still lists what it has."""
    listed = AdminSite.get_app_list

    def found(site, request, app_label=None):
        return listed(site, request, app_label) if app_label else []

    menu = patch.object(BackOfficeSite, "get_sidebar_list", lambda site, request: [])
    with menu, patch.object(AdminSite, "get_app_list", found):
        yield


@contextmanager
def unrendered():
    """Pages are answered without their words: the status is decided before."""
    with _without_menu(), patch.object(Template, "render", lambda *args, **kwargs: ""):
        yield


@contextmanager
def bare():
    """Whatever extends the admin's base is rendered, the base itself with its menus is not."""
    find = Engine.find_template

    def found(engine, name, dirs=None, skip=None):
        if name == AROUND:
            return Source(INSIDE, engine=engine), None
        return find(engine, name, dirs, skip)

    with _without_menu(), patch.object(Engine, "find_template", found):
        yield
