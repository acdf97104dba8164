"""The dashboard on the back office's first page."""

from typing import Any

from django import template
from django.utils import timezone
from django.utils.timezone import localdate

from people.jobs import Late, late
from support import dashboard

register = template.Library()


@register.simple_tag(takes_context=True)
def today(context: dict[str, Any]) -> list[dashboard.Section]:
    return dashboard.today(context["request"].user, on=localdate())


@register.simple_tag(takes_context=True)
def late_jobs(context: dict[str, Any]) -> list[Late]:
    """What of the schedule did not run, for those who may see the jobs."""
    may_see = context["request"].user.has_perm("people.view_job")
    return late(timezone.now()) if may_see else []
