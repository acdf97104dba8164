"""Signing in by OpenID Connect, against a real provider on loopback."""

import base64
import hashlib
import json
import threading
import time
from datetime import timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives.asymmetric import rsa
from django.contrib import admin
from django.utils import timezone

from config import oidc
from people.models import Person, User
from tests.factories import PersonFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.real]

LOGIN = "/accounts/oidc/login/"
CLIENT, SECRET = "steward", "hunter2"
REFUSED = "names nobody who may sign in here"


@cache
def new_key(whose):
    """A key for each name, made once: that takes longer than signing in."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Provider:
    """Discovery, keys, token and userinfo; `claims`, `person` and `key` may be made wrong."""

    def __init__(self):
        self.key = self.published = new_key("the provider's own")
        self.algorithm, self.kid = "RS256", "one"
        self.claims, self.person, self.discovery = {}, {}, {}
        self.asked, self.status = [], 200
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=[0.02], daemon=True).start()

    def sign_in(self, client, email, **fields):
        """The whole way of a browser: out, consent, back. Gives what Steward answers in the end."""
        self.person = {"sub": "u-1", "email": email, "email_verified": True} | fields
        return client.get(self.back(self.away(client)))

    def away(self, client, **parameters):
        response = client.get(LOGIN, parameters)
        assert response.status_code == 302
        assert response.url.startswith(f"{self.url}/authorize?")
        self.request = {
            key: values[0] for key, values in parse_qs(urlsplit(response.url).query).items()
        }
        return self.request

    def back(self, request, **changes):
        state = changes.get("state", request["state"])
        return f"/accounts/oidc/callback/?code=c-1&state={state}"

    def _handler(provider):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.answer(provider.documents(self.path))

            def do_POST(self):
                length = int(self.headers["Content-Length"])
                form = parse_qs(self.rfile.read(length).decode())
                provider.asked.append({key: values[0] for key, values in form.items()})
                token = {"access_token": "a-1", "token_type": "Bearer", "expires_in": 60}
                self.answer({**token, "id_token": provider.id_token()})

            def answer(self, document):
                body = json.dumps(document).encode()
                self.send_response(provider.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments):
                pass

        return Handler

    def documents(self, path):
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "userinfo_endpoint": f"{self.url}/userinfo",
                "jwks_uri": f"{self.url}/keys",
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
                **self.discovery,
            }
        if path == "/keys":
            key = jwt.algorithms.RSAAlgorithm.to_jwk(self.published.public_key(), as_dict=True)
            return {"keys": [{**key, "kid": "one", "use": "sig", "alg": "RS256"}]}
        return self.person

    def id_token(self):
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": CLIENT,
            "sub": self.person.get("sub"),
            "iat": now,
            "exp": now + 60,
            "nonce": self.request["nonce"],
            **self.claims,
        }
        return jwt.encode(claims, self.key, algorithm=self.algorithm, headers={"kid": self.kid})


@pytest.fixture
def provider(settings):
    made = Provider()
    settings.OIDC = oidc.provider("Example account", made.url, CLIENT, SECRET, production=False)
    settings.SOCIALACCOUNT_PROVIDERS = oidc.allauth(settings.OIDC)["SOCIALACCOUNT_PROVIDERS"]
    settings.SITE_URL = "http://testserver"
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def ada():
    return PersonFactory(name="Ada", email="ada@example.com")


def signed_in(client):
    return client.session.get("_auth_user_id")


def refused(client, response):
    page = client.get(response.url) if response.status_code == 302 else response
    return REFUSED in page.content.decode() and signed_in(client) is None


def test_a_known_person_gets_in_and_a_login_with_it(client, provider, ada):
    response = provider.sign_in(client, "ADA@example.com")

    ada.refresh_from_db()
    assert (response.status_code, response.url) == (302, "/")
    assert signed_in(client) == str(ada.user.pk)
    assert not ada.user.has_usable_password()
    assert not SocialAccount.objects.exists()


def test_staff_come_to_the_back_office_and_anybody_where_he_wanted_to_go(client, provider, it):
    assert provider.sign_in(client, it.email).url == "/admin/"
    client.logout()

    request = provider.away(client, next="/requests/")
    assert client.get(provider.back(request)).url == "/requests/"
    client.logout()

    request = provider.away(client, next="https://evil.example/")
    assert client.get(provider.back(request)).url == "/admin/"


def test_the_password_of_who_has_one_still_works(client, provider):
    user = UserFactory(password="correct horse battery")
    PersonFactory(user=user, email=user.email)

    provider.sign_in(client, user.email)

    user.refresh_from_db()
    assert user.has_usable_password()


def test_the_provider_is_asked_with_state_nonce_proof_key_and_our_address(client, provider, ada):
    provider.sign_in(client, ada.email)

    asked, sent = provider.request, provider.asked[0]
    assert asked["redirect_uri"] == sent["redirect_uri"]
    assert sent["redirect_uri"] == "http://testserver/accounts/oidc/callback/"
    assert set(asked["scope"].split()) == {"openid", "profile", "email"}
    assert (sent["client_id"], sent["client_secret"], sent["code"]) == (CLIENT, SECRET, "c-1")
    digest = hashlib.sha256(sent["code_verifier"].encode()).digest()
    assert asked["code_challenge"] == base64.urlsafe_b64encode(digest).decode().rstrip("=")
    assert len(asked["nonce"]) >= 16


@pytest.mark.parametrize("verified", [False, None, "false", 0])
def test_an_address_that_the_provider_did_not_verify_lets_nobody_in(
    client, provider, ada, verified
):
    response = provider.sign_in(client, ada.email, email_verified=verified)

    assert refused(client, response)


def test_a_stranger_is_refused_and_not_signed_up(client, provider, ada):
    assert refused(client, provider.sign_in(client, "eve@example.com"))
    assert refused(client, provider.sign_in(client, ""))
    assert not User.objects.exists()
    assert Person.objects.count() == 1


def test_who_has_left_and_whose_login_is_off_are_refused(client, provider):
    left, off = UserFactory(), UserFactory(is_active=False)
    yesterday = timezone.localdate() - timedelta(1)
    PersonFactory(user=left, email=left.email, leaves_on=yesterday)
    PersonFactory(user=off, email=off.email)

    for user in (left, off):
        assert refused(client, provider.sign_in(client, user.email))


def test_a_login_of_the_back_office_opens_only_through_its_own_address(client, provider, it):
    Person.objects.filter(user=it).update(email="other@example.com")

    assert refused(client, provider.sign_in(client, "other@example.com"))


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "of-another-browser"},
        {"nonce": None},
        {"aud": "another-client"},
        {"iss": "https://evil.example"},
        {"exp": 1},
        {"sub": "somebody-else"},
    ],
    ids=lambda it: "-".join(it),
)
def test_a_token_that_is_not_for_this_sign_in_is_refused(client, provider, ada, claims):
    provider.claims = claims

    assert refused(client, provider.sign_in(client, ada.email))


def test_a_token_that_somebody_else_signed_is_refused(client, provider, ada):
    provider.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert refused(client, provider.sign_in(client, ada.email))

    provider.key, provider.algorithm = "a secret that is long enough for HS256", "HS256"
    assert refused(client, provider.sign_in(client, ada.email))

    provider.key, provider.algorithm = None, "none"
    assert refused(client, provider.sign_in(client, ada.email))

    provider.key, provider.algorithm, provider.kid = provider.published, "RS256", "two"
    assert refused(client, provider.sign_in(client, ada.email))


def test_the_answer_to_another_state_and_the_same_answer_twice_are_refused(client, provider, ada):
    provider.person = {"sub": "u-1", "email": ada.email, "email_verified": True}
    request = provider.away(client)
    assert refused(client, client.get(provider.back(request, state="forged")))

    address = provider.back(provider.away(client))
    assert client.get(address).url == "/"
    client.logout()
    assert refused(client, client.get(address))


def test_a_browser_that_was_not_sent_away_is_refused(client, provider, ada):
    from django.test import Client

    provider.person = {"sub": "u-1", "email": ada.email, "email_verified": True}
    address = provider.back(provider.away(Client()))

    assert refused(client, client.get(address))


@pytest.mark.parametrize("query", ["error=access_denied", "error=server_error", ""])
def test_who_cancels_is_back_at_the_sign_in(client, provider, ada, query):
    state = provider.away(client)["state"]

    assert refused(client, client.get(f"/accounts/oidc/callback/?state={state}&{query}"))


def test_a_provider_that_fails_or_talks_nonsense_is_said_in_words(client, provider, ada):
    address = provider.back(provider.away(client))
    provider.status = 500
    assert refused(client, client.get(address))
    page = client.get(client.get(LOGIN).url).content.decode()
    assert "cannot be reached" in page

    provider.status = 200
    assert refused(client, client.get(provider.back(provider.away(client))))  # no sub at all


def test_the_button_is_there_only_where_a_provider_is_set(client, provider, settings):
    assert "Sign in with Example account" in client.get("/accounts/login/").content.decode()
    assert f'href="{LOGIN}?next=/requests/"' in client.get(
        "/accounts/login/?next=/requests/"
    ).content.decode().replace("%2F", "/")

    settings.OIDC, settings.SOCIALACCOUNT_PROVIDERS = None, {}
    assert "oidc" not in client.get("/accounts/login/").content.decode()
    for address in (LOGIN, "/accounts/oidc/callback/"):
        assert client.get(address).status_code == 404


def test_the_back_office_has_no_screens_of_the_library():
    assert not [it for it in admin.site._registry if it._meta.app_label == "socialaccount"]
