"""What the scheduler starts, and how it went; see `people.jobs`."""

from django.db import models
from django.db.models import Q


class Job(models.Model):
    """One entry of the schedule: when it last began, ended well, and what it said."""

    name = models.CharField(max_length=60, unique=True)
    started_at = models.DateTimeField("last started", null=True)
    ended_at = models.DateTimeField("last ended", null=True)
    succeeded_at = models.DateTimeField("last ended well", null=True)
    outcome = models.CharField(max_length=250, blank=True)
    error = models.TextField(blank=True)
    failures = models.PositiveIntegerField("failures in a row", default=0)
    watched_since = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class JobRun(models.Model):
    """One run that did something or failed; those with nothing to do are only in `Job`."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="runs")
    started_at = models.DateTimeField("started")
    ended_at = models.DateTimeField("ended", null=True)
    outcome = models.CharField(max_length=250, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["-started_at", "-pk"]
        indexes = [models.Index(fields=["job", "-started_at"], name="run_of_job")]
        constraints = [
            models.CheckConstraint(
                name="job_run_ends_after_it_began",
                condition=Q(ended_at=None) | Q(ended_at__gte=models.F("started_at")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.job} at {self.started_at:%-d %B %Y, %H:%M}"
