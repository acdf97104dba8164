"""The step “Alert days”: records of which somebody is told at other days than the usual ones."""

from collections.abc import Sequence
from typing import Any

from assets.admin.asset import AssetAdmin
from assets.admin.catalog import ProductAdmin
from assets.admin.custody import CustodyAdmin, HandoverAdmin
from assets.admin.health import ReleaseAdmin
from assets.admin.procurement import OrderAdmin
from assets.admin.upkeep import RepairAdmin
from config.admin import Step
from config.forms import StepForm, reason_field
from config.outcomes import each
from contracts.admin.contract import ContractAdmin
from contracts.admin.decisions import DecisionAdmin
from contracts.admin.licence import LicenceAdmin
from people.admin import PersonAdmin
from support import lead_times_editing
from support.admin.alert_rules import CHANGE
from support.admin.approvals import ApprovalAdmin
from support.admin.days import KEEP, USUAL, OwnDaysField
from support.lead_time_words import said
from support.lead_times import OWN, in_force


class OwnDaysForm(StepForm):
    """A field for each rule that watches such records, filled with what is set now."""

    reason = reason_field()
    field_order: Sequence[str] = ()

    def ask(self, rows: Sequence[Any]) -> None:
        alone = rows[0] if len(rows) == 1 else None
        for rule in lead_times_editing.rules_of(type(rows[0])):
            self.fields[rule.kind] = _field(rule, alone)
        self.order_fields([name for name in self.fields if name != "reason"])

    def clean(self) -> dict[str, Any]:
        kept = [name for name, value in self.cleaned_data.items() if value is KEEP]
        for name in kept:
            del self.cleaned_data[name]
        return self.cleaned_data


def _field(rule: Any, record: Any) -> OwnDaysField:
    label = rule.title if rule.is_standing else f"{rule.title}, days before"
    if record is None:
        words = f"Empty: each keeps what it has. “{USUAL}”: none has days of its own any more."
        return OwnDaysField(label=label, required=False, help_text=words)
    days, why = in_force(rule, record)
    own = why == OWN
    told = said(days, of_condition=rule.is_standing)
    words = f"In force: {told}, {'its own' if own else why}. “{USUAL}”: none of its own."
    return OwnDaysField(label=label, initial=list(days) if own else USUAL, help_text=words)


ALERT_DAYS = Step(
    name="alert_days",
    label="Alert days",
    run=each(lead_times_editing.set_own),
    permission=CHANGE,
    form=OwnDaysForm,
    help="How many days before each of its dates somebody is told, where that is not as usual."
    " Write days such as “90, 30, 7”, or “never”.",
)

WATCHED: Sequence[Any] = (
    ApprovalAdmin,
    AssetAdmin,
    ContractAdmin,
    CustodyAdmin,
    DecisionAdmin,
    HandoverAdmin,
    LicenceAdmin,
    OrderAdmin,
    PersonAdmin,
    ProductAdmin,
    ReleaseAdmin,
    RepairAdmin,
)
"""The admins of all records that a rule watches for a date."""

for model_admin in WATCHED:
    model_admin.steps = [*model_admin.steps, ALERT_DAYS]
