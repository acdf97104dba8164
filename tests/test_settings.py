import os
import re
import runpy
import subprocess
import sys

import pytest
from allauth.account.adapter import get_adapter
from django.core.exceptions import ImproperlyConfigured
from django.http.request import validate_host

from tests.services import ROOT

EXAMPLE = (ROOT / ".env.example").read_text()
EXPLAINED = set(re.findall(r"^#?([A-Z_]+)=", EXAMPLE, re.MULTILINE))
READ = set(
    re.findall(
        r'(?:env\.(?:flag|text|value)|environ\.get)\(\s*"([A-Z_]+)"',
        (ROOT / "config" / "settings.py").read_text(),
    )
)
COMPLETE = {
    "PRODUCTION": "true",
    "SECRET_KEY": "Zq3vN8xKpL5tRw2yHb7cJm4dFs9gAe6uXi1oBn0rTkVyWzEh-Q",
    "FIELD_KEYS": "pT7wQm2xVb9nKc4rYs8dLf3gHj6zAe5u,oldR2yHb7cJm4dFs9gAe6uXi1oBn0rTk",
    "SITE_URL": "https://steward.example.org",
    "DATABASE_URL": "postgres://steward:hunter2@db.example.org:5432/steward",
    "EMAIL_URL": "smtp+tls://steward:hunter2@mail.example.org:587",
    "MAIL_FROM": "Steward <steward@example.org>",
    "FALLBACK_MAILBOX": "it@example.org",
    "CELERY_BROKER_URL": "redis://:hunter2@redis.example.org:6379/0",
}
REQUIRED = sorted(set(COMPLETE) - {"PRODUCTION"})


@pytest.fixture
def load(monkeypatch, tmp_path):
    """The settings as they are in an environment of these variables and no others."""

    def load(variables):
        for name in EXPLAINED:
            monkeypatch.delenv(name, raising=False)
        given = {"ENV_FILE": os.devnull, "DATA_DIR": str(tmp_path), **variables}
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(ROOT / "config" / "settings.py"))

    return load


def run(*arguments, **variables):
    environment = {"PATH": os.environ["PATH"], **variables}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


def test_each_variable_that_is_read_is_explained_and_the_other_way_round():
    assert READ == EXPLAINED
    assert len(READ) > 15


def test_each_explanation_stands_before_its_variable():
    lines = EXAMPLE.splitlines()
    for number, line in enumerate(lines):
        if re.match(r"#?[A-Z_]+=", line):
            assert lines[number - 1].startswith("# "), line


def test_no_environment_at_all_is_enough():
    outcome = run("-W", "error", "-c", "import config.settings as s; print(s.DATABASE['ENGINE'])")

    assert outcome.stdout.strip().endswith("sqlite3"), outcome.stderr


def test_the_values_of_the_example_are_accepted(load):
    example = dict(re.findall(r"^([A-Z_]+)=(.+)$", EXAMPLE, re.MULTILINE))

    assert load(example)["PORT"] == 8000


def test_a_complete_production_is_accepted(load):
    settings = load(COMPLETE)

    assert settings["DATABASE"]["PASSWORD"] == "hunter2"
    assert settings["EMAIL_HOST"] == "mail.example.org"
    assert settings["MAIL_IS_SENT"]
    assert not settings["DEBUG"]


@pytest.mark.real
def test_a_complete_production_passes_the_deployment_check(tmp_path):
    outcome = run(
        *["manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        **COMPLETE,
        DATA_DIR=str(tmp_path),
        ENV_FILE=os.devnull,
    )

    assert outcome.returncode == 0, outcome.stderr


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("value", [None, "", "  "])
def test_production_without_a_required_variable_is_refused_by_name(load, name, value):
    variables = {key: text for key, text in COMPLETE.items() if key != name}
    if value is not None:
        variables[name] = value

    with pytest.raises(ImproperlyConfigured, match=f"{name} is missing. Accepted: .+"):
        load(variables)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PRODUCTION", "perhaps"),
        ("DEBUG", "true"),
        ("SECRET_KEY", "hunter2"),
        ("SECRET_KEY", "hunter2" * 0 + "a" * 60),
        ("FIELD_KEYS", "hunter2"),
        ("FIELD_KEYS", "pT7wQm2xVb9nKc4rYs8dLf3gHj6zAe5u,hunter2"),
        ("SITE_URL", "http://steward.example.org"),
        ("SITE_URL", "https://steward.example.org/it"),
        ("SITE_URL", "https://steward:hunter2@example.org"),
        ("SITE_URL", "https://steward.example.org:port"),
        ("SITE_URL", "steward.example.org"),
        ("ALLOWED_HOSTS", "*"),
        ("ALLOWED_HOSTS", "https://steward.example.org"),
        ("ALLOWED_HOSTS", "steward.example.org:443"),
        ("ALLOWED_HOSTS", "steward.example.org/"),
        ("ALLOWED_HOSTS", "steward.example.org other.example.org"),
        ("ALLOWED_HOSTS", "other.example.org,localhost"),
        ("ALLOWED_HOSTS", "steward.example.org.evil.example"),
        ("ALLOWED_HOSTS", ","),
        ("TIME_ZONE", "Mars/Olympus"),
        ("TIME_ZONE", "/etc/passwd"),
        ("DEFAULT_CURRENCY", "euro"),
        ("DEFAULT_CURRENCY", "XXY"),
        ("DEFAULT_REGION", "UK"),
        ("DEFAULT_REGION", "Germany"),
        ("DATABASE_URL", "mysql://steward:hunter2@db/steward"),
        ("DATABASE_URL", "sqlite:////tmp/steward.sqlite3"),
        ("DATABASE_URL", "postgres://steward:hunter2@db.example.org"),
        ("DATABASE_URL", "postgres://steward:hunter2/@db.example.org/steward"),
        ("DATABASE_URL", "steward:hunter2@db.example.org"),
        ("EMAIL_URL", "https://steward:hunter2@mail.example.org"),
        ("EMAIL_URL", "smtp+tls://"),
        ("EMAIL_URL", "smtp://steward:hunter2@mail.example.org:port"),
        ("MAIL_FROM", "Steward"),
        ("FALLBACK_MAILBOX", "nobody@"),
        ("CELERY_BROKER_URL", "filesystem://"),
        ("CELERY_BROKER_URL", "amqp://steward:hunter2@broker"),
        ("CELERY_BROKER_URL", "redis://:hunter2@redis:port/0"),
        ("IMAP_URL", "imap://desk:hunter2@mail.example.org/INBOX"),
        ("IMAP_URL", "imaps://desk@mail.example.org/INBOX"),
        ("IMAP_URL", "imaps://desk:hunter2@/INBOX"),
        ("IMAP_URL", "imaps://desk:hunter2@mail.example.org:port/INBOX"),
        ("IMAP_URL", "https://desk:hunter2@mail.example.org"),
        ("MAIL_IN_ADDRESS", "helpdesk"),
        ("WEBHOOK_HOSTS", "*"),
        ("WEBHOOK_HOSTS", "https://chat.example.org/hooks/hunter2"),
        ("WEBHOOK_HOSTS", "chat.example.org:hooks"),
        ("TRUSTED_PROXIES", "-1"),
        ("TRUSTED_PROXIES", "many"),
        ("LOG_LEVEL", "loud"),
        ("PORT", "0"),
        ("PORT", "eighty"),
    ],
)
def test_a_bad_value_is_refused_by_name_and_never_echoes_a_password(load, name, value):
    with pytest.raises(ImproperlyConfigured) as refusal:
        load({**COMPLETE, name: value})

    words = str(refusal.value)
    assert re.search(rf"variable {name} is .+\. Accepted: .+\. See \.env\.example\.$", words)
    assert "hunter2" not in words
    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None


def test_a_folder_that_cannot_be_made_is_refused(load, tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(ImproperlyConfigured, match="DATA_DIR"):
        load({"DATA_DIR": str(tmp_path / "file" / "data")})


def test_a_folder_in_which_nothing_can_be_written_is_refused(load):
    with pytest.raises(ImproperlyConfigured, match="DATA_DIR is '/proc'. Accepted: a writable"):
        load({"DATA_DIR": "/proc"})


@pytest.mark.parametrize(
    ("url", "names"),
    [
        ("https://steward.example.org", "other.example.org, Steward.Example.org"),
        ("https://steward.example.org:8443", ".example.org"),
        ("https://10.0.0.1", "10.0.0.1"),
        ("https://[2001:db8::1]:8443", "[2001:db8::1]"),
        ("https://[2001:db8::1]", ""),
    ],
)
def test_the_host_of_the_site_is_among_those_that_are_allowed(load, url, names):
    read = load({**COMPLETE, "SITE_URL": url, "ALLOWED_HOSTS": names})

    assert validate_host(read["SITE_HOST"], read["ALLOWED_HOSTS"])


def test_a_value_may_begin_with_a_dollar(load):
    key = "$" + COMPLETE["SECRET_KEY"]

    assert load({**COMPLETE, "SECRET_KEY": key})["SECRET_KEY"] == key


def test_behind_the_proxy_of_production_its_clients_are_told_apart(load, rf, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = load(COMPLETE)["ALLAUTH_TRUSTED_PROXY_COUNT"]
    forged_and_real = "198.51.100.9, 203.0.113.7"

    request = rf.get("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR=forged_and_real)

    assert get_adapter().get_client_ip(request) == "203.0.113.7"


def test_without_a_proxy_nobody_can_name_himself(load, rf, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = load({})["ALLAUTH_TRUSTED_PROXY_COUNT"]

    request = rf.get("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR="198.51.100.9")

    assert get_adapter().get_client_ip(request) == "10.0.0.1"


def test_links_follow_the_port_of_make_run(load):
    assert load({"PORT": "9000"})["SITE_URL"] == "http://127.0.0.1:9000"


def policy(response):
    """The directives of a Content-Security-Policy, whose order means nothing."""
    header = response.headers["Content-Security-Policy"]
    return {name: set(sources) for name, *sources in map(str.split, header.split(";"))}


def test_the_strict_policy_holds_everywhere_but_in_the_admin(client, db, superuser):
    client.force_login(superuser)

    admin = policy(client.get("/admin/"))

    assert admin["script-src"] == {"'self'", "'unsafe-eval'"}
    assert admin["style-src"] == {"'self'", "'unsafe-inline'"}
    for path in ("/", "/accounts/logout/", "/nowhere/", "/administration/"):
        strict = policy(client.get(path))
        assert strict["script-src"] == strict["style-src"] == strict["default-src"] == {"'self'"}
        assert strict["frame-ancestors"] == strict["object-src"] == {"'none'"}


def test_the_mailbox_of_the_desk_is_read_from_its_address(load):
    settings = load(
        {**COMPLETE, "IMAP_URL": "imaps://help%40example.org:hunter%2F2@mail.example.org"}
    )

    folder = settings["IMAP"]
    assert (folder.host, folder.port, folder.folder) == ("mail.example.org", 993, "INBOX")
    assert (folder.user, folder.password) == ("help@example.org", "hunter/2")
    assert settings["MAIL_IN_ADDRESS"] == "help@example.org"
    assert "hunter" not in f"{folder!r} {folder}"


def test_a_mailbox_whose_user_is_no_address_needs_one(load):
    url = "imaps://help:hunter2@mail.example.org/Desk"

    with pytest.raises(ImproperlyConfigured, match="MAIL_IN_ADDRESS is missing"):
        load({**COMPLETE, "IMAP_URL": url})
    given = load({**COMPLETE, "IMAP_URL": url, "MAIL_IN_ADDRESS": "help@example.org"})
    assert (given["IMAP"].folder, given["MAIL_IN_ADDRESS"]) == ("Desk", "help@example.org")


def test_outside_production_a_mailbox_without_encryption_is_accepted(load):
    folder = load({"IMAP_URL": "imap://help:x@127.0.0.1", "MAIL_IN_ADDRESS": "h@example.org"})[
        "IMAP"
    ]

    assert (folder.port, folder.encrypted) == (143, False)


OIDC = {
    "OIDC_NAME": "Example account",
    "OIDC_URL": "https://id.example.org/realms/staff/.well-known/openid-configuration",
    "OIDC_CLIENT_ID": "steward",
    "OIDC_CLIENT_SECRET": "hunter2",
}


def test_sign_in_by_openid_connect_is_there_when_all_four_are_set(load):
    assert load(COMPLETE)["OIDC"] is None
    settings = load({**COMPLETE, **OIDC})

    assert settings["OIDC"].url == "https://id.example.org/realms/staff"
    (app,) = settings["SOCIALACCOUNT_PROVIDERS"]["openid_connect"]["APPS"]
    assert app["secret"] == "hunter2"
    assert "hunter2" not in repr(settings["OIDC"])


@pytest.mark.parametrize("name", OIDC)
def test_one_of_the_four_alone_is_refused_by_the_name_of_what_is_missing(load, name):
    given = {key: value for key, value in OIDC.items() if key != name}

    with pytest.raises(ImproperlyConfigured, match=f"{name} is missing") as refused:
        load({**COMPLETE, **given})

    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://id.example.org",
        "id.example.org",
        "https://",
        "https://id:hunter2@example.org",
        "https://id.example.org/?realm=hunter2",
        "https://id.example.org:port",
    ],
)
def test_a_provider_that_is_no_https_address_is_refused(load, url):
    with pytest.raises(ImproperlyConfigured, match="OIDC_URL is not accepted") as refused:
        load({**COMPLETE, **OIDC, "OIDC_URL": url})

    assert "hunter2" not in str(refused.value)


def test_the_log_says_where_an_error_happened_and_of_a_refused_page_only_that_it_was():
    shown = """
import logging.config
from config import environment
logging.config.dictConfig(environment.logging("INFO"))
for level, page in (("warning", "refused"), ("error", "broken")):
    try:
        raise ValueError(f"why it is {page}")
    except ValueError:
        getattr(logging.getLogger("django.request"), level)(page, exc_info=True)
"""
    command = [sys.executable, "-c", shown]
    log = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stderr

    assert "WARNING django.request: refused" in log
    assert "why it is refused" not in log
    assert "why it is broken" in log
