"""Who can sign in to the demo, one per role."""

from dataclasses import dataclass

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from people.models import Person, User
from people.roles import ADMINISTRATOR, AUDITOR, FINANCE, IT, SERVICE_DESK

DOMAIN = "lindenhof.example"
PASSWORD = "steward-demo"


@dataclass(frozen=True)
class Login:
    """A role, or none for an employee, and the person who has it."""

    account: str
    role: str
    name: str
    title: str
    department: str

    @property
    def email(self) -> str:
        return f"{self.account}@{DOMAIN}"


LOGINS = [
    Login("admin", ADMINISTRATOR, "Katrin Adler", "Head of IT", "Information technology"),
    Login("it", IT, "Jonas Ritter", "IT engineer", "Information technology"),
    Login("finance", FINANCE, "Helena Marek", "Controller", "Finance"),
    Login("desk", SERVICE_DESK, "Tomas Lind", "Service desk agent", "Information technology"),
    Login("audit", AUDITOR, "Ines Vogt", "Internal auditor", "Finance"),
    Login("employee", "", "Milan Sander", "Sales representative", "Sales"),
]


def create_users() -> dict[str, User]:
    """The logins, by account; all have one password, hashed once."""
    password = make_password(PASSWORD)
    users = {}
    for login in LOGINS:
        user = User(email=login.email, name=login.name, password=password)
        user.is_staff = bool(login.role)
        user.is_superuser = login.role == ADMINISTRATOR
        user.save()
        if login.role:
            user.groups.add(Group.objects.get(name=login.role))
        users[login.account] = user
    return users


def present() -> bool:
    """Whether the demo's people are in this database."""
    return Person.objects.filter(email=LOGINS[-1].email, user__isnull=False).exists()
