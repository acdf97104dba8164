"""The menu of the back office: what belongs together, the daily first and the rare last.

It is presentation only, so that it may name every app by strings: a list by its model, a page or a
report by its admin and its path.
"""

from functools import cache
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest

PAGES = {
    "board": ("support.ticket", "Board", "board"),
    "desk": ("contracts.contract", "Renewal desk", "report", "desk"),
    "renewals": ("contracts.contract", "Renewals by month", "board"),
    "savings": ("contracts.contract", "Savings", "report", "savings"),
    "rules": ("support.leadtime", "Alert rules", "rules"),
    "preview": ("support.leadtime", "Alerts to come", "report", "preview"),
    "outbox": ("people.message", "Outbox", "changelist"),
}
"""Pages without a list of their own: the admin they belong to, their title and address."""

MENU = {
    "Service desk": "board support.ticket support.approval support.inboundmail support.article",
    "Assets": (
        "assets.asset assets.order assets.handover assets.stockitem assets.kit assets.stocktake"
        " assets.repair assets.warranty assets.simcard"
    ),
    "Contracts": (
        "desk renewals contracts.contract contracts.licence contracts.seat contracts.spend"
        " contracts.budget contracts.decision savings"
    ),
    "People": (
        "people.person people.department people.location support.staffchange support.absence"
    ),
    "Alerts": "support.alert preview rules support.preference support.digesttime support.leadtime",
    "Catalogue": "assets.product assets.category assets.vendor assets.release support.offer",
    "Records": (
        "assets.custody assets.count assets.stockmovement assets.inspection assets.upgrade"
        " assets.wipe assets.disposal support.comment people.document"
    ),
    "Setting up": (
        "people.user support.queue support.ticketcategory support.prioritycell support.servicelevel"
        " support.businesshours support.cannedanswer support.tickettemplate support.starterkit"
        " assets.statelabel contracts.exchangerate contracts.distinction people.webhook"
    ),
    "Steward at work": "outbox people.job people.jobrun",
}


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups of the menu with the entries that this user may open; the current one is marked.

    A list stands for all of its records' pages, unless a page of the menu is nearer.
    """
    found = {title: _items(request, names.split()) for title, names in MENU.items()}
    groups = {title: items for title, items in found.items() if items}
    links = [item["link"] for items in groups.values() for item in items]
    here = max((link for link in links if request.path.startswith(link)), key=len, default="")
    for items in groups.values():
        for item in items:
            item["active"] = item["link"] == here
    return [{"title": title, "items": items} for title, items in groups.items()]


def _items(request: HttpRequest, names: list[str]) -> list[dict[str, Any]]:
    return [item for name in names if (item := _item(request, name))]


def _item(request: HttpRequest, name: str) -> dict[str, Any] | None:
    label, title, page, *args = PAGES.get(name, (name, "", "changelist"))
    model = apps.get_model(label)
    screen: Any = admin.site._registry[model]
    if not screen.has_view_permission(request):
        return None
    link = _address(screen, page, *args)
    if page == "report" and link not in {it["url"] for it in screen.permitted_reports(request)}:
        return None
    plural = str(model._meta.verbose_name_plural)
    return {"title": title or plural[:1].upper() + plural[1:], "link": link}


@cache  # sixty on every page, and they never change
def _address(screen: Any, page: str, *args: str) -> str:
    address: str = screen.address(page, *args)
    return address
