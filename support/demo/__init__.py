"""A made-up company, for trying Steward out: `build` writes it, with a past, into an empty
database. The same seed and day give the same company."""

from support.demo.company import Company, build
from support.demo.logins import LOGINS, PASSWORD

__all__ = ["LOGINS", "PASSWORD", "Company", "build"]
