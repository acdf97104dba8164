"""The back office's screens for licences: what was bought, and how much of it is used."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import SimpleListFilter, display
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from config.admin import DateRangeFilter, InUseFilter, ReadOnlyInline
from config.admin.reporting import ReportsAdmin
from config.admin.screens import actor
from config.admin.secrets import SecretsAdmin
from config.forms import RecordForm
from contracts import licences
from contracts.admin.contract import ContractAdmin
from contracts.admin.seat import SeatsOfLicenceInline
from contracts.admin.seat_steps import OF_LICENCE
from contracts.models import Licence
from contracts.seat_costs import cost_per_seat, with_costs
from people.document_admin import DocumentInline
from people.further_exchange import FurtherExchangeAdmin


class OverAllocatedFilter(SimpleListFilter):
    title = "use"
    parameter_name = "over"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "over-allocated: more than bought")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Licence]) -> QuerySet[Licence]:
        if self.value() != "yes":
            return queryset
        over = Licence.objects.over_allocated()
        return queryset.filter(pk__in=over.order_by().values("pk"))


def taken_of_bought(licence: Any) -> str:
    """As in "7 / 10", with what is too many said beside it; of a licence with `taken`."""
    bought = "as needed" if licence.seats is None else licence.seats
    count = licences.excess(licence, licence.taken)
    if not count:
        return f"{licence.taken} / {bought}"
    badge = format_html('<span class="excess">{} more than bought</span>', count)
    return format_html("{} / {} {}", licence.taken, bought, badge)


class LicenceForm(RecordForm):
    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if metric := self.cleaned_data.get("metric"):
            self.instance.metric = metric
            licences.check_metric(self.instance)
        return cleaned


@admin.register(Licence)
class LicenceAdmin(ReportsAdmin, SecretsAdmin, FurtherExchangeAdmin):
    form = LicenceForm
    reveal_permission = "contracts.reveal_licence"
    spreadsheet = "licences"
    further = {"subscriptions": "subscriptions with their contracts"}
    steps = OF_LICENCE
    list_display = [
        "number",
        "product",
        "plan",
        "metric",
        "taken_of_bought",
        "per_seat",
        "contract",
        "ends_on",
    ]
    list_filter = [
        OverAllocatedFilter,
        "metric",
        ("product__category", InUseFilter),
        ("ends_on", DateRangeFilter),
    ]
    allowed_lookups = ["contract", "product", "supplier"]
    search_fields = [
        "number",
        "product__name",
        "product__maker__name",
        "plan",
        "licensed_to",
        "licensed_email",
        "contract__number",
    ]
    readonly_fields = ["use", "per_seat", "all_seats"]
    WHAT = (None, {"fields": [("number", "product"), ("plan", "metric"), "key"]})
    BOUGHT = (
        "Purchase",
        {
            "fields": [
                ("contract", "supplier"),
                ("order_number", "purchased_on"),
                ("cost", "annual_cost", "currency"),
                ("licensed_to", "licensed_email"),
                "is_maintained",
            ]
        },
    )
    TIME = ("Time", {"fields": [("starts_on", "ends_on")]})
    REST = ("Notes", {"fields": ["notes"]})
    REPORTED = ("reported_in_use", "reported_on")
    fieldsets = [
        WHAT,
        (
            "Seats",
            {"fields": ["use", "all_seats", ("seats", "is_reassignable"), "per_seat", REPORTED]},
        ),
        BOUGHT,
        TIME,
        REST,
    ]
    add_fieldsets = [
        WHAT,
        ("Seats", {"fields": [("seats", "is_reassignable")]}),
        BOUGHT,
        TIME,
        REST,
    ]
    inlines = [SeatsOfLicenceInline, DocumentInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Licence]:
        rows: QuerySet[Licence] = super().get_queryset(request)
        taken: Any = rows
        return with_costs(taken.with_taken()).select_related(
            "product__maker", "contract", "supplier"
        )

    @display(description="taken / bought", ordering="taken")
    def taken_of_bought(self, licence: Licence) -> str:
        return taken_of_bought(licence)

    @display(description="use")
    def use(self, licence: Any) -> str:
        """How its seats are used, with what is too many in red."""
        words = licences.use_in_words(licence, licence.taken)
        if not licences.excess(licence, licence.taken):
            return words
        return format_html('<span class="refusal">{}</span>', words)

    @display(description="a seat costs, a year")
    def per_seat(self, licence: Licence) -> str | None:
        each = cost_per_seat(licence)
        return str(each) if each is not None else None

    @display(description="all seats")
    def all_seats(self, licence: Any) -> str:
        address = reverse("admin:contracts_seat_changelist")
        return format_html(
            '<a href="{}?licence__id__exact={}&amp;given=now">All {} seats that are taken</a>',
            address,
            licence.pk,
            licence.taken,
        )

    def save_model(self, request: HttpRequest, obj: Licence, form: Any, change: bool) -> None:
        if change:
            licences.number([obj])  # whose number was emptied gets another
            super().save_model(request, obj, form, change)
        else:
            licences.enter([obj], by=actor(request), reason=self.reason(form, change))


class LicencesOfContractInline(ReadOnlyInline):
    model = Licence
    fields = ["number", "product", "plan", "taken_of_bought", "per_seat"]
    readonly_fields = ["taken_of_bought", "per_seat"]
    verbose_name_plural = "licences"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: Any = super().get_queryset(request)
        return with_costs(rows.with_taken())

    @display(description="taken / bought")
    def taken_of_bought(self, licence: Licence) -> str:
        return taken_of_bought(licence)

    @display(description="a seat costs, a year")
    def per_seat(self, licence: Licence) -> str | None:
        each = cost_per_seat(licence)
        return str(each) if each is not None else None


ContractAdmin.inlines = [*ContractAdmin.inlines, LicencesOfContractInline]
