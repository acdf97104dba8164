"""What can be had, and from whom."""

from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from config.fields import WebAddressField
from config.history import Record


class Vendor(Record):
    """Who makes, supplies, resells or carries. Its other spellings are its aliases."""

    name = models.CharField(max_length=150)
    is_maker = models.BooleanField("maker", default=False)
    is_supplier = models.BooleanField("supplier", default=False)
    is_reseller = models.BooleanField("reseller", default=False)
    is_carrier = models.BooleanField("carrier", default=False)
    email = models.EmailField("e-mail", blank=True)
    phone = models.CharField(max_length=40, blank=True)
    website = WebAddressField(blank=True)
    customer_number = models.CharField(max_length=60, blank=True)
    address = models.TextField("postal address", blank=True, help_text="Where notice is sent to.")

    class Meta:
        permissions = [
            ("import_vendor", "Can import vendors"),
            ("export_vendor", "Can export vendors"),
        ]
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="vendor_name_is_unique_in_any_case",
                violation_error_message="There is a vendor of this name already.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class VendorAlias(Record):
    """Another spelling of a vendor's name, so that "HP Inc" and "Hewlett-Packard" meet."""

    vendor = models.ForeignKey(Vendor, models.CASCADE, related_name="aliases")
    name = models.CharField(max_length=150)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "aliases"
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="vendor_alias_is_unique_in_any_case",
                violation_error_message="This spelling belongs to a vendor already.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class VendorContact(Record):
    """Somebody to talk to at a vendor's."""

    vendor = models.ForeignKey(Vendor, models.CASCADE, related_name="contacts")
    name = models.CharField(max_length=150)
    role = models.CharField(max_length=100, blank=True, help_text="Sales, support, accounts.")
    email = models.EmailField("e-mail", blank=True)
    phone = models.CharField(max_length=40, blank=True)
    takes_notices = models.BooleanField(
        default=False, help_text="Notice of a contract is addressed to them."
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Category(Record):
    class Kind(models.TextChoices):
        HARDWARE = "hardware", "hardware"
        SIM = "sim", "SIM"
        NETWORK = "network", "network"
        SERVER = "server", "server"
        CLOUD = "cloud", "cloud or virtual"
        SERVICE = "service", "service"

    class Depreciation(models.TextChoices):
        NONE = "", "not depreciated"
        STRAIGHT_LINE = "straight_line", "straight line"
        DECLINING_BALANCE = "declining_balance", "declining balance"

    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.HARDWARE)
    tag_prefix = models.CharField(
        max_length=8, default="AS", help_text="New assets are numbered behind it: AS-000001."
    )
    needs_acceptance = models.BooleanField(
        default=False, help_text="Whoever receives one confirms it in the portal."
    )
    holds_data = models.BooleanField(
        default=False, help_text="Must be wiped before it is disposed of."
    )
    needs_inspection = models.BooleanField(
        default=False, help_text="What arrives is inspected before it goes into stock."
    )
    checklist = models.TextField(
        "inspection checklist", blank=True, help_text="One point to check a line."
    )
    slots = models.PositiveSmallIntegerField(
        "SIM slots", default=0, help_text="How many SIMs fit, where the product does not say."
    )
    depreciation = models.CharField(
        max_length=20, choices=Depreciation, default=Depreciation.NONE, blank=True
    )
    useful_months = models.PositiveSmallIntegerField(
        "useful life (months)", null=True, blank=True, validators=[MinValueValidator(1)]
    )
    residual_percent = models.DecimalField(
        "residual value (%)",
        max_digits=5,
        decimal_places=2,
        default=Decimal(0),
        validators=[MinValueValidator(0), MaxValueValidator(100)],
        help_text="What is left of the cost at the end of its useful life.",
    )
    declining_percent = models.DecimalField(
        "declining balance (% a year)",
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal("0.01")), MaxValueValidator(100)],
    )

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "categories"
        constraints = [
            models.CheckConstraint(
                name="category_that_is_depreciated_has_a_useful_life",
                condition=Q(depreciation="") | Q(useful_months__gte=1),
                violation_error_message="Give the useful life in months.",
            ),
            models.CheckConstraint(
                name="category_with_declining_balance_has_a_rate",
                condition=~Q(depreciation="declining_balance") | Q(declining_percent__gt=0),
                violation_error_message="Give the yearly rate of the declining balance.",
            ),
            models.CheckConstraint(
                name="category_residual_is_a_share",
                condition=Q(residual_percent__gte=0) & Q(residual_percent__lte=100),
                violation_error_message="The residual value is 0 to 100 percent.",
            ),
            models.UniqueConstraint(
                Lower("name"),
                name="category_name_is_unique_in_any_case",
                violation_error_message="There is a category of this name already.",
            ),
            models.CheckConstraint(
                name="category_has_a_tag_prefix",
                condition=~Q(tag_prefix=""),
                violation_error_message="Give the letters that tags begin with.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def points(self) -> list[str]:
        """What an inspection checks, point by point."""
        return [line.strip() for line in self.checklist.splitlines() if line.strip()]


class Product(Record):
    """A model that a maker makes; every asset is one of some product."""

    name = models.CharField("model", max_length=200)
    maker = models.ForeignKey(
        Vendor, models.PROTECT, null=True, blank=True, related_name="products"
    )
    part_number = models.CharField(max_length=100, blank=True)
    category = models.ForeignKey(Category, models.PROTECT, related_name="products")
    end_of_life_on = models.DateField(
        "end of life", null=True, blank=True, help_text="The day its maker's support ends."
    )
    warranty_months = models.PositiveSmallIntegerField(
        "warranty (months)", null=True, blank=True, help_text="What a new one comes with."
    )
    slots = models.PositiveSmallIntegerField(
        "SIM slots", null=True, blank=True, help_text="Empty: as many as its category says."
    )

    class Meta:
        permissions = [
            ("import_product", "Can import products"),
            ("export_product", "Can export products"),
        ]
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                "maker",
                Lower("name"),
                Lower("part_number"),
                name="product_is_unique_per_maker_name_and_part_number",
                condition=Q(maker__isnull=False),
                violation_error_message="This maker's product is there already.",
            ),
            models.UniqueConstraint(
                Lower("name"),
                Lower("part_number"),
                name="product_without_maker_is_unique_per_name_and_part_number",
                condition=Q(maker=None),
                violation_error_message="This product is there already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.maker} {self.name}" if self.maker else self.name

    @property
    def sim_slots(self) -> int:
        """How many SIMs fit into one."""
        return self.category.slots if self.slots is None else self.slots
