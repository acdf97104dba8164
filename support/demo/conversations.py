"""150 tickets with what was said about them, most of them long closed."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from assets.models import Asset
from config.history import create_all_as, create_signed, sign, update_signed
from people.models import Person
from support.demo.company import Company
from support.demo.complaints import CATEGORIES, COMPLAINTS, NOTES, QUEUE_OF, QUEUES, REPLIES
from support.models import Comment, Queue, Ticket, TicketCategory, TicketSequence
from support.priorities import USUAL

TICKETS = 150
State, Level = Ticket.State, Ticket.Level


@dataclass
class Conversation:
    """A ticket, when it enters each of its states, and what is said."""

    ticket: Ticket
    topic: str
    steps: list[tuple[datetime, Ticket.State, str]]
    comments: list[Comment] = field(default_factory=list)


def write(company: Company) -> None:
    by, at = company.users["admin"], company.at(company.founded)
    categories = [TicketCategory(name=name) for name in CATEGORIES]
    queues = [Queue(name=name) for name in QUEUES]
    create_all_as(categories, by=by, reason="first set up", at=at)
    create_all_as(queues, by=by, reason="first set up", at=at)
    agents = [
        person
        for person in company.staff(company.days_ago(1))
        if person.department and person.department.name == "Information technology"
    ]
    things = _things()
    ages = sorted((_age(company) for _ in range(TICKETS)), reverse=True)
    conversations = [
        _conversation(company, number, age, things, agents) for number, age in enumerate(ages)
    ]
    topics, piles = {it.name: it for it in categories}, {it.name: it for it in queues}
    for conversation in conversations:
        conversation.ticket.category = topics[conversation.topic]
        conversation.ticket.queue = piles[QUEUE_OF.get(conversation.topic, "First line")]
    _number(conversations)
    _write(company, conversations)


def _age(company: Company) -> int:
    """How many days ago it was opened: a third of them in the last two weeks."""
    recent = company.random.random() < 0.33
    return company.random.randint(1, 14) if recent else company.random.randint(15, 420)


def _things() -> dict[tuple[int | None, str], Asset]:
    """What people hold, by holder and category; of two alike, one."""
    held = Asset.objects.filter(holder__isnull=False).select_related("product__category")
    return {(it.holder_id, it.product.category.name): it for it in held.order_by("tag")}


def _conversation(
    company: Company,
    number: int,
    age: int,
    things: dict[tuple[int | None, str], Asset],
    agents: list[Person],
) -> Conversation:
    random = company.random
    subject, description, topic, kind, thing, answer, solution = random.choice(COMPLAINTS)
    opened = company.at(company.days_ago(age))
    if number % 30 == TICKETS % 30 - 1 or number == TICKETS - 1:
        requester = company.colleague("employee")
    else:
        requester = random.choice(company.staff(company.days_ago(age)))
    urgency = random.choice([Level.HIGH, Level.MEDIUM, Level.MEDIUM, Level.LOW])
    impact = random.choice([Level.HIGH, Level.MEDIUM, Level.LOW, Level.LOW, Level.LOW])
    ticket = Ticket(
        subject=subject,
        description=description,
        kind=kind,
        requester=requester,
        asset=things.get((requester.pk, thing)),
        location=requester.location,
        urgency=urgency,
        impact=impact,
        priority=USUAL[urgency, impact],
        opened_at=opened,
    )
    conversation = Conversation(ticket, topic, _steps(company, opened, age))
    _talk(company, conversation, random.choice(agents), answer, solution)
    return conversation


def _steps(
    company: Company, opened: datetime, age: int
) -> list[tuple[datetime, Ticket.State, str]]:
    """As far as it has come: the old ones are closed, of the new ones some are untouched."""
    random = company.random
    steps = [(opened, State.NEW, "opened")]
    if age < 4 and random.random() < 0.4:
        return steps
    moment = opened + timedelta(minutes=random.randint(10, 300))
    steps.append((moment, State.IN_PROGRESS, "assigned"))
    luck = random.random()
    if age < 15 and luck < 0.3:
        return steps
    moment += timedelta(hours=random.randint(1, 20))
    if age < 15 and luck < 0.6:
        state = random.choice([State.WAITING_REQUESTER, State.WAITING_VENDOR])
        waits = moment.date() < company.today
        return [*steps, (moment, state, str(state.label))] if waits else steps
    moment += timedelta(hours=random.randint(1, 60))
    steps.append((moment, State.RESOLVED, "resolved"))
    if age > 14 or luck > 0.8:
        steps.append((moment + timedelta(days=5), State.CLOSED, "closed"))
    end = company.at(company.days_ago(1))
    return [step for step in steps if step[0] <= max(end, opened)]


def _talk(
    company: Company, conversation: Conversation, agent: Person, answer: str, solution: str
) -> None:
    ticket, random = conversation.ticket, company.random
    if len(conversation.steps) < 2:
        return
    ticket.assignee = agent
    said = conversation.steps[1][0] + timedelta(minutes=5)
    conversation.comments.append(_comment(ticket, agent, answer, said))
    last = conversation.steps[-1]
    resolved = next((at for at, state, _ in conversation.steps if state == State.RESOLVED), None)
    if last[1] != State.WAITING_REQUESTER and random.random() < 0.8:
        reply = said + timedelta(minutes=random.randint(5, 50))
        conversation.comments.append(
            _comment(ticket, ticket.requester, random.choice(REPLIES), reply)
        )
    if random.random() < 0.15:
        note = _comment(ticket, agent, random.choice(NOTES), said + timedelta(minutes=55))
        note.is_public = False
        conversation.comments.append(note)
    if resolved:
        conversation.comments.append(_comment(ticket, agent, solution, resolved))


def _comment(ticket: Ticket, author: Person, body: str, at: datetime) -> Comment:
    comment = Comment(ticket=ticket, author=author, body=body, created_at=at)
    reason = "answered" if author == ticket.requester else "answered by the desk"
    return sign(comment, by=author.user, reason=reason, at=at)


def _number(conversations: list[Conversation]) -> None:
    conversations.sort(key=lambda it: it.ticket.opened_at)
    sequence, _ = TicketSequence.objects.get_or_create(pk=1)
    for conversation in conversations:
        sequence.last += 1
        conversation.ticket.number = str(sequence)
    sequence.save()


def _write(company: Company, conversations: list[Conversation]) -> None:
    """First all as they were opened, then all as they were assigned, and so on."""
    assignees = {it.ticket.number: it.ticket.assignee for it in conversations}
    for turn in range(max(len(it.steps) for it in conversations)):
        tickets = []
        for conversation in conversations:
            if turn < len(conversation.steps):
                at, state, reason = conversation.steps[turn]
                ticket = conversation.ticket
                ticket.assignee = assignees[ticket.number] if turn else None
                _enter(ticket, state, at)
                by = company.users["desk"] if turn else ticket.requester.user
                tickets.append(sign(ticket, by=by, reason=reason, at=at))
        if turn:
            update_signed(tickets, ["state", "assignee", "resolved_at", "closed_at"])
        else:
            create_signed(tickets)
    comments = [comment for it in conversations for comment in it.comments]
    for comment in comments:
        comment.ticket = comment.ticket  # its key is known only now
    create_signed(comments)


def _enter(ticket: Ticket, state: Ticket.State, at: datetime) -> None:
    ticket.state = state
    if state in Ticket.ENDED:
        ticket.resolved_at = ticket.resolved_at or at
    ticket.closed_at = at if state == State.CLOSED else None
