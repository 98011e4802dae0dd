"""All settings. What an operator may change comes from the environment; ENVIRONMENT=production refuses to boot when unsafe."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse_lazy
from django.utils.text import format_lazy

from config.env import (
    database_from_url,
    env_address,
    env_bind,
    env_bool,
    env_choice,
    env_int,
    env_list,
    env_origins,
    env_path,
    env_str,
)

BASE_DIR = Path(__file__).resolve().parent.parent

# "local" is one machine and its own browser: a secret made on first use, mail on the console, loopback only.
ENVIRONMENT = env_choice("ENVIRONMENT", ("local", "production"), "local")
PRODUCTION = ENVIRONMENT == "production"
# Never on: error pages with internals have no place on any machine that holds people's addresses.
DEBUG = False

DATA_DIR = env_path("DATA_DIR", BASE_DIR / "var")
# People's addresses may lie in it: for this account's eyes only, unless whoever made it wanted otherwise.
DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)


def _local_secret_key() -> str:
    """The secret of a machine that was given none, made once and kept beside its database."""
    path = DATA_DIR / "secret_key"
    if not path.exists():
        # Written whole under another name first: two processes that start together must agree on one secret.
        draft = path.with_name(f"secret_key.{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(64))
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


SECRET_KEY = env_str("SECRET_KEY", "") or ("" if PRODUCTION else _local_secret_key())
SECRET_KEY_FALLBACKS = env_list("SECRET_KEY_FALLBACKS", [])
PORT = env_int("PORT", 8000)
# Links in mails begin with it, and providers sign what they send to it: never taken from a request, which anybody can
# make up. Where nothing is said, it is this machine's own address with the port the server listens on.
_LISTENS_ON = env_bind().rpartition(":")[2]
PUBLIC_BASE_URL = env_address("PUBLIC_BASE_URL", f"http://127.0.0.1:{_LISTENS_ON if _LISTENS_ON.isdecimal() else PORT}")
_LOOPBACK = [] if PRODUCTION else ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS = [*env_list("ALLOWED_HOSTS", []), *_LOOPBACK]

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "corsheaders",
    "rest_framework",
    "django_filters",
    "taggit",
    # Swagger UI's files, for the page that shows a wire's document.
    "drf_spectacular_sidecar",
    "django_tasks",
    "django_tasks_db",
    "accounts",
    "contacts",
    "activities",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "config.headers.ContentSecurityPolicyMiddleware",
    "accounts.middleware.RequestIdMiddleware",
    "accounts.middleware.RateLimitMiddleware",
    "config.cors.WireCorsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "accounts.middleware.TenantMiddleware",
    "accounts.middleware.BrowserSessionMiddleware",
    "accounts.browser_sessions.SessionLimitsMiddleware",
    "accounts.middleware.BrowserCommonMiddleware",
    "accounts.middleware.BrowserCsrfMiddleware",
    "accounts.middleware.BrowserAuthenticationMiddleware",
    "accounts.middleware.BrowserMessageMiddleware",
    "accounts.middleware.BrowserFrameMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.SessionTenantMiddleware",
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
            ],
        },
    },
]


# The server keeps the plans of statements that come again. A pooler that hands each transaction to another connection
# must know them too (pgbouncer 1.21 or newer), or this is switched off.
PREPARED_STATEMENTS = env_bool("PREPARED_STATEMENTS", True)


def _database(url: str, name: str = "DATABASE_URL") -> dict[str, Any]:
    """One database with the options each engine needs to be safe under several workers."""
    database = database_from_url(url, name)
    database["CONN_MAX_AGE"] = None
    database["CONN_HEALTH_CHECKS"] = True
    # The unit of work (accounts.tenancy.Scope) opens transactions; a second layer would only hide where.
    database["ATOMIC_REQUESTS"] = False
    if database["ENGINE"].endswith("sqlite3"):
        database["OPTIONS"] = {
            **database.get("OPTIONS", {}),
            # A write takes the lock when it begins: the deferred default fails under contention instead of waiting.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
        }
    else:
        # For the cursors of accounts.prepared; Django's own bind on the client and prepare nothing.
        database["OPTIONS"] = {**database["OPTIONS"], "prepare_threshold": 2 if PREPARED_STATEMENTS else None}
    return database


DATABASE_URL = env_str("DATABASE_URL", f"sqlite:///{DATA_DIR / 'latchkey.sqlite3'}")
DATABASE_OWNER_URL = env_str("DATABASE_OWNER_URL", "")
DATABASES = {"default": _database(DATABASE_URL)}
if DATABASE_OWNER_URL:
    # The role that owns tables and functions: ``migrate`` and maintenance only. Requests never use it.
    DATABASES["owner"] = {
        **_database(DATABASE_OWNER_URL, "DATABASE_OWNER_URL"),
        "CONN_MAX_AGE": 0,
        "TEST": {"MIRROR": "default"},
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    # Shared by all workers: login throttles and one-time codes must not be counted per process.
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "accounts_cache",
        # The default of 300 lets anybody push other people's counters and used codes out with a few hundred attempts.
        "OPTIONS": {"MAX_ENTRIES": 50_000},
    },
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["accounts.passwords.LatchkeyArgon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["email"]},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]

LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/admin/"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
# Cookies end with the browser; a machine that stays on is covered by the idle limit below.
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# A mail to the person whenever a password or a second factor changes.
ACCOUNT_EMAIL_NOTIFICATIONS = True
# Addresses live on User alone. allauth's own generator copies them, unverified, into its table of addresses, from
# which logins are then found and second factors refused.
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105 - a path
PASSWORD_RESET_TIMEOUT = 60 * 60
# How many proxies of ours append to X-Forwarded-For; 0 ignores the header, which anybody may send.
ALLAUTH_TRUSTED_PROXY_COUNT = env_int("TRUSTED_PROXY_COUNT", 0, minimum=0)
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "reset_password": "20/m/ip,5/m/key",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Latchkey"
MFA_ADAPTER = "accounts.adapters.MFAAdapter"
MFA_FORMS = {"activate_totp": "accounts.forms.ActivateTOTPForm"}

SESSION_COOKIE_NAME = "latchkey_session"
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_IDLE_AGE = env_int("SESSION_IDLE_MINUTES", 30, minimum=1) * 60
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "latchkey_csrf"
CSRF_TRUSTED_ORIGINS = [PUBLIC_BASE_URL]
CSRF_FAILURE_VIEW = "django.views.csrf.csrf_failure"

EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
DEFAULT_FROM_EMAIL = env_str("DEFAULT_FROM_EMAIL", "Latchkey <latchkey@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
EMAIL_URL = env_str("EMAIL_URL", "")
if EMAIL_URL:
    # smtp://, smtps:// (implicit TLS) or smtp+tls:// (STARTTLS), with the user and password in the URL.
    _mail = urlsplit(EMAIL_URL)
    if _mail.scheme not in ("smtp", "smtps", "smtp+tls") or not _mail.hostname:
        raise ImproperlyConfigured("EMAIL_URL must look like smtp+tls://user:password@host:587.")
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST = _mail.hostname
    EMAIL_PORT = _mail.port or {"smtp": 25, "smtps": 465, "smtp+tls": 587}[_mail.scheme]
    EMAIL_HOST_USER = unquote(_mail.username or "")
    EMAIL_HOST_PASSWORD = unquote(_mail.password or "")
    EMAIL_USE_TLS = _mail.scheme == "smtp+tls"
    EMAIL_USE_SSL = _mail.scheme == "smtps"
    EMAIL_TIMEOUT = 10

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
# The applications' own lie with them; config is none.
STATICFILES_DIRS = [BASE_DIR / "config" / "wires" / "openapi" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "config.static.StaticFiles"},
}
# On a machine of one's own, a server started by hand serves the files from where they lie; production wants collectstatic.
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_MANIFEST_STRICT = PRODUCTION
# Nobody's page but ours needs them.
WHITENOISE_ALLOW_ALL_ORIGINS = False
# The folder is made by collectstatic; whitenoise warns about one that does not exist yet.
STATIC_ROOT.mkdir(parents=True, exist_ok=True)

APPEND_SLASH = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if PRODUCTION:
    SECURE_SSL_REDIRECT = env_bool("SECURE_SSL_REDIRECT", True)
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SECURE_HSTS_SECONDS = env_int("SECURE_HSTS_SECONDS", 31_536_000, minimum=3_600)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

# Pages of which other origins may read the wires' answers (config.cors); "*" is any, and nothing is none.
_ORIGINS = env_origins("CORS_ALLOWED_ORIGINS")
CORS_ALLOW_ALL_ORIGINS = _ORIGINS == ["*"]
CORS_ALLOWED_ORIGINS = [] if CORS_ALLOW_ALL_ORIGINS else _ORIGINS
CORS_ALLOW_CREDENTIALS = False
CORS_ALLOW_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
CORS_ALLOW_HEADERS = [
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "X-Request-Id",
]
CORS_EXPOSE_HEADERS = [
    "ETag",
    "Location",
    "Link",
    "Retry-After",
    "Idempotency-Replayed",
    "X-Request-Id",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "X-RateLimit-Resource",
]
CORS_PREFLIGHT_MAX_AGE = 24 * 60 * 60

REST_FRAMEWORK = {
    # A view speaks the dialect of its wire; nothing here may open one that declares none.
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAdminUser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "UNAUTHENTICATED_USER": None,
}

# How many requests a minute each worker answers one credential, or one address without a credential (accounts.rates).
# More than a worker usually manages: it stops what runs wild and is in nobody's way.
RATE_LIMIT_PER_MINUTE = env_int("RATE_LIMIT_PER_MINUTE", 60_000, minimum=1)

TAGGIT_CASE_INSENSITIVE = False

# What contacts can be taken out as (contacts.exporting). The domain knows no wires, so it is told here which of these
# files are theirs (docs/decisions/0029).
EXPORT_FORMATS = {
    "csv": "contacts.exporting.tables.CsvWriter",
    "xlsx": "contacts.exporting.workbooks.WorkbookWriter",
    "vcard": "contacts.exporting.cards.CardWriter",
    "json": "contacts.exporting.lines.JsonWriter",
    "winnerr": "contacts.api.winnerr.exporting.WinnerrWriter",
    "rentalot": "contacts.api.rentalot.exporting.RentalotWriter",
    "estateprime": "contacts.api.estateprime.exporting.EstatePrimeWriter",
}

# Background jobs are rows, stored with the change that asks for them (docs/decisions/0016); `manage.py worker` runs them.
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

# Where ``reconcile_sms`` asks for messages that never arrived.
TWILIO_API_URL = env_address("TWILIO_API_URL", "https://api.twilio.com")

# The ``type`` of Rentalot's problems begins with this (CONTRACTS R-S3); programs may compare it with the vendor's own.
RENTALOT_PROBLEM_BASE = env_str("RENTALOT_PROBLEM_BASE", "https://rentalot.ai/problems/")

SILENCED_SYSTEM_CHECKS = [
    # Both middlewares are there, as subclasses that step aside for programs (accounts.middleware).
    "security.W002",
    "security.W003",
    # An index that covers more than its key does so on PostgreSQL; SQLite leaves the rest out, and reads few rows.
    "models.W040",
]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        # 4xx answers are the caller's business; they would fill the log with what strangers type.
        "django.request": {"handlers": ["stderr"], "level": "ERROR", "propagate": False},
        # So are the Host headers they invent, each of which would be a traceback.
        "django.security.DisallowedHost": {"handlers": ["stderr"], "level": "CRITICAL", "propagate": False},
        # And the filters they invent for lists of the dashboard.
        "django.security.DisallowedModelAdminLookup": {"handlers": ["stderr"], "level": "CRITICAL", "propagate": False},
        # A line for each look at the queue, and two for each job, would bury the ones about failures.
        "django_tasks": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        # A line for each request, with the account in its address.
        "httpx": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "django_tasks_db": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
    },
}


def _entry(title: str, icon: str, address: str, permission: str, **more: Any) -> dict[str, Any]:
    """One entry of the dashboard's sidebar."""
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{address}"),
        "permission": f"config.dashboard.navigation.{permission}",
        **more,
    }


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Latchkey",
    "SITE_HEADER": "Latchkey",
    "SITE_SUBHEADER": "config.dashboard.navigation.organization_name",
    "SITE_SYMBOL": "key",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": "config.dashboard.navigation.favicon"},
    ],
    "SITE_URL": "",
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "8px",
    "COLORS": {
        # A quiet teal: the tags bring colours of their own.
        "primary": {
            "50": "#f0fdfa",
            "100": "#ccfbf1",
            "200": "#99f6e4",
            "300": "#5eead4",
            "400": "#2dd4bf",
            "500": "#14b8a6",
            "600": "#0f766e",
            "700": "#115e59",
            "800": "#134e4a",
            "900": "#0f3d3a",
            "950": "#042f2e",
        },
    },
    # The site's own search answers both; see config.dashboard.site.
    "DASHBOARD_CALLBACK": "contacts.admin.overview.add_overview",
    "COMMAND": {"search_models": True, "show_history": False},
    "ACCOUNT": {
        "navigation": [
            {"title": "Password", "link": reverse_lazy("account_change_password")},
            {"title": "Second factor", "link": reverse_lazy("mfa_index")},
            {"title": "Organizations", "link": reverse_lazy("accounts_organization")},
        ],
    },
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "show_all_applications": False,
        "navigation": [
            {
                "items": [
                    _entry("Dashboard", "space_dashboard", "index", "reads_contacts"),
                    _entry(
                        "Contacts",
                        "contacts",
                        "contacts_contact_changelist",
                        "reads_contacts",
                        active="config.dashboard.navigation.is_among_contacts",
                    ),
                    _entry(
                        "Deleted contacts",
                        "delete",
                        "contacts_contact_changelist",
                        "reads_contacts",
                        link=format_lazy("{}?state=deleted", reverse_lazy("admin:contacts_contact_changelist")),
                        active="config.dashboard.navigation.is_among_deleted_contacts",
                    ),
                    _entry("Imports", "upload_file", "contacts_importjob_changelist", "writes_contacts"),
                ],
            },
            {
                "title": "Incoming",
                "separator": True,
                "items": [
                    _entry("Channels", "forum", "activities_inboundchannel_changelist", "manages_credentials"),
                    _entry(
                        "Receipts",
                        "inbox",
                        "activities_receipt_changelist",
                        "manages_credentials",
                        active="config.dashboard.navigation.is_among_receipts",
                    ),
                    _entry(
                        "Quarantine",
                        "report",
                        "activities_receipt_changelist",
                        "manages_credentials",
                        link=format_lazy("{}?state=quarantined", reverse_lazy("admin:activities_receipt_changelist")),
                        active="config.dashboard.navigation.is_in_quarantine",
                    ),
                ],
            },
            {
                "title": "Catalogue",
                "separator": True,
                "items": [
                    _entry("Tags", "sell", "contacts_tag_changelist", "reads_contacts"),
                    _entry("Sources", "alt_route", "contacts_source_changelist", "reads_contacts"),
                    _entry("Custom fields", "edit_note", "contacts_customfield_changelist", "reads_contacts"),
                    _entry("Lead scoring", "speed", "contacts_scoringweights_changelist", "manages_catalogue"),
                ],
            },
            {
                "title": "Team",
                "separator": True,
                "items": [
                    _entry("Members", "group", "accounts_member_changelist", "reads_members"),
                    _entry("Invitations", "mail", "accounts_invitation_changelist", "manages_members"),
                    _entry("Credentials", "vpn_key", "accounts_credential_changelist", "manages_credentials"),
                    _entry("Organization", "domain", "accounts_organization_changelist", "manages_organization"),
                ],
            },
        ],
    },
}


def _refuse_unsafe_production() -> None:
    """Name everything that makes this environment unsafe for strangers, at once, and stop."""
    faults = []
    if len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 5 or SECRET_KEY.startswith("django-insecure-"):
        faults.append("SECRET_KEY must be at least 50 random characters")
    if not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS:
        faults.append("ALLOWED_HOSTS must name the hosts that are served, without *")
    if not DATABASES["default"]["ENGINE"].endswith("postgresql"):
        faults.append("DATABASE_URL must be a PostgreSQL address: SQLite has one writer and one tenancy wall")
    if DATABASE_OWNER_URL and DATABASES["owner"].get("USER") == DATABASES["default"].get("USER"):
        faults.append("DATABASE_URL and DATABASE_OWNER_URL must use different roles")
    if not PUBLIC_BASE_URL.startswith("https://"):
        faults.append("PUBLIC_BASE_URL must be the https:// address people use")
    if not EMAIL_URL:
        faults.append("EMAIL_URL must name a mail server: invitations and password resets are sent by mail")
    if DEFAULT_FROM_EMAIL.endswith("@localhost>"):
        faults.append("DEFAULT_FROM_EMAIL must be an address of yours")
    if faults:
        raise ImproperlyConfigured("Refusing to start in production: " + "; ".join(faults) + ".")


if PRODUCTION:
    _refuse_unsafe_production()
