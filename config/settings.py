"""Steward's settings: complete without any environment, production by variables alone.

Without PRODUCTION everything is embedded: SQLite, Celery over the file system, mail kept in the
outbox. With PRODUCTION=true what is missing or wrong is refused at the start, by name.
"""

import os
from email.utils import parseaddr
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from django.urls import reverse_lazy
from kombu import Queue

from config import broker, environment, oidc, policy, theme
from config.environment import Environment, refusal
from config.schedule import MAIL, SCHEDULE, WORK

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()
env.read_env(os.environ.get("ENV_FILE") or BASE_DIR / ".env")

PRODUCTION = env.flag("PRODUCTION", default=False)
DEBUG = env.flag("DEBUG", default=False)
if PRODUCTION and DEBUG:
    raise refusal("DEBUG", "is true in production", "false")
DATA_DIR = env.value(
    "DATA_DIR", environment.folder, default=str(BASE_DIR / "var"), accepts="a writable folder"
)
PORT = env.value("PORT", environment.port, default="8000", accepts="a number from 1 to 65535")

# --- Who we are ---------------------------------------------------------------------------------

SECRET_KEY = env.value(
    "SECRET_KEY",
    environment.secret_key,
    needed=PRODUCTION,
    secret=True,
    default="embedded-only-" + "not-a-secret" * 4,
    accepts="50 or more random characters",
)
# The first seals PINs and keys, all of them open what is sealed.
FIELD_KEYS = env.value(
    "FIELD_KEYS",
    environment.field_keys,
    needed=PRODUCTION,
    secret=True,
    default="embedded-only-" + "not-a-secret" * 4,
    accepts="random texts of 32 or more characters, comma separated, the newest first",
)
SITE_URL = env.value(
    "SITE_URL",
    environment.https_origin if PRODUCTION else environment.origin,
    needed=PRODUCTION,
    default=f"http://127.0.0.1:{PORT}",
    accepts="the https address people open, without a path, such as https://steward.example.org",
)
SITE_HOST = environment.host(SITE_URL)
ORGANISATION = env.text("ORGANISATION") or "Steward"
ORGANISATION_ADDRESS = [line.strip() for line in env.text("ORGANISATION_ADDRESS").split(",")]
ALLOWED_HOSTS = env.value(
    "ALLOWED_HOSTS",
    partial(environment.hosts, needed=SITE_HOST),
    default=f"{SITE_HOST},localhost,127.0.0.1,[::1]",
    accepts="host names without a port, comma separated, that of SITE_URL among them",
)
CSRF_TRUSTED_ORIGINS = [SITE_URL]
TIME_ZONE = env.value(
    "TIME_ZONE",
    lambda name: ZoneInfo(name).key,
    default="UTC",
    accepts="a name of the IANA time zone database, such as Europe/Berlin",
)
DEFAULT_CURRENCY = env.value(
    "DEFAULT_CURRENCY", environment.currency, default="EUR", accepts="an ISO 4217 code such as EUR"
)
DEFAULT_REGION = env.value(
    "DEFAULT_REGION", environment.region, default="DE", accepts="an ISO 3166 code such as DE"
)
LANGUAGE_CODE = "en-gb"
FORMAT_MODULE_PATH = "config.formats"

# --- Apps ---------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "config.apps.ThemeConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.inlines",
    "unfold.contrib.simple_history",
    "config.apps.BackOfficeConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "simple_history",
    "import_export",
    "django_filters",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "people",
    "assets",
    "contracts",
    "support",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.middleware.SecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "config.middleware.LimitsMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = theme.templates(BASE_DIR / "templates")

# --- Data ---------------------------------------------------------------------------------------

DATABASE = env.value(
    "DATABASE_URL",
    environment.postgresql if PRODUCTION else environment.database,
    needed=PRODUCTION,
    default=f"sqlite:///{DATA_DIR / 'steward.sqlite3'}",
    accepts="postgres://USER:PASSWORD@HOST:PORT/NAME"
    + ("" if PRODUCTION else ", or sqlite:////PATH"),
)
DATABASES = {"default": environment.with_options(DATABASE)}
# What rate limits count and which forms were sent, for all processes; not in Redis, so that people
# sign in, and are limited, while that is down. Of Django's 300 entries forms would push out limits.
_TABLE = {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}
CACHES = {"default": {**_TABLE, "OPTIONS": {"MAX_ENTRIES": 200_000}}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
MEDIA_ROOT = DATA_DIR / "documents"
STATIC_URL = "static/"
# Embedded, static files are served from where they lie; only production collects them.
STATIC_ROOT = BASE_DIR / "staticfiles" if PRODUCTION else None
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_ROOT = BASE_DIR / "static" / "root"  # what browsers ask for at /, such as favicon.ico
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000  # bulk actions over a whole list post one field per row

# --- Signing in ---------------------------------------------------------------------------------

AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["people.accounts.Backend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{it}Validator"}
    for it in ("UserAttributeSimilarity", "MinimumLength", "CommonPassword", "NumericPassword")
]
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "people.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 10 * 60
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
ACCOUNT_FORMS = {
    "login": "people.accounts.PasswordForm",
    "request_login_code": "people.accounts.RequestCodeForm",
}
ACCOUNT_SESSION_REMEMBER = None
OIDC = oidc.provider(  # a third way to sign in, where all four are set
    *(env.text("OIDC_NAME"), env.text("OIDC_URL")),
    *(env.text("OIDC_CLIENT_ID"), env.text("OIDC_CLIENT_SECRET")),
    production=PRODUCTION,
)
globals().update(oidc.allauth(OIDC))
# Whose attempts are counted: behind so many proxies X-Forwarded-For says it, else the connection.
ALLAUTH_TRUSTED_PROXY_COUNT = env.value(
    "TRUSTED_PROXIES",
    environment.count,
    default="1" if PRODUCTION else "0",
    accepts="how many proxies stand in a row before Steward, 0 to 9",
)
SESSION_COOKIE_AGE = 60 * 60 * 12
SESSION_COOKIE_HTTPONLY = True

# --- Security -----------------------------------------------------------------------------------

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if PRODUCTION:
    globals().update(policy.ENCRYPTED)
CONTENT_SECURITY_POLICY = {"DIRECTIVES": policy.EVERYWHERE}
ADMIN_POLICY = policy.ADMIN

# --- Mail ---------------------------------------------------------------------------------------

MAIL_SERVER = env.value(
    "EMAIL_URL",
    environment.mail_server,
    needed=PRODUCTION,
    accepts="smtp+tls://USER:PASSWORD@HOST:587, smtp+ssl://… or smtp://HOST:25",
)
globals().update(MAIL_SERVER)
EMAIL_TIMEOUT = 20
# Without a mail server mails stay in the outbox, where staff can read them.
MAIL_IS_SENT = bool(MAIL_SERVER)
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.value(
    "MAIL_FROM",
    environment.address,
    needed=PRODUCTION,
    default=f"{ORGANISATION} <steward@localhost.localdomain>",
    accepts="the sender of all mail, such as Steward <steward@example.org>",
)
# Gets what nobody else answers for, so that nothing is addressed to nobody.
FALLBACK_MAILBOX = parseaddr(
    env.value(
        "FALLBACK_MAILBOX",
        environment.address,
        needed=PRODUCTION,
        default="it@localhost.localdomain",
        accepts="the mail address of the IT department, such as it@example.org",
    )
)[1]
# The mailbox whose mail becomes tickets; none: no mail is fetched.
IMAP = env.value(
    "IMAP_URL",
    environment.imaps if PRODUCTION else environment.imap,
    secret=True,
    accepts="imaps://USER:PASSWORD@HOST:993/INBOX" + ("" if PRODUCTION else ", or imap://…"),
)
# Where answers to mails about tickets go: the address of that mailbox.
MAIL_IN_ADDRESS = parseaddr(
    env.value(
        "MAIL_IN_ADDRESS",
        environment.address,
        needed=bool(IMAP and "@" not in IMAP.user),
        default=IMAP.user if IMAP else "nobody@localhost.localdomain",
        accepts="the mail address of the mailbox of IMAP_URL, such as helpdesk@example.org",
    )
)[1]
# The server whose verdict in Authentication-Results is believed (RFC 8601); none: nobody's.
IMAP_AUTHSERV_ID = env.text("IMAP_AUTHSERV_ID").lower()

# Servers of the organisation that webhooks may post to, though strangers could not reach them.
WEBHOOK_HOSTS = env.value(
    "WEBHOOK_HOSTS",
    environment.hosts_with_ports,
    secret=True,  # somebody may enter the whole address of a webhook
    accepts="host names, comma separated, each with :PORT where that is not 443",
)

# --- Work in the background ---------------------------------------------------------------------

CELERY_BROKER_URL = env.value(
    "CELERY_BROKER_URL",
    environment.redis if PRODUCTION else environment.broker,
    needed=PRODUCTION,
    default="filesystem://",
    accepts="redis://HOST:6379/0" + ("" if PRODUCTION else ", or filesystem://"),
)
CELERY_BROKER_TRANSPORT_OPTIONS = broker.transport_options(CELERY_BROKER_URL, DATA_DIR / "queue")
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")
CELERY_BEAT_SCHEDULE = SCHEDULE
CELERY_TASK_QUEUES = [Queue(name) for name in (WORK, MAIL)]

# --- Libraries ----------------------------------------------------------------------------------

SIMPLE_HISTORY_REVERT_DISABLED = True
SIMPLE_HISTORY_ENFORCE_HISTORY_MODEL_PERMISSIONS = True
SIMPLE_HISTORY_DATE_INDEX = "composite"
SIMPLE_HISTORY_HISTORY_CHANGE_REASON_USE_TEXT_FIELD = True
UNFOLD = theme.UNFOLD
LOG_LEVEL = env.value(
    "LOG_LEVEL", environment.log_level, default="INFO", accepts=", ".join(environment.LEVELS)
)
LOGGING = environment.logging(LOG_LEVEL)
