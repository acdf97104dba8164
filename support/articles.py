"""Short answers to common questions: which fit what somebody types, and how they are shown."""

import re

import nh3
from django.db import transaction
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

from config.history import Actor, save_as
from support.models import Article, TicketCategory

MOST_WORDS = 160
SHORTEST_STEM = 4
COMMON = """
about after again also and any are but can cannot could does doesn for from had has have how into
isn its just more not off only out please since some that the their then there they this too very
was wasn what when where which will with would you your
"""
"""English words that stand in any sentence and say nothing of its subject."""
TAGS = {"p", "br", "strong", "em", "code", "pre", "ol", "ul", "li", "h2", "h3", "blockquote", "a"}

# "js-default" leaves raw HTML as text; of what it makes only the tags above are kept.
_markdown = MarkdownIt("js-default").disable(["image", "table"])


def suggest(text: str, category: TicketCategory | None = None, limit: int = 3) -> list[Article]:
    """The published articles whose title or keywords share most words with `text`, best first.

    Words are compared whole or by their beginning, so that "printers" finds "printer". Articles of
    `category` come first among equals. The articles are few: they are compared here, in the same
    way on every database.
    """
    asked = words_of(text)
    if not asked:
        return []
    fitting = []
    for article in Article.objects.filter(is_published=True):
        score = _shared(asked, words_of(article.title)) * 2
        score += _shared(asked, words_of(article.keywords) - words_of(article.title))
        if score:
            is_elsewhere = category is None or article.category_id != category.pk
            fitting.append((-score, is_elsewhere, article.title, article))
    return [row[-1] for row in sorted(fitting, key=lambda row: row[:3])[:limit]]


def words_of(text: str) -> set[str]:
    """The words of three and more letters that say what it is about, in small letters."""
    words = re.findall(r"\w{3,}", text.casefold())
    return set(words[:MOST_WORDS]) - set(COMMON.split())


def rendered(article: Article) -> SafeString:
    """The article as HTML that holds nothing but text, lists and links."""
    html = _markdown.render(article.body).replace("<h1>", "<h2>").replace("</h1>", "</h2>")
    clean = nh3.clean(
        html, tags=TAGS, attributes={"a": {"href"}}, url_schemes={"http", "https", "mailto"}
    )
    return mark_safe(clean)  # cleaned just now


@transaction.atomic
def count_helped(article: Article, *, by: Actor) -> Article:
    """Note that it solved somebody's problem."""
    article = Article.objects.select_for_update().get(pk=article.pk)
    article.helped += 1
    save_as(article, by=by, reason="it helped somebody")
    return article


def _shared(asked: set[str], offered: set[str]) -> int:
    return sum(any(_alike(word, other) for word in asked) for other in offered)


def _alike(one: str, other: str) -> bool:
    if one == other:
        return True
    short, long = sorted([one, other], key=len)
    return len(short) >= SHORTEST_STEM and long.startswith(short)
