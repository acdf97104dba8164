"""The history of a record: who changed what, from what, to what. For reading only."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from simple_history.admin import SimpleHistoryAdmin
from simple_history.models import ModelChange, ModelDelta

from config.admin.completion import LONGEST_KEY
from config.forms import shown_value, tracked_names


class VersionsAdmin(SimpleHistoryAdmin):
    """Shows of each version what the record's page shows to the same user, and no more."""

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The versions of a record, which may be deleted by now. Raises Http404 for no number."""
        if not (object_id.isdecimal() and len(object_id) <= LONGEST_KEY):
            raise Http404
        return super().history_view(request, object_id, extra_context)

    def history_form_view(
        self,
        request: HttpRequest,
        object_id: str,
        version_id: str,
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Old versions are for reading: going back to one would skip every rule of every move."""
        if request.method == "POST":
            raise PermissionDenied
        vars(request)["reading_history"] = True
        return super().history_form_view(request, object_id, version_id, extra_context)

    def set_history_delta_changes(
        self, request: HttpRequest, historical_records: Any, foreign_keys_are_objs: bool = True
    ) -> None:
        """Compare each version with the one before, in the fields that this user's page shows.

        simple-history's own comparison knows no field that a form may not edit, and so none that
        a move changes: no state, no holder. Lists of related records are left to it.
        """
        previous = None
        for current in historical_records:
            if previous is not None:
                changes = self._changes(request, current, previous)
                delta = ModelDelta(changes, [it.field for it in changes], current, previous)
                context = self.get_historical_record_context_helper(request, previous)
                previous.history_delta_changes = context.context_for_delta_changes(delta)
            previous = current

    def _changes(self, request: HttpRequest, old: Any, new: Any) -> list[ModelChange]:
        shown = self.shown_fields(request, old)
        plain = [name for name in shown if name in tracked_names(old)]
        many = {field.name for field in old._history_m2m_fields} & set(shown)
        lists: list[ModelChange] = new.diff_against(
            old, included_fields=many, foreign_keys_are_objs=True
        ).changes
        pairs = [(name, *self.shown_pair(request, old, new, name)) for name in plain]
        return [ModelChange(*pair) for pair in pairs if pair[1] != pair[2]] + lists

    def shown_pair(self, request: HttpRequest, old: Any, new: Any, name: str) -> tuple[str, str]:
        """A field in two versions, as a person reads it; the same twice means no change."""
        return shown_value(old, name), shown_value(new, name)

    def shown_fields(self, request: HttpRequest, obj: Model | None) -> list[str]:
        """The record's own fields on its page, for whoever this is."""
        raise NotImplementedError
