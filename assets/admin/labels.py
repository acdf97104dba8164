"""Labels for assets, as the back office asks for them."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.timezone import localdate

from assets.labels import LAYOUTS, MOST, Label, sheet
from assets.models import Asset
from config.admin.steps import Download, Step
from config.forms import StepForm
from config.history import Actor


class LabelForm(StepForm):
    layout = forms.ChoiceField(
        label="Paper", choices=[(key, layout.name) for key, layout in LAYOUTS.items()]
    )
    skip = forms.IntegerField(
        label="Labels used already",
        required=False,
        min_value=0,
        initial=0,
        help_text="That many places stay empty at the beginning of the first sheet.",
    )

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        layout = LAYOUTS.get(cleaned.get("layout", ""))
        cleaned["skip"] = cleaned.get("skip") or 0
        if layout and cleaned["skip"] >= layout.per_page:
            most = layout.per_page - 1
            sheet_has = f"At most {most}: a sheet has {layout.per_page} labels."
            self.add_error("skip", sheet_has if most else "A roll has none: leave it at 0.")
        return cleaned


def print_labels(
    assets: Sequence[Asset], *, layout: str, skip: int = 0, by: Actor = None
) -> Download:
    """The labels of the assets in their order, as a PDF; `layout` is a key of LAYOUTS.

    Raises ValidationError for more than MOST of them.
    """
    if len(assets) > MOST:
        raise ValidationError(f"{len(assets):,} labels are too many at once; print {MOST:,}.")
    labels = [Label(asset.tag, str(asset.product)) for asset in assets]
    content = sheet(labels, LAYOUTS[layout], skip=skip)
    return Download(f"labels-{localdate()}.pdf", content, "application/pdf")


LABEL_STEP = Step(
    name="print_labels",
    label="Print labels",
    form=LabelForm,
    run=print_labels,
    permission="assets.view_asset",
    limit="file",
    help="Print the file at its actual size. The code on a label opens the asset.",
)
