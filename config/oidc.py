"""Signing in by OpenID Connect: the one provider that the environment names, for allauth."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from config.environment import refusal

ACCEPTED = {
    "OIDC_NAME": "what the button says, such as Example account",
    "OIDC_URL": "the https address of the provider, such as https://id.example.org/realms/staff",
    "OIDC_CLIENT_ID": "the client’s identifier that the provider gave out",
    "OIDC_CLIENT_SECRET": "the client’s secret that the provider gave out",
}
WELL_KNOWN = "/.well-known/openid-configuration"
ID = "oidc"


@dataclass(frozen=True)
class Provider:
    name: str
    url: str
    client_id: str
    secret: str = field(repr=False)


def provider(name: str, url: str, client: str, secret: str, *, production: bool) -> Provider | None:
    """All four or none. Raises ImproperlyConfigured, by name, where one is missing or wrong."""
    given = dict(zip(ACCEPTED, (name, url, client, secret), strict=True))
    if not any(given.values()):
        return None
    for variable, value in given.items():
        if not value:
            raise refusal(variable, "is missing", ACCEPTED[variable])
    address = url.removesuffix(WELL_KNOWN).rstrip("/")
    if not _is_address(address, {"https"} if production else {"https", "http"}):
        raise refusal("OIDC_URL", "is not accepted", ACCEPTED["OIDC_URL"])
    return Provider(name, address, client, secret)


def allauth(found: Provider | None) -> dict[str, Any]:
    """The settings of allauth, with proof keys (PKCE, RFC 7636)."""
    adapter = {"SOCIALACCOUNT_ADAPTER": "people.oidc.SocialAdapter"}
    if found is None:
        return adapter
    app = {
        "provider_id": ID,
        "name": found.name,
        "client_id": found.client_id,
        "secret": found.secret,
        "settings": {"server_url": found.url, "oauth_pkce_enabled": True},
    }
    return {**adapter, "SOCIALACCOUNT_PROVIDERS": {"openid_connect": {"APPS": [app]}}}


def _is_address(url: str, schemes: set[str]) -> bool:
    try:
        parts = urlsplit(url)
        is_whole = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    extras = parts.username or parts.query or parts.fragment
    return parts.scheme in schemes and is_whole and not extras
