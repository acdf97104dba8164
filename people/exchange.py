"""The import screens of a list: a file is uploaded, looked at, and then written or not."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from config import tables
from config.admin import ExportAdmin
from config.cells import Order
from config.forms import StepForm
from config.reports import Report
from people import importing
from people.models import ImportJob
from people.models.user import User

SHOWN = 100
State = ImportJob.State


class OptionsForm(StepForm):
    """How a file is to be read."""

    create_missing = forms.BooleanField(
        required=False,
        label="Make what is missing",
        help_text="People, vendors, products, departments and places that the file names and that"
        " are not there. They are listed before anything is written.",
    )
    skip_refused = forms.BooleanField(
        required=False,
        label="Leave refused rows out",
        help_text="Otherwise one refused row means that nothing is written.",
    )
    order = forms.ChoiceField(
        required=False,
        label="What 5/1/2019 means",
        choices=[
            ("", "As the file shows"),
            (Order.DAY_FIRST, "5 January: the day first"),
            (Order.MONTH_FIRST, "May 1: the month first"),
        ],
    )
    mapping = forms.CharField(
        required=False,
        label="Columns",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=5_000,
        help_text="Only where a header is not recognised: a line HEADER=field for each.",
    )
    constants = forms.CharField(
        required=False,
        label="Values for every row",
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=5_000,
        help_text="Where the file has no such column: a line such as currency=USD for each.",
    )

    def clean_mapping(self) -> dict[str, str]:
        return _pairs(self.cleaned_data["mapping"], "HEADER=field", from_the_end=True)

    def clean_constants(self) -> dict[str, str]:
        return _pairs(self.cleaned_data["constants"], "field=VALUE", from_the_end=False)

    def options(self) -> importing.Options:
        chosen = {name: self.cleaned_data[name] for name in OptionsForm.base_fields}
        return importing.Options(**chosen)


class UploadForm(OptionsForm):
    file = forms.FileField(
        label="File",
        allow_empty_file=True,  # refused with the others, in the same words
        widget=forms.FileInput(attrs={"accept": ",".join(importing.EXTENSIONS)}),
        help_text=f"CSV or Excel (.xlsx), at most {tables.MAX_BYTES // 2**20} MB and"
        f" {tables.MAX_ROWS:,} rows. The first row gives the headers.",
    )
    field_order = ["file"]


def _pairs(text: str, form: str, *, from_the_end: bool) -> dict[str, str]:
    pairs = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        left, _, right = line.rpartition("=") if from_the_end else line.partition("=")
        if not left.strip() or not right.strip():
            raise ValidationError(f'"{line[:100]}" is not understood. Accepted is {form}.')
        pairs[left.strip()] = right.strip()
    return pairs


def _lines(pairs: dict[str, str]) -> str:
    return "\n".join(f"{left}={right}" for left, right in pairs.items())


class ExchangeAdmin(ExportAdmin):
    """An admin whose records come in and leave as files, each for who may."""

    @property
    def subject(self) -> str:
        """What the import says that it imports."""
        return str(self.opts.verbose_name_plural)

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_import"
        views = [
            ("import/", self.import_view, name),
            ("import/<int:job_id>/", self.job_view, f"{name}_job"),
        ]
        own = [path(at, self.admin_site.admin_view(view), name=name) for at, view, name in views]
        return [*own, *super().get_urls()]

    def exchange_links(self, request: HttpRequest) -> list[dict[str, str]]:
        links = super().exchange_links(request)
        if "_popup" in request.GET or not self.has_exchange_permission(request, "import"):
            return links
        return [{"label": "Import", "url": self.address("import")}, *links]

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Ask for a file; one that can be read leads to its preview."""
        user = self._importer(request)
        form = UploadForm(request.POST or None, request.FILES or None)
        self.prepare_step_form(request, form, [])
        if form.is_bound and form.is_valid():
            file = form.cleaned_data["file"]
            try:
                job = importing.upload(file, kind=self.spreadsheet, options=form.options(), by=user)
            except ValidationError as refusal:
                form.add_error("file", refusal)
            else:
                return HttpResponseRedirect(self.address("import_job", job.pk))
        title = f"Import {self.subject}"
        fields = self.resource.known_headers()
        recent = importing.jobs_of(user, self.spreadsheet)[:5]
        jobs = [(job, self.address("import_job", job.pk)) for job in recent]
        return self._page(
            request, "admin/import_upload.html", title=title, form=form, fields=fields, jobs=jobs
        )

    def job_view(self, request: HttpRequest, job_id: int) -> HttpResponse:
        """One upload of one's own: its preview, its way and its report."""
        user = self._importer(request)
        job = importing.jobs_of(user, self.spreadsheet).filter(pk=job_id).first()
        if job is None:
            raise Http404(f"There is no import {job_id}.")
        form = OptionsForm(request.POST if "again" in request.POST else None, initial=_chosen(job))
        self.prepare_step_form(request, form, [])
        if request.method == "POST" and self._decide(request, job, form, user):
            return HttpResponseRedirect(request.path)
        return self._job_page(request, job, form)

    def _importer(self, request: HttpRequest) -> User:
        if not self.has_exchange_permission(request, "import"):
            raise PermissionDenied
        assert isinstance(request.user, User)
        return request.user

    def _decide(self, request: HttpRequest, job: ImportJob, form: OptionsForm, user: User) -> bool:
        """Do what a button asks for; false where the page must be shown once more."""
        try:
            if "confirm" in request.POST:
                importing.confirm(job, by=user)
            elif form.is_bound:
                if not form.is_valid():
                    return False
                importing.preview(job, options=form.options(), by=user)
        except ValidationError as refusal:
            for sentence in refusal.messages:
                self.message_user(request, sentence, messages.ERROR)
        return True

    def _job_page(self, request: HttpRequest, job: ImportJob, form: OptionsForm) -> HttpResponse:
        report = Report.from_json(job.report) if job.report else None
        return self._page(
            request,
            "admin/import_job.html",
            title=f"Import {self.subject}: {job.name}",
            job=job,
            report=report,
            form=form,
            waits=job.state in (State.UPLOADED, State.CONFIRMED),
            open=job.state in (State.PREVIEWED, State.REFUSED),
            next=_what_is_next(job, report),
            writes=job.state == State.PREVIEWED and _writes(job, report),
            refusals=report.refusals[:SHOWN] if report else [],
            more=max(0, report.refused - SHOWN) if report else 0,
            upload=self.address("import"),
            list=self.address("changelist"),
        )

    def _page(self, request: HttpRequest, template: str, **context: Any) -> TemplateResponse:
        form = context["form"]
        shared = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media + form.media,
            "back": self.address("changelist"),
        }
        return TemplateResponse(request, template, shared | context)


def _chosen(job: ImportJob) -> dict[str, Any]:
    """The options of a job as its form shows them."""
    pairs = {name: _lines(job.options.get(name, {})) for name in ("mapping", "constants")}
    return {**job.options, **pairs}


def _writes(job: ImportJob, report: Report | None) -> bool:
    if report is None or (report.refused and not job.options["skip_refused"]):
        return False
    return bool(report.created or report.updated)


def _what_is_next(job: ImportJob, report: Report | None) -> str:
    """What happens now, in plain words."""
    if job.state == State.UPLOADED:
        return "The file is large: it is being read in the background. This page renews itself."
    if job.state == State.CONFIRMED:
        return "The rows are being written in the background. This page renews itself."
    if job.state == State.DONE:
        return "The file is written. The history of each record names you and the file."
    if job.state == State.REFUSED:
        return "Nothing was written."
    assert report is not None
    if report.refused and not job.options["skip_refused"]:
        return (
            "Nothing is written while rows are refused. Correct the file and upload it again, or"
            " change the options below."
        )
    if not _writes(job, report):
        return "There is nothing to write: the register already says what this file says."
    left_out = f" The {report.refused} refused rows are left out." if report.refused else ""
    return (
        "Nothing is written yet. If you confirm, all of it is written; should anything go wrong,"
        f" nothing is.{left_out}"
    )
