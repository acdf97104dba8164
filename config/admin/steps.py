"""A change of state as the back office offers it: a button, a bulk action and one short form."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Protocol

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, QuerySet
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import content_disposition_header

from config import limits, once
from config.admin.screens import ScreenAdmin, actor
from config.forms import StepForm

SHOWN = 20
"""How many of the chosen records, and of the refusals, a page names one by one."""


class Result(Protocol):
    """What a step returns: the records it changed, and a sentence for each that it refused."""

    @property
    def done(self) -> Sequence[Any]: ...

    @property
    def refused(self) -> Sequence[str]: ...


@dataclass(frozen=True)
class Download:
    """What a step returns that changes nothing: a file about the records, for whoever asked."""

    name: str
    content: bytes
    content_type: str

    def response(self) -> HttpResponse:
        headers = {"Content-Disposition": content_disposition_header(True, self.name) or ""}
        return HttpResponse(self.content, content_type=self.content_type, headers=headers)


@dataclass(frozen=True)
class Step:
    """One move of a record: `run(rows, *, by, **what the form asked)` returns a Result.

    One that changes nothing may return a Download, which the browser saves; the form stays open.
    `run` raises ValidationError where what was asked for cannot be done for any row.
    """

    name: str
    label: str
    run: Callable[..., Result | Download]
    permission: str
    form: type[Form] = StepForm
    allows: Callable[[Any], bool] = lambda row: True
    help: str = ""
    in_bulk: bool = True
    """Whether it is offered for many records at once too."""
    also: Sequence[str] = ()
    """What it asks for beside its permission, where it does something to another record too."""

    limit: str = ""
    """Of `config.limits`, what it counts as for whoever takes it."""

    def is_for(self, user: Any) -> bool:
        """Whether this user may take it."""
        return bool(user.has_perms([self.permission, *self.also]))


class StepsAdmin(ScreenAdmin):
    """An admin whose records have steps, one by one and in bulk, asked the same permission."""

    steps: ClassVar[Sequence[Step]] = ()
    further_links: ClassVar[Sequence[Callable[[HttpRequest, Any], Iterable[dict[str, str]]]]] = ()
    """Links beside the steps, as apps above the record's own know them."""

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_step"
        view = self.admin_site.admin_view(self.step_view)
        return [path("<path:object_id>/step/<slug:step>/", view, name=name), *super().get_urls()]

    def permitted_steps(self, request: HttpRequest) -> list[Step]:
        return [step for step in self.steps if step.is_for(request.user)]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions = super().get_actions(request)
        if "_popup" not in request.GET:
            for step in self.permitted_steps(request):
                if not step.in_bulk:
                    continue
                actions[step.name] = (partial(_run_in_bulk, step=step), step.name, step.label)
        return actions

    def step_links(self, request: HttpRequest, record: Model) -> list[dict[str, str]]:
        """The steps this user may take with this record now, and where else to go from it."""
        allowed = [step for step in self.permitted_steps(request) if step.allows(record)]
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_step"
        links = [
            {"label": step.label, "url": reverse(name, args=[record.pk, step.name])}
            for step in allowed
        ]
        return [*links, *(it for further in self.further_links for it in further(request, record))]

    def step_view(self, request: HttpRequest, object_id: str, step: str) -> HttpResponse:
        """One step of one record."""
        found = next((known for known in self.steps if known.name == step), None)
        if found is None:
            raise Http404(f"There is no step {step}.")
        if not found.is_for(request.user) or not self.has_view_permission(request):
            raise PermissionDenied
        record = self.get_object(request, unquote(object_id))
        if record is None:
            raise Http404(f"There is no {self.opts.verbose_name} {object_id}.")
        back = reverse(
            f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[record.pk]
        )
        return self.take_step(request, found, [record], back)

    def take_step(
        self, request: HttpRequest, step: Step, rows: Sequence[Model], back: str
    ) -> HttpResponse:
        """Ask for what the step needs; once it is given, run it and report."""
        sent = "apply" in request.POST
        form = step.form(request.POST if sent else None, request.FILES if sent else None)
        self.prepare_step_form(request, form, rows)
        if form.is_bound and form.is_valid():
            try:
                return self._taken(request, step, rows, form, back)
            except ValidationError as refusal:
                form.add_error(None, refusal)
        return self.render_step(request, step, rows, form, back)

    def _taken(
        self, request: HttpRequest, step: Step, rows: Sequence[Model], form: Form, back: str
    ) -> HttpResponse:
        """Take the step once, however often its form is sent. Raises ValidationError as it does."""
        number = request.POST.get("nonce", "")
        with once.sending(number) as is_first:
            if not is_first:
                self.message_user(request, once.SENT_ALREADY, messages.WARNING)
                return HttpResponseRedirect(back)
            if step.limit:
                limits.count(step.limit, request)
            result = step.run(rows, by=actor(request), **form.cleaned_data)
        if isinstance(result, Download) or not result.done:
            once.forget(number)  # nothing was changed
        if isinstance(result, Download):
            return result.response()
        self.report(request, step, result)
        return HttpResponseRedirect(back)

    def prepare_step_form(self, request: HttpRequest, form: Form, rows: Sequence[Model]) -> None:
        """A hook: widgets, and choices that depend on the records."""

    def report(self, request: HttpRequest, step: Step, result: Result) -> None:
        """Say what was done, and of each refused record why."""
        count, refused = len(result.done), list(result.refused)
        if count == 1:
            self.message_user(request, f"{step.label}: {result.done[0]}.", messages.SUCCESS)
        elif count:
            done = f"{step.label}: {count} of {count + len(refused)} done."
            self.message_user(request, done, messages.SUCCESS)
        for sentence in refused[:SHOWN]:
            self.message_user(request, sentence, messages.ERROR)
        if len(refused) > SHOWN:
            more = f"{len(refused) - SHOWN} more were refused for reasons like these."
            self.message_user(request, more, messages.ERROR)

    def render_step(
        self, request: HttpRequest, step: Step, rows: Sequence[Model], form: Form, back: str
    ) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": step.label,
            "opts": self.opts,
            "step": step,
            "form": form,
            "media": self.media + form.media,
            "rows": rows[:SHOWN],
            "more": max(0, len(rows) - SHOWN),
            "refusable": [row for row in rows[:SHOWN] if not step.allows(row)],
            "back": back,
            "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
            "select_across": request.POST.get("select_across", ""),
            "bulk": ACTION_CHECKBOX_NAME in request.POST,
            "nonce": request.POST.get("nonce") or once.number(),
        }
        return TemplateResponse(request, "admin/step.html", context)


def _run_in_bulk(
    admin: StepsAdmin, request: HttpRequest, chosen: QuerySet[Any], *, step: Step
) -> HttpResponse:
    if not step.is_for(request.user):
        raise PermissionDenied
    return admin.take_step(request, step, list(chosen), request.get_full_path())
