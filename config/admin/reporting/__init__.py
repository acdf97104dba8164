"""Report pages: a table that is filtered by its address, added up, drawn, and exported whole.

    IDLE = Report(
        slug="idle-seats", title="Idle seats",
        permission="contracts.view_seat", export_permission="contracts.export_seat",
        columns=[
            Column("Licence", lambda seat: str(seat.licence), link=lambda seat: address_of(seat)),
            Column("Cost a year", lambda seat: Money(...), amount=True),
        ],
        filterset=SeatFilters, rows=lambda filters: filters.qs,
        totals=lambda rows: [("All", str(money)) for money in by_currency(...)],
        empty="Import a usage file: a seat that is not used shows here.",
    )

    class LicenceAdmin(ReportsAdmin): reports = [IDLE]

The page is `report/idle-seats/` under the model's list (`admin:contracts_licence_report`, with the
slug), which links to it; its files are `report/idle-seats/csv/` and `xlsx/` (`..._report_export`).
To add a report to the admin of another module: `Admin.reports = [*Admin.reports, IDLE]`.

Filters (`config.admin.filters` has LinkFilter and DaysFilter) of the model itself begin with the
admin's queryset, those of another model with its default manager; computed rows read
`filters.form.cleaned_data` and `filters.request`, and are called with valid filters only. A filter
with an `initial` is set to it where the address does not say otherwise.
"""

from config.admin.filters import DaysFilter, LinkFilter
from config.admin.reporting.page import ReportsAdmin
from config.admin.reporting.report import Column, Report
from config.charts import Chart

__all__ = ["Chart", "Column", "DaysFilter", "LinkFilter", "Report", "ReportsAdmin"]
