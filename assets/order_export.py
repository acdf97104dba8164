"""Orders as an export gives them; none is imported, since what is ordered is placed by hand."""

from typing import ClassVar

from django.db import models

from assets.lookups import Vendors
from assets.models import Order
from config.resources import BaseResource, column
from config.widgets import Choice, Currency, Day, Reference, Text
from people.lookups import Departments


class OrderResource(BaseResource):
    """One order a row. Without a `slug` it is no kind that could be imported."""

    headers: ClassVar = {}

    number = column("number", Text(identifies=True))
    supplier = column("supplier", Reference(Vendors))
    state = column("state", Choice(Order.State))
    ordered_on = column("ordered_on", Day())
    expected_on = column("expected_on", Day())
    currency = column("currency", Currency())
    department = column("department", Reference(Departments))
    notes = column("notes", Text())

    class Meta:
        model = Order
        fields: ClassVar = [
            "number",
            "supplier",
            "state",
            "ordered_on",
            "expected_on",
            "currency",
            "department",
            "notes",
        ]

    exported_beside: ClassVar = {"lines": "line_list"}

    def get_queryset(self) -> models.QuerySet[Order]:
        rows = Order.objects.select_related("supplier", "department")
        return rows.prefetch_related("lines__product__maker")
