"""The theme's widgets for the fields that a form declares itself."""

from django import forms
from unfold import widgets

from config.forms import CurrencyField, FilesField

WIDGETS: dict[type[forms.Field], type[forms.Widget]] = {
    forms.BooleanField: widgets.UnfoldBooleanSwitchWidget,
    forms.CharField: widgets.UnfoldAdminTextInputWidget,
    CurrencyField: widgets.UnfoldAdminTextInputWidget,
    forms.ChoiceField: widgets.UnfoldAdminSelectWidget,
    forms.TypedChoiceField: widgets.UnfoldAdminSelectWidget,
    forms.DateField: widgets.UnfoldAdminSingleDateWidget,
    forms.DecimalField: widgets.UnfoldAdminDecimalFieldWidget,
    forms.IntegerField: widgets.UnfoldAdminIntegerFieldWidget,
    forms.ModelChoiceField: widgets.UnfoldAdminSelectWidget,
}


def dress(field: forms.Field) -> None:
    """Give a field that a form declares itself the widget that the theme gives to a model's.

    A field that has one keeps it: the fields of a class are shared by all of its forms.
    """
    if type(field.widget).__module__ == widgets.__name__:
        return
    if type(field.widget) is type(type(field).widget()) and type(field) in WIDGETS:
        _change_widget(field, WIDGETS[type(field)]())
    elif isinstance(field, FilesField):
        field.widget.attrs.setdefault("class", "files")
    elif isinstance(field, forms.MultipleChoiceField):
        _change_widget(field, widgets.UnfoldAdminCheckboxSelectMultipleWidget())
    elif isinstance(field, forms.FileField):
        field.widget = widgets.UnfoldAdminFileFieldWidget(field.widget.attrs)
    elif isinstance(field.widget, forms.Textarea):
        field.widget = widgets.UnfoldAdminTextareaWidget()


def _change_widget(field: forms.Field, widget: forms.Widget) -> None:
    widget.attrs |= field.widget_attrs(widget)
    field.widget = widget
    if isinstance(field, forms.ChoiceField):
        field.widget.choices = field.choices
