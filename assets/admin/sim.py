"""The back office's screen for the PIN and PUK of SIMs."""

from django.contrib import admin

from assets.models import SimCard
from config.admin.secrets import SecretsAdmin


@admin.register(SimCard)
class SimCardAdmin(SecretsAdmin):
    reveal_permission = "assets.reveal_simcard"
    list_display = ["asset", "pin", "puk"]
    list_select_related = ["asset__product"]
    search_fields = ["asset__tag", "asset__serial", "asset__identifiers__value"]
    fields = ["asset", ("pin", "puk")]
