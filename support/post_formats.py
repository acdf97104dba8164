"""One post about alerts, as each kind of webhook reads it."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from django.conf import settings

from people.models import Webhook

LONGEST_SECTION = 3000
"""Characters that Slack takes in one section of a message."""


@dataclass(frozen=True)
class Line:
    """One date of one record, and who was told of it."""

    rule: str
    rule_title: str
    record: str
    url: str
    when: str
    due_on: date
    lead: int
    escalated: bool
    recipients: tuple[str, ...]

    @property
    def details(self) -> str:
        to = "nobody had answered, so it went to" if self.escalated else "told to"
        return f"{self.when} ({to} {', '.join(self.recipients)})"


@dataclass(frozen=True)
class Content:
    """What a post says: a title, its lines, and how many more there are at `url`."""

    title: str
    lines: Sequence[Line]
    more: int
    url: str

    @property
    def rest(self) -> str:
        return f"and {self.more} more" if self.more else ""


def as_json(content: Content, webhook: Webhook) -> str:
    """The body of the post, in the webhook's own format."""
    return json.dumps(FORMATS[Webhook.Format(webhook.format)](content), ensure_ascii=False)


def slack(content: Content) -> dict[str, Any]:
    """A message with sections; Mattermost and Rocket.Chat read the text alone."""
    lines = [_slack_line(line) for line in content.lines]
    if content.rest:
        lines.append(f"<{content.url}|{content.rest}>")
    title = f"*{_plain(content.title)}*"
    sections = [
        {"type": "section", "text": {"type": "mrkdwn", "text": text}}
        for text in _joined([title, *lines])
    ]
    return {"text": "\n".join([title, *lines]), "blocks": sections}


def _slack_line(line: Line) -> str:
    rule, details = _plain(line.rule_title), _plain(line.details)
    return f"• {rule}: <{line.url}|{_plain(line.record)}> – {details}"


def _plain(text: str) -> str:
    """Text in which nothing is a link or a mention, as Slack asks for it; @all calls nobody."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.replace("@", "@\u200b").replace("|", "¦")


def _joined(lines: Sequence[str]) -> list[str]:
    """The lines in as few texts as Slack's limit allows."""
    texts = [""]
    for line in lines:
        if len(texts[-1]) + len(line) >= LONGEST_SECTION:
            texts.append("")
        texts[-1] += ("\n" if texts[-1] else "") + line
    return texts


def teams(content: Content) -> dict[str, Any]:
    """An adaptive card, as the Workflows of Teams take it.

    Runs of rich text, since a plain text block reads Markdown: a title could be a link.
    """
    rows: list[list[dict[str, Any]]] = [[_run(content.title, weight="Bolder", size="Medium")]]
    for line in content.lines:
        link = _run(line.record, selectAction=_opening(line.url))
        rows.append([_run(f"{line.rule_title}: "), link, _run(f" – {line.details}")])
    if content.rest:
        rows.append([_run(content.rest, selectAction=_opening(content.url))])
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [{"type": "RichTextBlock", "inlines": row} for row in rows],
    }
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "content": card}]}


def _run(text: str, **style: Any) -> dict[str, Any]:
    return {"type": "TextRun", "text": text, **style}


def _opening(url: str) -> dict[str, str]:
    return {"type": "Action.OpenUrl", "url": url}


def plain(content: Content) -> dict[str, Any]:
    """What docs/operations.md describes, for programs."""
    alerts = [{**asdict(line), "due_on": line.due_on.isoformat()} for line in content.lines]
    return {
        "version": 1,
        "from": settings.SITE_URL,
        "title": content.title,
        "alerts": alerts,
        "more": content.more,
        "url": content.url,
    }


FORMATS: dict[Webhook.Format, Callable[[Content], dict[str, Any]]] = {
    Webhook.Format.SLACK: slack,
    Webhook.Format.TEAMS: teams,
    Webhook.Format.JSON: plain,
}
