"""The short answers that are offered before somebody sends a report."""

from django.contrib import admin
from django.contrib.admin import display
from django.utils.html import format_html

from config.admin import BaseAdmin
from support.articles import rendered
from support.models import Article


@admin.register(Article)
class ArticleAdmin(BaseAdmin):
    list_display = ["title", "category", "is_published", "helped"]
    list_filter = ["is_published", "category"]
    list_select_related = ["category"]
    search_fields = ["title", "keywords", "body"]
    fields = ["title", "keywords", "category", "body", "is_published", "helped", "preview"]
    readonly_fields = ["helped", "preview"]

    @display(description="as it is read")
    def preview(self, article: Article | None) -> str:
        """Of what is saved; a new one has none yet."""
        if article is None or not article.pk:
            return "It is shown here once it is saved."
        return format_html('<div class="article-preview">{}</div>', rendered(article))
