"""The history of a record: who changed what, from what, to what. For reading only."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from simple_history.admin import SimpleHistoryAdmin


class VersionsAdmin(SimpleHistoryAdmin):
    """Shows of each version what the record's page shows to the same user, and no more."""

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
        """Compare each version with the one before, in the fields that this user's page shows."""
        previous = None
        for current in historical_records:
            if previous is not None:
                fields = self._compared_fields(request, current)
                delta = previous.diff_against(
                    current, included_fields=fields, foreign_keys_are_objs=foreign_keys_are_objs
                )
                context = self.get_historical_record_context_helper(request, previous)
                previous.history_delta_changes = context.context_for_delta_changes(delta)
            previous = current

    def _compared_fields(self, request: HttpRequest, version: Any) -> list[str]:
        shown = self.shown_fields(request, version)
        return [name for name in shown if name in version.tracked_fields_by_name]

    def shown_fields(self, request: HttpRequest, obj: Model | None) -> list[str]:
        """The record's own fields on its page, for whoever this is."""
        raise NotImplementedError
