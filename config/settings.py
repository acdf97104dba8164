"""Steward's settings: complete without any environment, production by variables alone.

Without PRODUCTION everything is embedded: SQLite, Celery over the file system, mail kept in the
outbox. With PRODUCTION=true what is missing or wrong is refused at the start, by name.
"""

import os
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from celery.schedules import crontab
from csp.constants import NONCE, NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.urls import reverse_lazy

from config import environment
from config.environment import Environment, refusal

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
SITE_HOST = urlsplit(SITE_URL).hostname
ORGANISATION = env.text("ORGANISATION") or "Steward"
ORGANISATION_ADDRESS = [line.strip() for line in env.text("ORGANISATION_ADDRESS").split(",")]
ALLOWED_HOSTS = env.value(
    "ALLOWED_HOSTS",
    environment.hosts,
    default=f"{SITE_HOST},localhost,127.0.0.1,[::1]",
    accepts="host names, comma separated, and no *",
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
USE_TZ = True
LANGUAGE_CODE = "en-gb"
USE_I18N = True

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
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.context.organisation",
            ]
        },
    }
]

# --- Data ---------------------------------------------------------------------------------------

DATABASE = env.value(
    "DATABASE_URL",
    environment.postgresql if PRODUCTION else environment.database,
    needed=PRODUCTION,
    default=f"sqlite:///{DATA_DIR / 'steward.sqlite3'}",
    accepts="postgres://USER:PASSWORD@HOST:PORT/NAME"
    + ("" if PRODUCTION else ", or sqlite:////PATH"),
)
DATABASES = {"default": DATABASE}
if DATABASE["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE takes the write lock when a transaction starts: the second of two clerks waits
    # for his turn instead of failing with "database is locked" half-way.
    DATABASE["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
        ),
    }
else:
    DATABASE["CONN_MAX_AGE"] = 60
    DATABASE["CONN_HEALTH_CHECKS"] = True
# What the rate limits of signing in count, shared by all processes. Not in Redis: while that is
# down people sign in all the same, and are limited all the same.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}
}
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
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
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
    SECURE_SSL_REDIRECT = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
# The admin's theme evaluates Alpine expressions and sets styles; it needs these, and only there.
ADMIN_POLICY = {"script-src": [UNSAFE_EVAL], "style-src": [UNSAFE_INLINE]}

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

# --- Work in the background ---------------------------------------------------------------------

CELERY_BROKER_URL = env.value(
    "CELERY_BROKER_URL",
    environment.redis if PRODUCTION else environment.broker,
    needed=PRODUCTION,
    default="filesystem://",
    accepts="redis://HOST:6379/0" + ("" if PRODUCTION else ", or filesystem://"),
)
if CELERY_BROKER_URL == "filesystem://":
    QUEUE = {
        name: str(environment.folder(str(DATA_DIR / "queue" / name)))
        for name in ("messages", "processed", "control")
    }
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {
        # In and out are one folder: what a producer writes is what a worker reads.
        "data_folder_in": QUEUE["messages"],
        "data_folder_out": QUEUE["messages"],
        "processed_folder": QUEUE["processed"],
        "control_folder": QUEUE["control"],
        "store_processed": False,
    }
else:
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 3600,  # longer than any task may run: nothing runs twice for it
        "socket_timeout": 2,
        "socket_connect_timeout": 2,
    }
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 600
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")
CELERY_BEAT_SCHEDULE = {
    "daily": {"task": "support.tasks.daily", "schedule": crontab(hour="6", minute="0")},
    "deliver mail": {
        "task": "people.tasks.deliver",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "run imports": {
        "task": "people.tasks.run_imports",
        "schedule": 5.0,
        "options": {"expires": 5},
    },
    "match": {"task": "contracts.tasks.match", "schedule": 60.0, "options": {"expires": 60}},
}

# --- Libraries ----------------------------------------------------------------------------------

SIMPLE_HISTORY_REVERT_DISABLED = True
SIMPLE_HISTORY_ENFORCE_HISTORY_MODEL_PERMISSIONS = True
SIMPLE_HISTORY_DATE_INDEX = "composite"
SIMPLE_HISTORY_HISTORY_CHANGE_REASON_USE_TEXT_FIELD = True
UNFOLD = {
    "SITE_TITLE": "Steward",
    "SITE_HEADER": "Steward",
    "SITE_SYMBOL": "inventory_2",
    "SITE_URL": "/",
    "SHOW_BACK_BUTTON": True,
    "COMMAND": {"search_models": "config.site.searched_models", "show_history": True},
    "STYLES": ["config.site.stylesheet"],
    "SCRIPTS": ["config.site.script"],
}
LOG_LEVEL = env.value(
    "LOG_LEVEL", environment.log_level, default="INFO", accepts=", ".join(environment.LEVELS)
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
}
