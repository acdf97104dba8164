"""Who may sign in."""

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from simple_history.models import HistoricalRecords


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin):
    """A login, by e-mail. What it may do follows from its roles, see `people.roles`."""

    email = models.EmailField("e-mail", unique=True)
    name = models.CharField(max_length=150, blank=True)
    is_staff = models.BooleanField(
        "staff",
        default=False,
        help_text="May open the back office; their roles say what they may do.",
    )
    is_active = models.BooleanField(
        "active", default=True, help_text="Switch off instead of deleting: the history needs it."
    )
    date_joined = models.DateTimeField(default=timezone.now, editable=False)

    # The history keeps who had which role, never a password.
    history = HistoricalRecords(excluded_fields=["password", "last_login"], m2m_fields=["groups"])
    objects = UserManager()

    EMAIL_FIELD = USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        ordering = ["email"]
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_is_unique_in_any_case",
                violation_error_message="Somebody signs in with this e-mail already.",
            )
        ]

    def __str__(self) -> str:
        return self.name or self.email
