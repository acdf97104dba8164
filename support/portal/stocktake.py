"""Where an employee says of what they hold whether they have it, while a stocktake asks for it."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from assets import stocktaking
from assets.models import Count
from people.models import Person
from support.portal.access import for_a_person


def awaited(person: Person) -> QuerySet[Count]:
    """What open stocktakes await of a person, each with its device."""
    rows = Count.objects.awaited_of(person).select_related("asset__product__maker", "stocktake")
    return rows.order_by("asset__tag", "pk")


@require_http_methods(["GET", "HEAD", "POST"])
@for_a_person
def confirm(request: HttpRequest, person: Person) -> HttpResponse:
    """Lists what is awaited; a button confirms one device or all shown, another denies one."""
    if request.method == "POST":
        return _answered(request, person)
    return render(request, "portal/stocktake.html", {"counts": awaited(person)})


def _answered(request: HttpRequest, person: Person) -> HttpResponse:
    try:
        messages.success(request, _answer(request, person))
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
    return redirect("portal:stocktake")


def _answer(request: HttpRequest, person: Person) -> str:
    if "deny" in request.POST:
        (count,) = _chosen(request, person, "deny")
        stocktaking.deny(count, person=person, by=person.user)
        return "Thank you. IT is told that you do not have it, and will look for it."
    # All that were shown, and not what came to be awaited since: nobody confirms it unseen.
    name = "have" if "have" in request.POST else "shown"
    confirmed = stocktaking.confirm(_chosen(request, person, name), person=person, by=person.user)
    if len(confirmed) == 1:
        return f"Thank you. You have {confirmed[0].asset}."
    return f"Thank you. You have confirmed {len(confirmed)} devices."


def _chosen(request: HttpRequest, person: Person, name: str) -> list[Count]:
    """Their own counts that a button names. Raises Http404 where one is not theirs."""
    keys = {int(key) for key in request.POST.getlist(name) if key.isdecimal() and len(key) < 19}
    counts = list(Count.objects.filter(expected_holder=person, pk__in=keys))
    if not keys or len(counts) < len(keys):
        raise Http404("There is no such device.")
    return counts
