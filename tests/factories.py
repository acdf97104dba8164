"""Records for tests: valid, and no more than each needs."""

import uuid
from datetime import time, timedelta
from decimal import Decimal

import factory
from django.utils import timezone
from django.utils.text import slugify
from factory.django import DjangoModelFactory
from stdnum import luhn

from assets.models import (
    Asset,
    Category,
    Count,
    Custody,
    Disposal,
    ExtraField,
    Handover,
    Identifier,
    Inspection,
    Kit,
    KitLine,
    Order,
    OrderLine,
    Product,
    Relation,
    Release,
    Repair,
    SimCard,
    StateLabel,
    StockItem,
    StockMovement,
    Stocktake,
    Upgrade,
    Vendor,
    VendorAlias,
    VendorContact,
    Warranty,
    Wipe,
)
from contracts.models import (
    Budget,
    CalendarFeed,
    Contract,
    Coverage,
    Decision,
    Distinction,
    ExchangeRate,
    Licence,
    Seat,
    Spend,
    Term,
)
from people.models import (
    Department,
    Document,
    Job,
    JobRun,
    Location,
    Message,
    Person,
    User,
    Webhook,
)
from support.models import (
    Absence,
    Alert,
    Approval,
    Article,
    BusinessHours,
    CannedAnswer,
    Comment,
    DigestTime,
    Follower,
    Fulfilment,
    Holiday,
    InboundMail,
    LeadTime,
    Offer,
    Preference,
    PriorityCell,
    Queue,
    Response,
    ServiceLevel,
    Shift,
    StaffChange,
    StarterKit,
    Subscription,
    Ticket,
    TicketCategory,
    TicketLink,
    TicketTemplate,
    Work,
)


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User
        skip_postgeneration_save = True

    email = factory.Sequence("user{}@example.com".format)
    name = factory.Sequence("User {}".format)

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        kwargs.setdefault("password", "correct horse")
        return model_class.objects.create_user(*args, **kwargs)


class DepartmentFactory(DjangoModelFactory):
    class Meta:
        model = Department

    name = factory.Sequence("Department {}".format)


class LocationFactory(DjangoModelFactory):
    class Meta:
        model = Location

    name = factory.Sequence("Site {}".format)


class PersonFactory(DjangoModelFactory):
    class Meta:
        model = Person

    name = factory.Sequence("Person {}".format)
    email = factory.Sequence("person{}@example.com".format)


def somebody(**fields):
    """A person with a login, who may sign in to the portal."""
    user = UserFactory()
    return PersonFactory(user=user, email=user.email, **fields)


class VendorFactory(DjangoModelFactory):
    class Meta:
        model = Vendor

    name = factory.Sequence("Vendor {}".format)


class VendorAliasFactory(DjangoModelFactory):
    class Meta:
        model = VendorAlias

    vendor = factory.SubFactory(VendorFactory)
    name = factory.Sequence("Alias {}".format)


class VendorContactFactory(DjangoModelFactory):
    class Meta:
        model = VendorContact

    vendor = factory.SubFactory(VendorFactory)
    name = "Grace Hopper"


class CategoryFactory(DjangoModelFactory):
    class Meta:
        model = Category

    name = factory.Sequence("Category {}".format)


class ProductFactory(DjangoModelFactory):
    class Meta:
        model = Product

    name = factory.Sequence("Model {}".format)
    maker = factory.SubFactory(VendorFactory, is_maker=True)
    category = factory.SubFactory(CategoryFactory)


class AssetFactory(DjangoModelFactory):
    """In stock, unless a holder is given: then in use, with its open custody."""

    class Meta:
        model = Asset
        skip_postgeneration_save = True

    tag = factory.Sequence("T-{:06}".format)
    product = factory.SubFactory(ProductFactory)
    state = factory.LazyAttribute(lambda it: "in_use" if it.holder else "in_stock")
    holder = None

    @factory.post_generation
    def custody(self, create, extracted, **kwargs):
        if create and self.state in Asset.HELD and (self.holder or self.location):
            CustodyFactory(asset=self, holder=self.holder, location=self.location)

    @factory.post_generation
    def came_with(self, create, extracted, **kwargs):
        """The warranty that its days say it came with."""
        if create and self.warranty_ends_on:
            days = {"starts_on": self.warranty_starts_on, "ends_on": self.warranty_ends_on}
            WarrantyFactory(asset=self, months=None, **days)


class CustodyFactory(DjangoModelFactory):
    class Meta:
        model = Custody

    asset = factory.SubFactory(AssetFactory)
    holder = factory.SubFactory(PersonFactory)
    since = factory.LazyFunction(timezone.now)


class RelationFactory(DjangoModelFactory):
    class Meta:
        model = Relation

    source = factory.SubFactory(AssetFactory)
    kind = "depends_on"
    target = factory.SubFactory(AssetFactory)


class ExtraFieldFactory(DjangoModelFactory):
    class Meta:
        model = ExtraField

    category = factory.SubFactory(CategoryFactory)
    name = factory.Sequence("Field {}".format)
    key = factory.LazyAttribute(lambda it: slugify(it.name))


class StateLabelFactory(DjangoModelFactory):
    class Meta:
        model = StateLabel

    state = "in_stock"
    name = factory.Sequence("Label {}".format)


class IdentifierFactory(DjangoModelFactory):
    class Meta:
        model = Identifier

    asset = factory.SubFactory(AssetFactory)
    kind = "mac"
    value = factory.LazyAttributeSequence(lambda it, number: _identifier(it.kind, number))


def _identifier(kind, number):
    """The stored notation of one that passes the checks of its kind."""
    if kind == "eid":
        body = f"89049032{number:022}"
        return f"{body}{98 - int(body) * 100 % 97:02}"
    values = {
        "imei": f"35417803{number % 10**6:06}",
        "iccid": f"894902000{number:09}",
        "phone": f"+491713920{number % 1000:03}",
        "mac": f"001A{number:08X}",
        "uuid": f"123e4567-e89b-12d3-a456-{number:012x}",
    }
    check = luhn.calc_check_digit(values[kind]) if kind in ("imei", "iccid") else ""
    return f"{values[kind]}{check}"


class WarrantyFactory(DjangoModelFactory):
    class Meta:
        model = Warranty

    asset = factory.SubFactory(AssetFactory)
    starts_on = factory.LazyFunction(timezone.localdate)
    months = 24


class OrderFactory(DjangoModelFactory):
    class Meta:
        model = Order

    number = factory.Sequence("PO-{:05}".format)
    supplier = factory.SubFactory(VendorFactory)


class OrderLineFactory(DjangoModelFactory):
    class Meta:
        model = OrderLine

    order = factory.SubFactory(OrderFactory)
    product = factory.SubFactory(ProductFactory)
    quantity = 2


class ReleaseFactory(DjangoModelFactory):
    class Meta:
        model = Release

    product = factory.Sequence("system-{}".format)
    cycle = "1"


class InspectionFactory(DjangoModelFactory):
    class Meta:
        model = Inspection

    asset = factory.SubFactory(AssetFactory)
    passed = True
    inspected_at = factory.LazyFunction(timezone.now)


class HandoverFactory(DjangoModelFactory):
    class Meta:
        model = Handover

    to = factory.SubFactory(PersonFactory)
    handed_over_at = factory.LazyFunction(timezone.now)


class RepairFactory(DjangoModelFactory):
    class Meta:
        model = Repair

    asset = factory.SubFactory(AssetFactory)
    fault = "The screen flickers."
    sent_on = factory.LazyFunction(timezone.localdate)


class SimCardFactory(DjangoModelFactory):
    class Meta:
        model = SimCard

    asset = factory.SubFactory(AssetFactory, product__category__kind="sim")
    pin = "1234"
    puk = "12345678"


class UpgradeFactory(DjangoModelFactory):
    class Meta:
        model = Upgrade

    asset = factory.SubFactory(AssetFactory)
    done_on = factory.LazyFunction(timezone.localdate)
    what = "32 GB of memory"


class WipeFactory(DjangoModelFactory):
    class Meta:
        model = Wipe

    asset = factory.SubFactory(AssetFactory)
    method = "purge"
    wiped_on = factory.LazyFunction(timezone.localdate)
    wiped_by = "Ada Moss"


class DisposalFactory(DjangoModelFactory):
    class Meta:
        model = Disposal

    asset = factory.SubFactory(AssetFactory)
    method = "recycled"
    disposed_on = factory.LazyFunction(timezone.localdate)


class StockItemFactory(DjangoModelFactory):
    class Meta:
        model = StockItem

    name = factory.Sequence("Cable {}".format)
    location = factory.SubFactory(LocationFactory)


class StockMovementFactory(DjangoModelFactory):
    class Meta:
        model = StockMovement

    item = factory.SubFactory(StockItemFactory)
    kind = "delivery"
    quantity = 5
    balance = 5
    person = factory.SubFactory(PersonFactory)
    moved_at = factory.LazyFunction(timezone.now)


class KitFactory(DjangoModelFactory):
    class Meta:
        model = Kit

    name = factory.Sequence("Kit {}".format)


class KitLineFactory(DjangoModelFactory):
    """A line for a product, unless an item is given."""

    class Meta:
        model = KitLine

    kit = factory.SubFactory(KitFactory)
    product = factory.Maybe("item", None, factory.SubFactory(ProductFactory))
    item = None


class StocktakeFactory(DjangoModelFactory):
    """Being prepared; opened by `stocktaking.open`."""

    class Meta:
        model = Stocktake

    name = factory.Sequence("Stocktake {}".format)


class CountFactory(DjangoModelFactory):
    """Awaited in a stocktake that is open."""

    class Meta:
        model = Count

    stocktake = factory.SubFactory(StocktakeFactory, opened_at=factory.LazyFunction(timezone.now))
    asset = factory.SubFactory(AssetFactory)


class DocumentFactory(DjangoModelFactory):
    class Meta:
        model = Document

    record = factory.SubFactory(AssetFactory)
    title = factory.Sequence("Paper {}".format)
    name = "paper.txt"
    media_type = "text/plain"
    size = 5
    file = factory.django.FileField(data=b"Hello", filename="paper.txt")


class ContractFactory(DjangoModelFactory):
    class Meta:
        model = Contract

    number = factory.Sequence("C-{:05}".format)
    title = factory.Sequence("Contract {}".format)
    vendor = factory.SubFactory(VendorFactory)


class TermFactory(DjangoModelFactory):
    class Meta:
        model = Term

    contract = factory.SubFactory(ContractFactory)
    starts_on = factory.LazyFunction(timezone.localdate)
    amount = 100


class CoverageFactory(DjangoModelFactory):
    class Meta:
        model = Coverage

    contract = factory.SubFactory(ContractFactory)
    asset = factory.SubFactory(AssetFactory)


class DecisionFactory(DjangoModelFactory):
    class Meta:
        model = Decision

    term = factory.SubFactory(TermFactory)
    contract = factory.SelfAttribute("term.contract")
    kind = "renew"
    reason = "Everybody needs it."
    decided_on = factory.LazyFunction(timezone.localdate)


class CalendarFeedFactory(DjangoModelFactory):
    class Meta:
        model = CalendarFeed

    person = factory.SubFactory(PersonFactory)
    token_hash = factory.Sequence("{:064x}".format)


class LicenceFactory(DjangoModelFactory):
    class Meta:
        model = Licence

    number = factory.Sequence("LIC-{:05}".format)
    product = factory.SubFactory(ProductFactory)
    seats = 10


class SeatFactory(DjangoModelFactory):
    """A person's, unless a device or a site is given."""

    class Meta:
        model = Seat

    licence = factory.SubFactory(LicenceFactory)
    person = factory.Maybe("asset", None, factory.SubFactory(PersonFactory))
    asset = None
    since = factory.LazyFunction(timezone.localdate)


class SpendFactory(DjangoModelFactory):
    class Meta:
        model = Spend

    reference = factory.Sequence("RE-{:06}".format)
    booked_on = factory.LazyFunction(timezone.localdate)
    supplier = factory.Sequence("Supplier {} GmbH".format)
    amount = 100


class DistinctionFactory(DjangoModelFactory):
    class Meta:
        model = Distinction

    supplier_key = factory.Sequence("supplier {}".format)
    vendor = factory.SubFactory(VendorFactory)


class BudgetFactory(DjangoModelFactory):
    class Meta:
        model = Budget

    department = factory.SubFactory(DepartmentFactory)
    year = factory.LazyFunction(lambda: timezone.localdate().year)
    amount = 10_000


class ExchangeRateFactory(DjangoModelFactory):
    class Meta:
        model = ExchangeRate

    currency = "USD"
    base = "EUR"
    on = factory.Sequence(lambda number: timezone.localdate() - timedelta(number))
    rate = Decimal("0.92")


class QueueFactory(DjangoModelFactory):
    class Meta:
        model = Queue

    name = factory.Sequence("Queue {}".format)


class TicketCategoryFactory(DjangoModelFactory):
    class Meta:
        model = TicketCategory

    name = factory.Sequence("Topic {}".format)


class TicketFactory(DjangoModelFactory):
    class Meta:
        model = Ticket

    number = factory.Sequence("TX-{:06}".format)
    subject = factory.Sequence("Problem {}".format)
    requester = factory.SubFactory(PersonFactory)


class CommentFactory(DjangoModelFactory):
    class Meta:
        model = Comment

    ticket = factory.SubFactory(TicketFactory)
    author = factory.SubFactory(PersonFactory)
    body = "It still does not work."


class MessageFactory(DjangoModelFactory):
    class Meta:
        model = Message

    key = factory.Sequence("key:{}".format)
    recipient = factory.SubFactory(PersonFactory)
    subject = factory.Sequence("Subject {}".format)
    text = "Hello."
    message_id = factory.Sequence("<{}@example.com>".format)
    next_attempt_at = factory.LazyFunction(timezone.now)


class AlertFactory(DjangoModelFactory):
    class Meta:
        model = Alert

    rule = "warranty"
    record = factory.SubFactory(AssetFactory)
    due_on = factory.LazyFunction(timezone.localdate)
    lead = 7
    recipient = factory.SubFactory(PersonFactory)
    raised_on = factory.LazyFunction(timezone.localdate)
    run = factory.LazyFunction(uuid.uuid4)


class ResponseFactory(DjangoModelFactory):
    class Meta:
        model = Response

    alert = factory.SubFactory(AlertFactory)
    kind = "commented"
    text = "I am on it."


class LeadTimeFactory(DjangoModelFactory):
    """For all that the rule watches, unless a kind, a category or a record is given."""

    class Meta:
        model = LeadTime

    rule = "warranty"
    days = factory.LazyFunction(lambda: [30, 7])


class DigestTimeFactory(DjangoModelFactory):
    class Meta:
        model = DigestTime

    person = factory.SubFactory(PersonFactory)
    at = time(8)


class PreferenceFactory(DjangoModelFactory):
    class Meta:
        model = Preference

    person = factory.SubFactory(PersonFactory)
    rule = "warranty"
    delivery = "at_once"


class WebhookFactory(DjangoModelFactory):
    class Meta:
        model = Webhook

    name = factory.Sequence("Room {}".format)
    url = "https://chat.example.com/hooks/T0/B0/secret"


class SubscriptionFactory(DjangoModelFactory):
    class Meta:
        model = Subscription

    webhook = factory.SubFactory(WebhookFactory)
    rule = "warranty"


class JobFactory(DjangoModelFactory):
    class Meta:
        model = Job

    name = factory.Sequence("job {}".format)


class JobRunFactory(DjangoModelFactory):
    class Meta:
        model = JobRun

    job = factory.SubFactory(JobFactory)
    started_at = factory.LazyFunction(timezone.now)


class FollowerFactory(DjangoModelFactory):
    class Meta:
        model = Follower

    ticket = factory.SubFactory(TicketFactory)
    person = factory.SubFactory(PersonFactory)


class TicketLinkFactory(DjangoModelFactory):
    class Meta:
        model = TicketLink

    first = factory.SubFactory(TicketFactory)
    second = factory.SubFactory(TicketFactory)


class WorkFactory(DjangoModelFactory):
    class Meta:
        model = Work

    ticket = factory.SubFactory(TicketFactory)
    person = factory.SubFactory(PersonFactory)
    minutes = 30


class PriorityCellFactory(DjangoModelFactory):
    class Meta:
        model = PriorityCell
        django_get_or_create = ("urgency", "impact")

    urgency = factory.Sequence(lambda number: number // 3 % 3 + 1)
    impact = factory.Sequence(lambda number: number % 3 + 1)
    priority = 3


class CannedAnswerFactory(DjangoModelFactory):
    class Meta:
        model = CannedAnswer

    title = factory.Sequence("Answer {}".format)
    body = "Hello {requester}, please restart it."


class TicketTemplateFactory(DjangoModelFactory):
    class Meta:
        model = TicketTemplate

    name = factory.Sequence("Template {}".format)
    subject = "A new badge"


class ArticleFactory(DjangoModelFactory):
    class Meta:
        model = Article

    title = factory.Sequence("How to connect to printer {}".format)
    body = "1. Open the settings.\n2. Choose the printer."
    is_published = True


class BusinessHoursFactory(DjangoModelFactory):
    class Meta:
        model = BusinessHours

    name = factory.Sequence("Hours {}".format)


class ShiftFactory(DjangoModelFactory):
    class Meta:
        model = Shift

    hours = factory.SubFactory(BusinessHoursFactory)
    weekday = factory.Sequence(lambda number: number % 7)
    opens = time(9)
    closes = time(17)


class HolidayFactory(DjangoModelFactory):
    class Meta:
        model = Holiday

    hours = factory.SubFactory(BusinessHoursFactory)
    on = factory.Sequence(lambda number: timezone.localdate() + timedelta(number))


class ServiceLevelFactory(DjangoModelFactory):
    class Meta:
        model = ServiceLevel
        django_get_or_create = ("priority",)

    priority = factory.Sequence(lambda number: number % 4 + 1)
    respond_minutes = 60
    resolve_minutes = 480


class OfferFactory(DjangoModelFactory):
    """In words, unless a product, a category, a licence or a kit is given."""

    class Meta:
        model = Offer
        skip_postgeneration_save = True

    name = factory.Sequence("Offer {}".format)


class ApprovalFactory(DjangoModelFactory):
    class Meta:
        model = Approval

    ticket = factory.SubFactory(TicketFactory, kind="request", state="waiting_approval")
    role = "manager"
    approver = factory.SubFactory(PersonFactory)
    state = "waiting"
    asked_at = factory.LazyFunction(timezone.now)


class AbsenceFactory(DjangoModelFactory):
    class Meta:
        model = Absence

    person = factory.SubFactory(PersonFactory)
    deputy = factory.SubFactory(PersonFactory)
    starts_on = factory.LazyFunction(timezone.localdate)
    ends_on = factory.LazyFunction(timezone.localdate)


class FulfilmentFactory(DjangoModelFactory):
    class Meta:
        model = Fulfilment
        skip_postgeneration_save = True

    ticket = factory.SubFactory(TicketFactory, kind="request")
    way = "other"


class StarterKitFactory(DjangoModelFactory):
    class Meta:
        model = StarterKit

    offer = factory.SubFactory(OfferFactory)


class StaffChangeFactory(DjangoModelFactory):
    class Meta:
        model = StaffChange

    person = factory.SubFactory(PersonFactory)
    kind = "leaves"
    on = factory.LazyFunction(timezone.localdate)


class InboundMailFactory(DjangoModelFactory):
    class Meta:
        model = InboundMail

    mailbox = "desk@example.com/INBOX"
    validity = 1
    uid = factory.Sequence(int)
    message_id = factory.Sequence("<mail{}@example.com>".format)
    sender = "ada@example.com"
    subject = factory.Sequence("Mail {}".format)
    received_at = factory.LazyFunction(timezone.now)
    state = "quarantined"
