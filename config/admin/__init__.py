"""What every screen of the back office has in common.

The only package that imports the theme's classes. Each default of a library that gives away or
loses something is closed here, once; `tests/test_admin.py` sweeps over every registered admin.
"""

from config.admin.exchange import ExportAdmin
from config.admin.record import AskingAdmin, BaseAdmin, BaseInline, ReadOnlyInline
from config.admin.screens import (
    DateRangeFilter,
    InUseFilter,
    ReadOnlyAdmin,
    ScreenAdmin,
    TextFilter,
)
from config.admin.steps import Step

__all__ = [
    "AskingAdmin",
    "BaseAdmin",
    "BaseInline",
    "DateRangeFilter",
    "InUseFilter",
    "ExportAdmin",
    "ReadOnlyAdmin",
    "ReadOnlyInline",
    "ScreenAdmin",
    "Step",
    "TextFilter",
]
