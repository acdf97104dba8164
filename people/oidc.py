"""Signing in by OpenID Connect: who is known by a verified e-mail, and nobody else.

Built on allauth 65.21, which follows OpenID Connect Core 1.0 but leaves out what it may (3.1.3.7):
the signature of a token that came over TLS, and the nonce. Both are checked here. Nothing of the
provider is stored: the e-mail decides each time anew, by the rules of `people.accounts`.
"""

import secrets
from typing import Any

import jwt
from allauth.account.utils import get_next_redirect_url
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, get_adapter
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from requests import RequestException

from config.oidc import ID
from people.accounts import ensure_login
from people.models import User

SIGNED_BY = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
"""Public keys only: with a shared secret (HS256), or none, anybody could sign."""
CLOCKS_DIFFER = 60
"""Seconds by which the provider's clock may be wrong."""


class SocialAdapter(DefaultSocialAccountAdapter):
    """Lets in whom `people.accounts` would mail a code to; nobody signs up or is connected."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        user = _user_of(sociallogin.email_addresses)
        if user is None:
            raise ImmediateHttpResponse(_refused(request))
        sociallogin.user = user

    def on_authentication_error(self, request: HttpRequest, provider: Any, **told: Any) -> None:
        raise ImmediateHttpResponse(_refused(request))


class Adapter(OpenIDConnectOAuth2Adapter):
    """Talks to the provider; `nonce` is the one that this browser was sent away with."""

    nonce = ""

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        return f"{settings.SITE_URL}{reverse('oidc_callback')}"

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **told: Any) -> Any:
        if not told["response"].get("id_token"):
            raise OAuth2Error("The provider sent no id_token.")
        return super().complete_login(request, app, token, **told)

    def _fetch_user_info(self, access_token: str) -> dict[str, Any]:
        told: dict[str, Any] = super()._fetch_user_info(access_token)
        self.told = told
        return told

    def _decode_id_token(self, app: Any, id_token: str) -> dict[str, Any]:
        try:
            claims: dict[str, Any] = jwt.decode(
                id_token,
                self._key_of(id_token),
                algorithms=SIGNED_BY,
                audience=app.client_id,
                issuer=self.openid_config["issuer"],
                leeway=CLOCKS_DIFFER,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except (jwt.PyJWTError, KeyError, TypeError, ValueError) as error:
            raise OAuth2Error("The id_token is not valid.") from error
        if not self.nonce or not secrets.compare_digest(str(claims.get("nonce")), self.nonce):
            raise OAuth2Error("The id_token answers another request.")
        if getattr(self, "told", {}).get("sub") != claims["sub"]:
            raise OAuth2Error("The provider speaks of two people.")
        return claims

    def _key_of(self, id_token: str) -> Any:
        """The key that the provider publishes under the name in the token's header."""
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.openid_config["jwks_uri"])
            answer.raise_for_status()
        keys = jwt.PyJWKSet.from_dict(answer.json()).keys
        name = jwt.get_unverified_header(id_token).get("kid")
        named = [key for key in keys if name is None or key.key_id == name]
        if len(named) != 1:
            raise OAuth2Error("The provider publishes no such key.")
        return named[0].key


class CallbackView(OAuth2CallbackView):
    def _get_state(self, request: HttpRequest, provider: Any) -> Any:
        state, response = super()._get_state(request, provider)
        self.adapter.nonce = (state or {}).get("nonce", "")
        return state, response


@never_cache
@require_GET
def login(request: HttpRequest) -> HttpResponse:
    """Sends the browser to the provider, with a state, a nonce and a proof key."""
    provider = _adapter(request).get_provider()
    provider.oauth2_adapter_class = Adapter
    nonce = secrets.token_urlsafe(24)
    try:
        response: HttpResponse = provider.redirect(
            request,
            process="login",
            next_url=get_next_redirect_url(request),
            auth_params={"nonce": nonce},
            nonce=nonce,
        )
    except (RequestException, KeyError, ValueError):
        return _refused(request, "The sign-in of {} cannot be reached. Use one of the other ways.")
    return response


@never_cache
@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    """Where the provider sends the browser back to."""
    try:
        response: HttpResponse = CallbackView.adapter_view(_adapter(request))(request)
    except (RequestException, KeyError, ValueError):  # no answer, or none of OpenID Connect
        return _refused(request)
    return response


def _adapter(request: HttpRequest) -> Adapter:
    if settings.OIDC is None:
        raise Http404("There is no sign-in by OpenID Connect.")
    return Adapter(request, ID)


def _user_of(addresses: list[Any]) -> User | None:
    """The login of the person whose e-mail the provider says is verified."""
    verified = [it.email for it in addresses if str(it.verified).lower() == "true"]
    return ensure_login(verified[0]) if verified else None


def _refused(
    request: HttpRequest,
    words: str = "{} names nobody who may sign in here. Use one of the other ways.",
) -> HttpResponse:
    """Unknown, gone, switched off, or not what it should be: the same words for all."""
    messages.error(request, words.format(settings.OIDC.name if settings.OIDC else ""))
    return redirect("account_login")
