"""What is worth knowing beside a ticket: its device, its cover, whom to call, what was before."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from assets import protection
from assets.contacts import contacts_of
from assets.models import Asset, Repair, VendorContact, Warranty
from contracts.models import Contract
from support.models import Ticket

LAST = 5


@dataclass(frozen=True)
class Context:
    """All of it on one day; what is not known is empty."""

    asset: Asset | None = None
    protection: Sequence[str] = ()
    warranties: Sequence[Warranty] = ()
    contracts: Sequence[Contract] = ()
    contacts: Sequence[VendorContact] = field(default_factory=list)
    tickets: Sequence[Ticket] = ()
    repairs: Sequence[Repair] = ()
    others: Sequence[Asset] = ()


def of(ticket: Ticket, on: date) -> Context:
    """What stands beside a ticket, in a constant number of queries."""
    person = ticket.on_behalf_of or ticket.requester
    others = person.assets.select_related("product__maker").order_by("tag")
    asset = ticket.asset
    if asset is None:
        return Context(others=list(others))
    warranties = list(protection.of_assets([asset])[asset.pk])
    contracts = asset.contracts.running(on).select_related("vendor").order_by("ends_on")
    before = asset.tickets.exclude(pk=ticket.pk).order_by("-opened_at")
    return Context(
        asset=asset,
        protection=protection.sentences(warranties, on),
        warranties=[it for it in warranties if protection.runs(it, on)],
        contracts=list(contracts),
        contacts=whom_to_call(asset, warranties, on),
        tickets=list(before[:LAST]),
        repairs=list(asset.repairs.select_related("vendor")[:LAST]),
        others=list(others.exclude(pk=asset.pk)),
    )


def whom_to_call(asset: Asset, warranties: Sequence[Warranty], on: date) -> list[VendorContact]:
    """The contacts of whoever gives its warranty today, else of its maker."""
    running = [it for it in warranties if protection.runs(it, on) and it.provider]
    counting = protection.counting(running)
    vendor = counting.provider if counting else asset.product.maker
    return contacts_of(vendor) if vendor else []
