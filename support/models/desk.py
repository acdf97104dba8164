"""What the desk sorts tickets by, and what it has ready to say."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from config.history import Record


class TicketCategory(Record):
    name = models.CharField(max_length=100)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "ticket categories"
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="ticket_category_name_is_unique_in_any_case",
                violation_error_message="There is a category of this name already.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Queue(Record):
    """A team's pile of tickets."""

    name = models.CharField(max_length=100)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="queue_name_is_unique_in_any_case",
                violation_error_message="There is a queue of this name already.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Level(models.IntegerChoices):
    """How urgent, and how many it stops."""

    HIGH = 1, "high"
    MEDIUM = 2, "medium"
    LOW = 3, "low"


class Priority(models.IntegerChoices):
    CRITICAL = 1, "critical"
    HIGH = 2, "high"
    MODERATE = 3, "moderate"
    LOW = 4, "low"


class PriorityCell(Record):
    """One cell of the matrix: which priority follows from an urgency and an impact."""

    urgency = models.PositiveSmallIntegerField(choices=Level)
    impact = models.PositiveSmallIntegerField(choices=Level)
    priority = models.PositiveSmallIntegerField(choices=Priority)

    class Meta:
        ordering = ["urgency", "impact"]
        constraints = [
            models.UniqueConstraint(
                fields=["urgency", "impact"],
                name="priority_follows_from_urgency_and_impact",
                violation_error_message="This cell is filled already.",
            )
        ]

    def __str__(self) -> str:
        return (
            f"urgency {self.get_urgency_display()}, impact {self.get_impact_display()}: "
            f"{self.get_priority_display()}"
        )


class CannedAnswer(Record):
    """An answer that is given often. {requester}, {number} and {asset} are filled in."""

    title = models.CharField(max_length=100)
    body = models.TextField()
    category = models.ForeignKey(
        TicketCategory, models.SET_NULL, null=True, blank=True, related_name="canned_answers"
    )

    class Meta:
        ordering = ["title"]
        constraints = [
            models.UniqueConstraint(
                Lower("title"),
                name="canned_answer_title_is_unique_in_any_case",
                violation_error_message="There is an answer of this title already.",
            )
        ]

    def __str__(self) -> str:
        return self.title


class TicketTemplate(Record):
    """A ticket that comes often, filled in beforehand."""

    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, default="incident")
    subject = models.CharField(max_length=250)
    description = models.TextField(blank=True)
    category = models.ForeignKey(
        TicketCategory, models.SET_NULL, null=True, blank=True, related_name="templates"
    )
    queue = models.ForeignKey(
        Queue, models.SET_NULL, null=True, blank=True, related_name="templates"
    )
    urgency = models.PositiveSmallIntegerField(choices=Level, default=Level.MEDIUM)
    impact = models.PositiveSmallIntegerField(choices=Level, default=Level.LOW)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="ticket_template_name_is_unique_in_any_case",
                violation_error_message="There is a template of this name already.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Article(Record):
    """A short answer to a common question, offered before somebody sends a report."""

    title = models.CharField(max_length=150)
    body = models.TextField(help_text="Markdown. Short steps help most.")
    keywords = models.CharField(
        max_length=250, blank=True, help_text="Words that people use for it, beside the title's."
    )
    category = models.ForeignKey(
        TicketCategory, models.SET_NULL, null=True, blank=True, related_name="articles"
    )
    is_published = models.BooleanField("published", default=False)
    helped = models.PositiveIntegerField(
        default=0, editable=False, help_text="How often somebody said that it helped."
    )

    class Meta:
        ordering = ["title"]
        constraints = [
            models.UniqueConstraint(
                Lower("title"),
                name="article_title_is_unique_in_any_case",
                violation_error_message="There is an article of this title already.",
            ),
            models.CheckConstraint(
                name="article_says_something",
                condition=~Q(body=""),
                violation_error_message="Write the answer.",
            ),
        ]

    def __str__(self) -> str:
        return self.title
