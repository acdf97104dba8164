"""The dashboard on the back office's first page."""

from typing import Any

from django import template
from django.utils.timezone import localdate

from support import dashboard

register = template.Library()


@register.simple_tag(takes_context=True)
def today(context: dict[str, Any]) -> list[dashboard.Section]:
    return dashboard.today(context["request"].user, on=localdate())
