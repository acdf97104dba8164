"""Secrets at rest: ciphertext in the table and in its history, shown only on purpose.

Fernet (AES-128-CBC with HMAC-SHA-256). The first of FIELD_KEYS encrypts, each of them decrypts.
"""

import base64
import hashlib
from typing import Any, Self

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django import forms
from django.apps import apps
from django.conf import settings
from django.db import models, transaction
from django.db.models.query_utils import DeferredAttribute

MASK = "••••"


class Undecipherable(Exception):
    """None of the keys in FIELD_KEYS opens this value."""


class Secret:
    """A value that masks itself wherever it is printed; `reveal` is the only way to its text."""

    def __init__(self, token: str) -> None:
        self.token = token

    @classmethod
    def of(cls, text: str) -> Self:
        return cls(_fernet().encrypt(text.encode()).decode() if text else "")

    def reveal(self) -> str:
        """The text. Raises Undecipherable where the key that encrypted it is not there."""
        try:
            return _fernet().decrypt(self.token.encode()).decode() if self.token else ""
        except InvalidToken as error:
            raise Undecipherable("No key in FIELD_KEYS opens this value.") from error

    def rotated(self) -> Self:
        """The same text under the first key. Raises Undecipherable as `reveal` does."""
        return type(self).of(self.reveal())

    def __bool__(self) -> bool:
        return bool(self.token)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other.token == self.token

    def __hash__(self) -> int:
        return hash(self.token)

    def __str__(self) -> str:
        return MASK if self else ""

    __repr__ = __str__


def sealed(value: "Secret | str | None") -> Secret:
    """A secret as it is, or text sealed."""
    return value if isinstance(value, Secret) else Secret.of(value or "")


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(_derived(key)) for key in settings.FIELD_KEYS])


def _derived(key: str) -> bytes:
    """32 bytes as Fernet wants them, from a random text of any length."""
    return base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest())


class Sealing(DeferredAttribute):
    """Text that is assigned to the attribute is sealed at once, so no plain text lies about."""

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.field.attname] = sealed(value)


class SecretInput(forms.CharField):
    """Shows nothing of what is there; left empty it stays, and "-" takes it away.

    What was typed into a form that is then refused comes back, as everything else does.
    """

    widget = forms.PasswordInput

    def prepare_value(self, value: Any) -> str:
        return "" if value is None or isinstance(value, Secret) else str(value)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(data)


class SecretField(models.TextField):
    """Text that only `Secret.reveal` gives back."""

    descriptor_class = Sealing
    KEEP, CLEAR = "", "-"
    SEALED = "sealed:"
    """What a fixture writes before a token, so that loading it does not seal it again."""

    def to_python(self, value: Any) -> Secret:
        """What a fixture holds; what is assigned is text and comes through `sealed`."""
        if isinstance(value, str) and value.startswith(self.SEALED):
            return Secret(value.removeprefix(self.SEALED))
        return sealed(value)

    def from_db_value(self, value: str | None, *args: Any) -> Secret:
        return Secret(value or "")

    def get_prep_value(self, value: Any) -> str:
        return sealed(value).token

    def value_to_string(self, obj: models.Model) -> str:
        secret: Secret = getattr(obj, self.attname)
        return f"{self.SEALED}{secret.token}" if secret else ""

    def save_form_data(self, instance: models.Model, data: Any) -> None:
        if data != self.KEEP:
            setattr(instance, self.attname, "" if data == self.CLEAR else data)

    def formfield(self, **kwargs: Any) -> Any:
        widget = kwargs.get("widget")
        attrs = {"autocomplete": "off", "placeholder": MASK}
        if isinstance(widget, type):
            kwargs["widget"] = widget(attrs=attrs, render_value=True)
        return SecretInput(
            required=False,
            label=kwargs.get("label") or str(self.verbose_name).capitalize(),
            help_text=self.help_text or "Empty: as it is. A single - takes it away.",
            **{key: value for key, value in kwargs.items() if key == "widget"},
        )


def secret_fields() -> dict[type[models.Model], list[str]]:
    """The fields of every model that keep secrets, those of the histories among them."""
    found = {
        model: [field.name for field in model._meta.fields if isinstance(field, SecretField)]
        for model in apps.get_models()
    }
    return {model: names for model, names in found.items() if names}


@transaction.atomic
def rotate() -> int:
    """Seal every secret anew under the first key; returns how many rows were written.

    Nothing that a history tells changes, so none is written. Raises Undecipherable, and writes
    nothing, where a key is missing.
    """
    written = 0
    # One token for all versions that share one: a history compares tokens, and reads none.
    anew: dict[str, Secret] = {}
    for model, names in secret_fields().items():
        for row in model._base_manager.select_for_update().only("pk", *names).iterator():
            for name in names:
                secret = getattr(row, name)
                if secret.token not in anew:
                    anew[secret.token] = secret.rotated()
                setattr(row, name, anew[secret.token])
            model._base_manager.filter(pk=row.pk).update(**{it: getattr(row, it) for it in names})
            written += 1
    return written
