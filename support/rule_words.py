"""What each alert rule watches, whom it tells, and what its date is called, in plain words.

For pages and calendars. What is true stands in `support.alerts`; a test compares the kinds.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    watches: str
    told: str
    event: str = ""
    """What a calendar calls the date; a condition has none."""


IT = "The mailbox of IT"
OWNER = "The owner, else the head of the department, else the mailbox of Finance"
DESK = "Whoever works on it, else the mailbox of the service desk"
LICENCE = "Whoever answers for the contract of the licence, else the mailbox of IT"

WORDS: dict[str, Words] = {
    "contract_notice": Words(
        "Contracts that can still be cancelled before they go on", OWNER, "Last day for notice"
    ),
    "contract_end": Words("Contracts whose last agreed term ends", OWNER, "Term ends"),
    "notice_unconfirmed": Words(
        "Contracts that were cancelled and whose vendor has not confirmed it",
        OWNER,
        "Ends, unconfirmed",
    ),
    "licence_end": Words("Licences with a last day", LICENCE, "Licence ends"),
    "over_allocated": Words("Licences of which more seats are in use than were bought", LICENCE),
    "idle_seats": Words("Licences with seats that nobody has used for a long time", LICENCE),
    "warranty": Words("Assets in service whose warranty ends", IT, "Warranty ends"),
    "product_end": Words("Products in service whose end of life has a date", IT, "End of life"),
    "support_end": Words("Releases in use whose maker stops supporting them", IT, "Support ends"),
    "loan": Words("Assets that were lent", "Whoever has it, else the mailbox of IT", "Give back"),
    "repair": Words("Assets that are away for repair", IT, "Back from repair"),
    "order": Words("Orders that were placed and have not all arrived", IT, "Delivery expected"),
    "leaver": Words(
        "People who leave and still hold, own or answer for something",
        "The manager, else the mailbox of IT",
        "Last day",
    ),
    "handover": Words(
        "Handovers that wait for an answer",
        "Whoever was handed it, else the mailbox of IT",
        "Accept what you were handed",
    ),
    "stock_low": Words("Stock items at or below their minimum", IT),
    "approval": Words(
        "Requests that wait for an approval",
        "Whoever is asked, else the mailbox of Finance",
        "Answer a request",
    ),
    "service_level_risk": Words(
        "Open tickets with most of the time to answer or solve them used up", DESK
    ),
    "service_level_missed": Words(
        "Open tickets that were not answered or solved by the time that was promised", DESK
    ),
}
