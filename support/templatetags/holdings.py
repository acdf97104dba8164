"""What somebody holds, for the page of a person."""

from django import template
from django.utils.timezone import localdate

from people.models import Person
from support import holdings

register = template.Library()


@register.simple_tag
def held_by(person: object) -> holdings.Holdings | None:
    return holdings.of(person, localdate()) if isinstance(person, Person) else None
