"""Short answers to common questions, for everybody who is signed in."""

from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from config import limits
from people.models import Person
from support import articles
from support.models import Article
from support.portal.access import for_a_person
from support.portal.paging import page_of

A_DAY = 24 * 3600
LONGEST_SEARCH = 200


@require_safe
@for_a_person
def articles_(request: HttpRequest, person: Person) -> HttpResponse:
    """All of them by title, or those that fit the words in `q`."""
    asked = request.GET.get("q", "")[:LONGEST_SEARCH].replace("\x00", "").strip()
    context: dict[str, Any] = {"asked": asked}
    if asked:
        limits.count("search", request)
        context["found"] = articles.suggest(asked, limit=20)
    else:
        context["page"] = page_of(request, Article.objects.filter(is_published=True))
    return render(request, "portal/articles.html", context)


@require_safe
@for_a_person
def article(request: HttpRequest, person: Person, pk: int) -> HttpResponse:
    found = get_object_or_404(Article, pk=pk, is_published=True)
    context = {"article": found, "words": articles.rendered(found)}
    return render(request, "portal/article.html", context)


@require_POST
@for_a_person
def helped(request: HttpRequest, person: Person, pk: int) -> HttpResponse:
    """Count it once a day and person: who presses twice was helped once."""
    found = get_object_or_404(Article, pk=pk, is_published=True)
    if cache.add(f"helped:{found.pk}:{person.pk}", True, A_DAY):
        articles.count_helped(found, by=person.user)
    messages.success(request, "Good. Nothing was sent to the service desk.")
    return redirect("portal:home")
