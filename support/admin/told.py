"""When people and shared mailboxes get the mail of the day, and how they are told of each kind."""

from django import forms
from django.contrib import admin
from django.contrib.admin import display

from config.admin import BaseAdmin
from config.admin.dressing import WIDGETS
from config.forms import RecordForm
from support.alert_words import RULE, title_of
from support.models import DigestTime, Preference
from support.preferences import time_zones

TITLES = {kind: rule.title for kind, rule in RULE.items()}


def _zones() -> list[tuple[str, str]]:
    return [("", "That of the organisation"), *((zone, zone) for zone in time_zones())]


class DigestTimeForm(RecordForm):
    time_zone = forms.ChoiceField(
        choices=_zones, required=False, widget=WIDGETS[forms.ChoiceField]()
    )


class PreferenceForm(RecordForm):
    rule = forms.ChoiceField(choices=TITLES.items, widget=WIDGETS[forms.ChoiceField]())


@admin.register(DigestTime)
class DigestTimeAdmin(BaseAdmin):
    form = DigestTimeForm
    list_display = ["person", "at", "time_zone"]
    list_select_related = ["person"]
    allowed_lookups = ["person"]
    search_fields = ["person__name", "person__email"]
    fields = ["person", ("at", "time_zone")]


@admin.register(Preference)
class PreferenceAdmin(BaseAdmin):
    form = PreferenceForm
    list_display = ["person", "kind", "delivery"]
    list_select_related = ["person"]
    list_filter = ["delivery"]
    allowed_lookups = ["person"]
    search_fields = ["person__name", "person__email"]
    fields = ["person", "rule", "delivery"]

    @display(description="rule", ordering="rule")
    def kind(self, preference: Preference) -> str:
        return title_of(preference.rule)
