"""The page on which a person says who the ledger's unknown spellings are."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from assets.models import Vendor
from config.admin.exchange import ExportAdmin
from config.admin.screens import actor
from config.forms import LinkField, StepForm
from contracts import matching
from contracts.models import MatchRun, Spend

MATCH = "contracts.match_spend"
REMEMBER, MAKE = "assets.add_vendoralias", "assets.add_vendor"
PER_PAGE = 50


class VendorForm(StepForm):
    """Somebody else than was suggested: one who is there, or a new one."""

    vendor = LinkField(Spend.vendor, label="Vendor who is there", required=False)
    name = forms.CharField(
        label="Or the name of a new vendor", required=False, max_length=150, strip=True
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and bool(cleaned["vendor"]) == bool(cleaned["name"]):
            raise ValidationError("Choose a vendor who is there, or name a new one.")
        return cleaned


class SpellingsAdmin(ExportAdmin):
    """The suggestions above the list of spend, for who may match."""

    def get_urls(self) -> list[URLPattern]:
        pages: list[tuple[str, Any, str]] = [
            ("suggestions/", self.suggestions_view, "suggestions"),
            ("suggestions/vendor/", self.vendor_view, "suggestions_vendor"),
        ]
        own = [
            path(at, self.admin_site.admin_view(view), name=f"contracts_spend_{name}")
            for at, view, name in pages
        ]
        return [*own, *super().get_urls()]

    def exchange_links(self, request: HttpRequest) -> list[dict[str, str]]:
        links = super().exchange_links(request)
        if "_popup" in request.GET or not request.user.has_perm(MATCH):
            return links
        return [*links, {"label": "Match", "url": self.address("suggestions")}]

    # --- The page ---

    def suggestions_view(self, request: HttpRequest) -> HttpResponse:
        """Every spelling without a vendor, and who it may be; runs the rules when asked to."""
        self._check(request)
        if request.method == "POST":
            self._say(request)
            return HttpResponseRedirect(request.get_full_path())
        page = Paginator(matching.unknown(), PER_PAGE).get_page(request.GET.get("p"))
        context = {
            **self.admin_site.each_context(request),
            "title": "Match spend",
            "opts": self.opts,
            "page": page,
            "rows": matching.suggestions(page.object_list),
            "open": Spend.objects.outside_it().filter(matched=Spend.Matched.NOT).count(),
            "runs": MatchRun.objects.select_related("asked_by")[:3],
            "may_remember": request.user.has_perm(REMEMBER),
            "list": self.address("changelist"),
        }
        return TemplateResponse(request, "admin/contracts/spellings.html", context)

    def _check(self, request: HttpRequest) -> None:
        if not request.user.has_perm(MATCH) or not self.has_view_permission(request):
            raise PermissionDenied

    def _say(self, request: HttpRequest) -> None:
        """Do what one of the page's buttons says, and tell what came of it."""
        said = request.POST
        verbs: dict[str, Callable[[HttpRequest], str]] = {
            "match": self._match,
            "confirm": self._confirm,
            "tell_apart": self._tell_apart,
        }
        verb = next((verb for name, verb in verbs.items() if name in said), None)
        if verb is None:
            raise Http404("There is no such button.")
        try:
            self.message_user(request, verb(request), messages.SUCCESS)
        except ValidationError as refusal:
            for sentence in refusal.messages:
                self.message_user(request, sentence, messages.ERROR)

    def _match(self, request: HttpRequest) -> str:
        run = matching.match(actor(request))
        if run.state == MatchRun.State.FAILED:
            raise ValidationError("The rules broke off; the server's log says why.")
        if run.state != MatchRun.State.DONE:
            return "The ledger is long: the rules run in the background. Look again in a minute."
        return (
            f"{run.vendors} lines got their vendor and {run.contracts} their contract;"
            f" {run.left} belong to none."
        )

    def _confirm(self, request: HttpRequest) -> str:
        if not request.user.has_perm(REMEMBER):
            raise PermissionDenied
        key, vendor = request.POST.get("key", ""), _vendor(request.POST["confirm"])
        count = matching.confirm(key, vendor=vendor, by=actor(request))
        return f"“{key}” is {vendor}: {count} lines have their vendor, and it is remembered."

    def _tell_apart(self, request: HttpRequest) -> str:
        key, vendor = request.POST.get("key", ""), _vendor(request.POST["tell_apart"])
        if not Spend.objects.filter(supplier_key=key).exists():
            raise ValidationError(f"No line of the ledger is written “{key}”.")
        matching.tell_apart(key, vendor=vendor, by=actor(request))
        return f"“{key}” is not {vendor}: that is not suggested again."

    # --- Another vendor, or a new one ---

    def vendor_view(self, request: HttpRequest) -> HttpResponse:
        """Say who one spelling is: a vendor who was not suggested, or one who is made now."""
        self._check(request)
        if not request.user.has_perm(REMEMBER):
            raise PermissionDenied
        key = request.GET.get("key", "").replace("\x00", "")
        row = matching.unknown().filter(supplier_key=key).first()
        if row is None:
            raise Http404("No line waits for the vendor of this spelling.")
        (suggestion,) = matching.suggestions([row])
        form = VendorForm(request.POST or None, initial={"name": ""})
        if not request.user.has_perm(MAKE):
            form.fields["name"].disabled = True
        self.prepare_step_form(request, form, [])
        if form.is_bound and form.is_valid() and self._name(request, key, form):
            return HttpResponseRedirect(self.address("suggestions"))
        context = {
            **self.admin_site.each_context(request),
            "title": f"Who is “{suggestion.supplier}”?",
            "opts": self.opts,
            "form": form,
            "media": self.media + form.media,
            "suggestion": suggestion,
            "here": f"{self.address('suggestions_vendor')}?{urlencode({'key': key})}",
            "back": self.address("suggestions"),
        }
        return TemplateResponse(request, "admin/contracts/spelling.html", context)

    def _name(self, request: HttpRequest, key: str, form: VendorForm) -> bool:
        vendor, by = form.cleaned_data["vendor"], actor(request)
        try:
            if vendor is None:
                vendor = matching.make_vendor(key, name=form.cleaned_data["name"], by=by)
            else:
                matching.confirm(key, vendor=vendor, by=by)
        except ValidationError as refusal:
            form.add_error(None, ValidationError(refusal.messages))
            return False
        sentence = f"“{key}” is {vendor}: its lines have their vendor, and it is remembered."
        self.message_user(request, sentence, messages.SUCCESS)
        return True


def _vendor(key: str) -> Vendor:
    found = Vendor.objects.filter(pk=key).first() if key.isdecimal() and len(key) < 19 else None
    if found is None:
        raise ValidationError("This vendor is not there any more.")
    return found
