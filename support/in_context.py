"""What is worth knowing beside a ticket: its device, its cover, whom to call, what was before."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from assets import protection
from assets.models import Asset, Repair, Vendor, VendorContact, Warranty
from contracts.models import Contract
from support.models import Ticket

LAST = 5


@dataclass(frozen=True)
class Reach:
    """Somebody at a vendor's, or the vendor itself; what is not known is empty."""

    vendor: Vendor
    name: str
    role: str
    email: str
    phone: str


@dataclass(frozen=True)
class Context:
    """All of it on one day; what is not known is empty."""

    asset: Asset | None = None
    protection: Sequence[str] = ()
    warranties: Sequence[Warranty] = ()
    contracts: Sequence[Contract] = ()
    contacts: Sequence[Reach] = ()
    tickets: Sequence[Ticket] = ()
    repairs: Sequence[Repair] = ()
    others: Sequence[Asset] = ()


def of(ticket: Ticket, on: date) -> Context:
    """What stands beside a ticket, in a constant number of queries."""
    person = ticket.on_behalf_of or ticket.requester
    held = person.assets.select_related("product__maker").order_by("tag")
    asset = ticket.asset
    if asset is None:
        return Context(others=list(held))
    warranties = list(protection.of_assets([asset])[asset.pk])
    contracts = list(
        asset.contracts.running(on).select_related("vendor").order_by("ends_on", "number")
    )
    before = asset.tickets.exclude(pk=ticket.pk).order_by("-opened_at", "-pk")
    return Context(
        asset=asset,
        protection=protection.sentences(warranties, on),
        warranties=[it for it in warranties if protection.runs(it, on)],
        contracts=contracts,
        contacts=whom_to_call(asset, warranties, contracts, on),
        tickets=list(before[:LAST]),
        repairs=list(asset.repairs.select_related("vendor")[:LAST]),
        others=[it for it in held if it.pk != asset.pk],
    )


def whom_to_call(
    asset: Asset, warranties: Sequence[Warranty], contracts: Sequence[Contract], on: date
) -> list[Reach]:
    """Who is at whoever gives its warranty, else at its maker, then at those of its contracts."""
    first = whose_warranty(asset, warranties, on)
    vendors = dict.fromkeys([*([first] if first else []), *(it.vendor for it in contracts)])
    contacts: defaultdict[int, list[VendorContact]] = defaultdict(list)
    rows = VendorContact.objects.filter(vendor__in=list(vendors))
    for contact in rows.order_by("-takes_notices", "name", "pk"):
        contacts[contact.vendor_id].append(contact)
    return [reach for it in vendors for reach in _at(it, contacts[it.pk])]


def _at(vendor: Vendor, contacts: Sequence[VendorContact]) -> list[Reach]:
    found = [Reach(vendor, it.name, it.role, it.email, it.phone) for it in contacts]
    itself = Reach(vendor, "", "", vendor.email, vendor.phone)
    return [*found, itself] if vendor.email or vendor.phone or not found else found


def whose_warranty(asset: Asset, warranties: Sequence[Warranty], on: date) -> Vendor | None:
    """Who gives the warranty that counts on that day; the maker where nobody is named."""
    counting = protection.counting(it for it in warranties if protection.runs(it, on))
    return (counting.provider if counting else None) or asset.product.maker


def claim_address(asset: Asset, on: date) -> str:
    """Where a claim on its warranty is mailed to; empty where no address is known."""
    warranties = protection.of_assets([asset])[asset.pk]
    reached = whom_to_call(asset, warranties, (), on)
    return next((it.email for it in reached if it.email), "")
