"""Lists and pages: what may be looked up, what may be seen, what is completed by typing."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib.admin import RelatedOnlyFieldListFilter as InUseFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.db import DataError
from django.db.models import ForeignKey, Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import RangeDateFilter as DateRangeFilter
from unfold.contrib.filters.admin import TextFilter

from config import limits
from config.admin.completion import Completing
from config.history import Actor

__all__ = [
    "DateRangeFilter",
    "InUseFilter",
    "NeverByHand",
    "ReadOnlyAdmin",
    "ScreenAdmin",
    "TextFilter",
    "actor",
    "completed_fields",
]

LOOKUPS = {"exact", "in", "isempty", "isnull", "id", "pk", "gte", "lte", "gt", "lt"}
LONGEST_SEARCH, MOST_WORDS = 200, 8


def actor(request: HttpRequest) -> Actor:
    """Who is doing this."""
    return request.user if request.user.is_authenticated else None


class ScreenAdmin(Completing, ModelAdmin):
    """Any model's screens, tracked or not."""

    list_per_page = 50
    show_full_result_count = False
    list_filter_submit = True
    save_on_top = False
    view_on_site = False
    # Further names that links may filter a list by, beside its filters.
    allowed_lookups: ClassVar[Sequence[str]] = ()
    # field: (permission to see it, permission to change it), beside those of the record.
    restricted: ClassVar[dict[str, tuple[str, str]]] = {}

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Only what the page offers: any other lookup would answer for a hidden field's letters."""
        names = {*self.filtered_names(request), *self.allowed_lookups}
        parts = lookup.split("__")
        while parts and "__".join(parts) not in names and parts[-1] in LOOKUPS:
            parts.pop()
        return "__".join(parts) in names

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        try:
            return super().get_changelist_instance(request)
        except (OverflowError, DataError) as error:  # a number that no key can be
            raise IncorrectLookupParameters from error

    def filtered_names(self, request: HttpRequest) -> set[str]:
        """What the filters of the list put into its address."""
        names: set[str] = set()
        for entry in self.get_list_filter(request):
            name = entry[0] if isinstance(entry, (tuple, list)) else entry
            name = name if isinstance(name, str) else name.parameter_name
            names |= {name, f"{name}_from", f"{name}_to"}
        return names

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Search for the first words only: each one is another condition on every row."""
        words = self.searched_words(request, search_term)
        return super().get_search_results(request, queryset, " ".join(words))

    def searched_words(self, request: HttpRequest, search_term: str) -> list[str]:
        """The words that are searched for. Raises TooOften where that is done too often."""
        words = search_term.replace("\x00", "")[:LONGEST_SEARCH].split()[:MOST_WORDS]
        if words:
            limits.count("search", request)
        return words

    def get_autocomplete_fields(self, request: HttpRequest) -> Sequence[str]:
        return completed_fields(self)

    def get_ordering(self, request: HttpRequest) -> Sequence[str]:
        """The model's own order, said outright: with a count beside each row Django drops it."""
        return super().get_ordering(request) or self.opts.ordering

    def address(self, page: str, *args: object) -> str:
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}"
        return reverse(name, args=args)

    def permitted_reports(self, request: HttpRequest) -> list[dict[str, str]]:
        """Label and address of each report of these records that this user may open."""
        return []

    def hidden_fields(self, request: HttpRequest) -> set[str]:
        """Restricted fields that this user may not see, on any page or path."""
        return {
            name for name, (view, _) in self.restricted.items() if not request.user.has_perm(view)
        }

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        hidden = self.hidden_fields(request)
        return [name for name in super().get_list_display(request) if name not in hidden]

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        hidden = self.hidden_fields(request)
        return [
            entry
            for entry in super().get_list_filter(request)
            if (entry[0] if isinstance(entry, (tuple, list)) else entry) not in hidden
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list; a search that finds one record only opens it."""
        response = super().changelist_view(request, extra_context)
        if request.method != "GET" or "_popup" in request.GET or not request.GET.get("q"):
            return response
        changes = getattr(response, "context_data", None) or {}
        found = changes["cl"].result_list if "cl" in changes else []
        if len(found) == 1 and changes["cl"].result_count == 1:
            name = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
            return HttpResponseRedirect(reverse(name, args=[found[0].pk]))
        return response


class NeverByHand:
    """What moves and tasks write; here it is looked at."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ReadOnlyAdmin(NeverByHand, ScreenAdmin):
    """Records that nobody writes by hand, and whose versions are not kept."""


def completed_fields(admin: Any) -> list[str]:
    """The foreign keys to records that can be searched for: all but the shortest lists."""
    searchable = {
        model for model, other in admin.admin_site._registry.items() if other.search_fields
    }
    return [
        field.name
        for field in admin.opts.fields
        if isinstance(field, ForeignKey) and field.editable and field.related_model in searchable
    ]
