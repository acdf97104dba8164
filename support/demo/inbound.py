"""Two mails that the rules kept back, for the desk to decide."""

from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from support.demo.company import Company
from support.mail_in.taking import Place, take
from support.models import Ticket

VENDOR = """Dear service desk,

the replacement keyboard for your case RMA-20417 has left our store today. Please send the
faulty one back in the same box.

Kind regards
Repairs, Northwind Computers
"""
QUESTION = """Hello,

is there any news about the projector of the big meeting room? We need it on Thursday.
"""


def write(company: Company) -> None:
    """One of a vendor whom nobody is known as, one about a ticket of somebody else."""
    ticket = Ticket.objects.open().order_by("-opened_at").first()
    asker = next(it for it in company.people if ticket is None or it.pk != ticket.requester_id)
    number = f"[{ticket.number}] " if ticket else ""
    _receive(company, 1, "repairs@northwind.example", "Your case RMA-20417", VENDOR)
    _receive(company, 2, asker.email, f"Re: {number}Projector", QUESTION)


def _receive(company: Company, uid: int, sender: str, subject: str, text: str) -> None:
    mail, sent_at = EmailMessage(), company.at(company.days_ago(1))
    mail["From"], mail["To"], mail["Subject"] = sender, "helpdesk@example.com", subject
    mail["Date"], mail["Message-ID"] = format_datetime(sent_at), make_msgid(domain="demo.example")
    mail.set_content(text)
    take(Place("helpdesk@example.com", 1, uid), mail.as_bytes(), sent_at)
