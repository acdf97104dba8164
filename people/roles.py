"""The roles, and what each may do: defined here, kept in groups by `synchronise`.

`synchronise` runs after every migration, so that a new permission is given the moment it exists.
An employee is anyone with a Person and no staff flag: they have the portal and no group.
"""

from typing import Any

from django.contrib.auth.models import Group, Permission

ADMINISTRATOR, IT, FINANCE = "Administrator", "IT", "Finance"
SERVICE_DESK, AUDITOR = "Service desk", "Auditor"

PEOPLE = ["people.department", "people.location", "people.person"]
REGISTER = [
    "assets.asset",
    "assets.category",
    "assets.extrafield",
    "assets.identifier",
    "assets.product",
    "assets.relation",
    "assets.statelabel",
    "assets.vendor",
    "assets.vendoralias",
    "assets.vendorcontact",
]
WARRANTIES = ["assets.warranty"]
CUSTODY = ["assets.custody", "assets.handover"]
SIMS = ["assets.simcard"]
DOCUMENTS = ["people.document"]
UPKEEP = [
    "assets.disposal",
    "assets.inspection",
    "assets.repair",
    "assets.upgrade",
    "assets.wipe",
]
STOCK = ["assets.kit", "assets.kitline", "assets.stockitem"]
MOVEMENTS = ["assets.stockmovement"]
ORDERS = ["assets.order", "assets.orderline"]
HEALTH = ["assets.release"]
STOCKTAKES = ["assets.count", "assets.stocktake"]
CONTRACTS = ["contracts.contract", "contracts.coverage", "contracts.term"]
DECISIONS = ["contracts.decision"]
LICENCES = ["contracts.licence"]
SEATS = ["contracts.seat"]
SPEND = ["contracts.distinction", "contracts.spend"]
BUDGETS = ["contracts.budget", "contracts.exchangerate"]
TICKETS = [
    "support.comment",
    "support.follower",
    "support.queue",
    "support.ticket",
    "support.ticketcategory",
    "support.ticketlink",
    "support.work",
]
READY = ["support.article", "support.cannedanswer", "support.tickettemplate"]
LEVELS = [
    "support.businesshours",
    "support.holiday",
    "support.prioritycell",
    "support.servicelevel",
    "support.shift",
]
CATALOGUE = ["support.offer", "support.starterkit"]
REQUESTS = ["support.approval", "support.fulfilment"]
STAFFING = ["support.absence", "support.staffchange"]
MAIL_IN = ["support.inboundmail"]
MAIL = ["people.message", "support.alert", "support.response"]
JOBS = ["people.job", "people.jobrun"]
WATCHING = ["support.leadtime"]
PREFERENCES = ["support.digesttime", "support.preference"]
WEBHOOKS = ["people.webhook", "support.subscription"]
TRACKED = [
    *PEOPLE,
    *REGISTER,
    *WARRANTIES,
    *CUSTODY,
    *UPKEEP,
    *SIMS,
    *DOCUMENTS,
    *STOCK,
    *MOVEMENTS,
    *STOCKTAKES,
    *ORDERS,
    *HEALTH,
    *CONTRACTS,
    *DECISIONS,
    *LICENCES,
    *SEATS,
    *SPEND,
    *BUDGETS,
    *TICKETS,
    *READY,
    *LEVELS,
    *CATALOGUE,
    *REQUESTS,
    *STAFFING,
    *WATCHING,
    *PREFERENCES,
    *WEBHOOKS,
]
EVERYTHING = [*TRACKED, *MAIL_IN, *MAIL, *JOBS]


def _grant(verbs: str, models: list[str]) -> set[str]:
    """`_grant("add view", ["people.person"])` is people.add_person and people.view_person."""
    pairs = [model.split(".") for model in models]
    return {f"{app}.{verb}_{name}" for app, name in pairs for verb in verbs.split()}


def _histories(models: list[str]) -> set[str]:
    return {"{}.view_historical{}".format(*model.split(".")) for model in models}


EDIT = "add change delete view"
READ = _grant("view", EVERYTHING) | _histories(TRACKED)
MONEY = _grant("view", [*SPEND, *BUDGETS]) | _histories([*SPEND, *BUDGETS])
MOVES = _grant(
    "plan order receive inspect stock hand_over lend take_back move pair relabel repair upgrade"
    " report_lost retire wipe dispose",
    ["assets.asset"],
)
EXCHANGE = "import export"
HAND_OUT = {"assets.move_stockitem", "assets.hand_over_kit"}
COUNT = {"assets.count_stocktake"}

ROLES: dict[str, set[str]] = {
    IT: READ
    | _grant(EDIT, [*PEOPLE, *REGISTER, *WARRANTIES, *STOCK, *ORDERS, *HEALTH, *LICENCES, *TICKETS])
    | _grant("reveal", LICENCES)
    | _grant("assign", SEATS)
    | _grant(EXCHANGE, [*LICENCES, *SEATS])
    | _grant("place receive export", ["assets.order"])
    | _grant(EXCHANGE, HEALTH)
    | MOVES
    | HAND_OUT
    | COUNT
    | _grant(f"{EDIT} open", ["assets.stocktake"])
    | _grant("change", UPKEEP)
    | {"assets.settle_handover"}
    | _grant("add change delete reveal", SIMS)
    | _grant("add delete", DOCUMENTS)
    | _grant(
        EXCHANGE,
        [
            "people.location",
            "people.person",
            "assets.asset",
            "assets.product",
            "assets.stockitem",
            "assets.vendor",
            "support.ticket",
        ],
    )
    | _grant(EDIT, [*READY, *LEVELS, *CATALOGUE, *STAFFING])
    | {"support.fulfil_ticket", "support.complete_staffchange", "support.decide_inboundmail"}
    | _grant(EDIT, [*WATCHING, *PREFERENCES, *WEBHOOKS])
    | {
        "assets.view_cost",
        "support.answer_ticket",
        "support.export_alert",
        "support.respond_alert",
        "people.retry_message",
    },
    FINANCE: READ
    | _grant("add delete", DOCUMENTS)
    | _grant(
        EDIT,
        [
            *CONTRACTS,
            *BUDGETS,
            *ORDERS,
            *WARRANTIES,
            "assets.vendor",
            "assets.vendoralias",
            "assets.vendorcontact",
        ],
    )
    | _grant("decide", ["contracts.contract"])
    | _grant("import export match", ["contracts.spend"])
    | _grant(EXCHANGE, BUDGETS)
    | {"support.decide_approval"}
    | _grant("assign", SEATS)
    | _grant("export", [*LICENCES, *SEATS])
    | _grant("place export", ["assets.order"])
    | _grant(EXCHANGE, ["contracts.contract", "assets.vendor"])
    | _grant("export", ["assets.asset", "assets.stockitem"])
    | _grant(EDIT, [*WATCHING, *PREFERENCES])
    | {
        "assets.view_cost",
        "assets.change_cost",
        "people.retry_message",
        "support.export_alert",
        "support.respond_alert",
    },
    SERVICE_DESK: (READ - MONEY)
    | _grant("add", DOCUMENTS)
    | _grant(EDIT, [*TICKETS, *READY, *STAFFING])
    | {"support.fulfil_ticket", "support.complete_staffchange", "support.decide_inboundmail"}
    | HAND_OUT
    | COUNT
    | {
        "assets.hand_over_asset",
        "assets.lend_asset",
        "assets.take_back_asset",
        "contracts.assign_seat",
        "support.answer_ticket",
        "support.export_ticket",
        "support.respond_alert",
    },
    AUDITOR: READ
    | _grant(
        "export",
        [
            "people.location",
            "people.person",
            "assets.asset",
            "assets.order",
            "assets.product",
            "assets.release",
            "assets.stockitem",
            "assets.vendor",
            "contracts.contract",
            "contracts.licence",
            "contracts.seat",
            "contracts.spend",
            "contracts.budget",
            "contracts.exchangerate",
            "support.alert",
            "support.ticket",
        ],
    )
    | {"assets.view_cost", "people.view_user", "people.view_historicaluser"},
}


def synchronise(**kwargs: Any) -> None:
    """Make the groups what ROLES says; an administrator has every permission there is."""
    granted = {
        f"{permission.content_type.app_label}.{permission.codename}": permission
        for permission in Permission.objects.select_related("content_type")
    }
    for role, names in (ROLES | {ADMINISTRATOR: set(granted)}).items():
        group, _ = Group.objects.get_or_create(name=role)
        group.permissions.set([granted[name] for name in names & granted.keys()])
