"""Steward's settings: complete without any environment, production by variables alone.

Without PRODUCTION everything is embedded: SQLite, Celery over the file system, mail kept in the
outbox. With PRODUCTION=true what is missing or wrong is refused at the start, by name.
"""

from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from celery.schedules import crontab
from csp.constants import NONCE, NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.urls import reverse_lazy

from config.environment import Environment, refusal

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()
env.read_env(BASE_DIR / ".env")

PRODUCTION = env.flag("PRODUCTION", default=False)
DEBUG = env.flag("DEBUG", default=False)
DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var")))
DATA_DIR.mkdir(parents=True, exist_ok=True)

# --- Who we are ---------------------------------------------------------------------------------

SECRET_KEY = env.required(
    "SECRET_KEY",
    when=PRODUCTION,
    accepts="50 or more random characters",
    default="embedded-only-" + "not-a-secret" * 4,
)
if PRODUCTION and (len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 5):
    raise refusal("SECRET_KEY", "is too short or too simple", "50 or more random characters")


PORT = env.parsed(
    "PORT", int, env.str("PORT", default="") or "8000", accepts="a number from 1 to 65535"
)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/"):
        raise ValueError(url)
    if PRODUCTION and parts.scheme != "https":
        raise ValueError(url)
    return f"{parts.scheme}://{parts.netloc}"


SITE_URL = env.parsed(
    "SITE_URL",
    _origin,
    env.required(
        "SITE_URL",
        when=PRODUCTION,
        accepts="the https address people open, such as https://steward.example.org",
        default=f"http://127.0.0.1:{PORT}",
    ),
    accepts="the https address people open, without a path, such as https://steward.example.org",
)
SITE_HOST = urlsplit(SITE_URL).hostname
ORGANISATION = env.str("ORGANISATION", default="Steward")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[SITE_HOST, "localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = [SITE_URL]
TIME_ZONE = env.parsed(
    "TIME_ZONE",
    lambda name: ZoneInfo(name).key,
    env.str("TIME_ZONE", default="UTC"),
    accepts="a name of the IANA time zone database, such as Europe/Berlin",
)
DEFAULT_CURRENCY = env.str("DEFAULT_CURRENCY", default="EUR").upper()
if len(DEFAULT_CURRENCY) != 3 or not DEFAULT_CURRENCY.isalpha():
    raise refusal("DEFAULT_CURRENCY", f"is {DEFAULT_CURRENCY!r}", "an ISO 4217 code such as EUR")
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

DATABASES = {
    "default": env.parsed(
        "DATABASE_URL",
        env.db_url_config,
        env.required(
            "DATABASE_URL",
            when=PRODUCTION,
            accepts="postgres://USER:PASSWORD@HOST:PORT/NAME",
            default=f"sqlite:///{DATA_DIR / 'steward.sqlite3'}",
        ),
        accepts="postgres://USER:PASSWORD@HOST:PORT/NAME, or sqlite:////PATH",
    )
}
DATABASE = DATABASES["default"]
if DATABASE.get("ENGINE") == "django.db.backends.sqlite3":
    # IMMEDIATE takes the write lock when a transaction starts: the second of two clerks waits
    # for his turn instead of failing with "database is locked" half-way.
    DATABASE["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
        ),
    }
elif DATABASE.get("ENGINE") == "django.db.backends.postgresql":
    DATABASE["CONN_MAX_AGE"] = 60
    DATABASE["CONN_HEALTH_CHECKS"] = True
else:
    raise refusal(
        "DATABASE_URL", "names another kind of database", "a postgres:// or sqlite:// address"
    )
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
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
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
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_FORMS = {"request_login_code": "people.accounts.RequestCodeForm"}
ACCOUNT_SESSION_REMEMBER = None
SESSION_COOKIE_AGE = 60 * 60 * 12
SESSION_COOKIE_HTTPONLY = True

# --- Security -----------------------------------------------------------------------------------

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if PRODUCTION:
    SECURE_SSL_REDIRECT = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_REDIRECT_EXEMPT = [r"^health/"]
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
ADMIN_POLICY = {"script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]}

# --- Mail ---------------------------------------------------------------------------------------

EMAIL_URL = env.required(
    "EMAIL_URL",
    when=PRODUCTION,
    accepts="smtp+tls://USER:PASSWORD@HOST:587, smtp+ssl://… or smtp://HOST:25",
)
if EMAIL_URL:
    globals().update(
        env.parsed(
            "EMAIL_URL",
            env.email_url_config,
            EMAIL_URL,
            accepts="smtp+tls://USER:PASSWORD@HOST:587, smtp+ssl://… or smtp://HOST:25",
        )
    )
EMAIL_TIMEOUT = 20
# Without a mail server mails stay in the outbox, where staff can read them.
MAIL_IS_SENT = bool(EMAIL_URL)


def _address(text: str) -> str:
    if "@" not in parseaddr(text)[1]:
        raise ValueError(text)
    return text


DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.parsed(
    "MAIL_FROM",
    _address,
    env.required(
        "MAIL_FROM",
        when=PRODUCTION,
        accepts="the sender of all mail, such as Steward <steward@example.org>",
        default=f"{ORGANISATION} <steward@localhost.localdomain>",
    ),
    accepts="a mail address, such as Steward <steward@example.org>",
)
# Gets what nobody else answers for, so that nothing is addressed to nobody.
FALLBACK_MAILBOX = parseaddr(
    env.parsed(
        "FALLBACK_MAILBOX",
        _address,
        env.required(
            "FALLBACK_MAILBOX",
            when=PRODUCTION,
            accepts="the mail address of the IT department",
            default="it@localhost.localdomain",
        ),
        accepts="a mail address, such as it@example.org",
    )
)[1]

# --- Work in the background ---------------------------------------------------------------------

CELERY_BROKER_URL = env.required(
    "CELERY_BROKER_URL", when=PRODUCTION, accepts="redis://HOST:6379/0", default="filesystem://"
)
_schemes = {"redis", "rediss", "filesystem"}
if urlsplit(CELERY_BROKER_URL).scheme not in _schemes:
    raise refusal("CELERY_BROKER_URL", "is no address of a broker", "redis://HOST:6379/0")
if CELERY_BROKER_URL.startswith("filesystem"):
    QUEUE_DIR = DATA_DIR / "queue"
    for folder in ("messages", "processed", "control"):
        (QUEUE_DIR / folder).mkdir(parents=True, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {
        # In and out are one folder: what a producer writes is what a worker reads.
        "data_folder_in": str(QUEUE_DIR / "messages"),
        "data_folder_out": str(QUEUE_DIR / "messages"),
        "processed_folder": str(QUEUE_DIR / "processed"),
        "control_folder": str(QUEUE_DIR / "control"),
        "store_processed": False,
    }
    CACHES: dict[str, dict[str, object]] = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    }
else:
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "visibility_timeout": 3600,  # longer than any task may run: nothing runs twice for it
        "socket_timeout": 2,
        "socket_connect_timeout": 2,
    }
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": CELERY_BROKER_URL,
            "KEY_PREFIX": "steward",
            "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2},
        }
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
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}
