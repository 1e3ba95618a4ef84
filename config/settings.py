"""Every setting, in one file; every value that may differ comes from the environment (README, "Settings")."""

import base64
import contextlib
import os
import re
import secrets
from pathlib import Path

import environ
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from kombu import Exchange, Queue

from config.oidc import read_oidc

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"
VAR_DIR.mkdir(mode=0o700, exist_ok=True)

env = environ.Env()
env.read_env(BASE_DIR / ".env", overwrite=False)
VAR_DIR = Path(env.str("FRONT_DOOR_VAR", str(VAR_DIR)))
VAR_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)  # children's records may lie here: nobody else's to read

# Demonstration mode is what `make run` starts: known sign-ins, plain http, a key made on first start.
DEMO = env.bool("FRONT_DOOR_DEMO", True)
DEMO_PASSWORD = "front-door-demo"  # noqa: S105  known to everybody: it opens nothing outside demonstration mode
DEBUG = env.bool("DEBUG", False)


def _demo_key(name: str, new: str) -> str:
    """A secret of this checkout's own, made once and whole; production gives its own by the environment."""
    path = VAR_DIR / name
    if not path.exists():
        made = VAR_DIR / f"{name}.{os.getpid()}"
        made.touch(mode=0o600)
        made.write_text(new)
        with contextlib.suppress(FileExistsError):  # the first process's stands, and nobody ever reads half of it
            os.link(made, path)
        made.unlink()
    return path.read_text()


SECRET_KEY = env.str("SECRET_KEY", "") or (_demo_key("secret-key", secrets.token_urlsafe(50)) if DEMO else "")
if not SECRET_KEY:
    raise ImproperlyConfigured("Set SECRET_KEY: outside demonstration mode Front Door makes none of its own.")
# What seals fields and attachments at rest, newest first (partnerships/encryption.py).
ENCRYPTION_KEYS = [key for key in env.list("ENCRYPTION_KEYS", default=[]) if key] or (
    [_demo_key("encryption-key", base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())] if DEMO else []
)
if not ENCRYPTION_KEYS:
    raise ImproperlyConfigured("Set ENCRYPTION_KEYS: outside demonstration mode Front Door makes none of its own.")
NO_PUBLIC_NAME = re.compile(r"[\d.]+|\[?[0-9a-f:]*:[0-9a-f:]*\]?|[^.*]+|.+\.(?:localhost|test)", re.I)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "testserver"])
if DEMO and (public := [host for host in ALLOWED_HOSTS if not NO_PUBLIC_NAME.fullmatch(host)]):
    raise ImproperlyConfigured(
        f"Demonstration mode, whose sign-ins everybody knows, serves no public name ({', '.join(public)}). "
        "Set FRONT_DOOR_DEMO=0."
    )
SITE_URL = env.str("SITE_URL", f"http://127.0.0.1:{env.int('PORT', 8000)}").rstrip("/")

INSTALLED_APPS = [
    "partnerships",
    "thresholds",
    "referrals",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",  # so that widgets are drawn from our templates
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "crispy_forms",
    "crispy_forms_gds",
    "csp",
]

MIDDLEWARE = [
    # These two stand before all others, so that what those answer by themselves (a redirect, a 400) has them too.
    "partnerships.middleware.NoStoreMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "partnerships.middleware.RequestIdMiddleware",
    "partnerships.middleware.UnavailableMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "partnerships.middleware.SessionLimitsMiddleware",
    "partnerships.middleware.PartnershipMiddleware",
    "partnerships.middleware.RequestLimitsMiddleware",
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
                "csp.context_processors.nonce",
                "partnerships.context.page",
                "referrals.notices.context.counts",
            ],
        },
    }
]

# --- data ---------------------------------------------------------------------------------------------------------
DATABASE_URL = env.str("DATABASE_URL", f"sqlite:///{VAR_DIR / 'front-door.sqlite3'}")
DATABASES = {"default": environ.Env.db_url_config(DATABASE_URL)}
ON_SQLITE = DATABASES["default"]["ENGINE"].endswith("sqlite3")
if ON_SQLITE:
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-20000;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    DATABASES["default"]["OPTIONS"] = {"connect_timeout": 5}
    DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = True  # each statement carries its partnership by itself
    # Who owns the tables migrates them (`migrate --database owner`); the portal serves as an ordinary role, whom the
    # policies of partnerships/row_security.py hold.
    if OWNER_URL := env.str("DATABASE_OWNER_URL", ""):
        DATABASES["owner"] = {**env.db_url_config(OWNER_URL), "TEST": {"MIRROR": "default"}}
        DATABASES["owner"]["DISABLE_SERVER_SIDE_CURSORS"] = True
DATABASE_ROUTERS = ["partnerships.row_security.MigratesAsOwner"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", "")
REDIS_CACHE = {
    "BACKEND": "partnerships.redis_cache.RedisOrFiles",
    "OPTIONS": {"socket_timeout": 0.5, "socket_connect_timeout": 0.5, "FILES": str(VAR_DIR / "cache")},
}
if REDIS_URL:
    CACHES = {"default": {**REDIS_CACHE, "LOCATION": REDIS_URL}}
else:
    CACHES = {
        "default": {
            "BACKEND": "partnerships.file_cache.FileCache",
            "LOCATION": str(VAR_DIR / "cache"),
            "OPTIONS": {"MAX_ENTRIES": 20_000},
        }
    }

# --- sign-in ------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "partnerships.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "partnerships.passwords.KnownPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("name", "email", "job_title")},
    },
]
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "partnerships.adapters.AccountAdapter"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # the page says what to do when nothing comes
ACCOUNT_EMAIL_NOTIFICATIONS = False  # partnerships/account_events.py tells, by the outbox
ACCOUNT_FORMS = {
    "login": "partnerships.account_forms.LoginForm",
    "reset_password": "partnerships.account_forms.ResetPasswordForm",
    "reset_password_from_key": "partnerships.account_forms.ResetPasswordKeyForm",
    "change_password": "partnerships.account_forms.ChangePasswordForm",
    "reauthenticate": "partnerships.account_forms.ReauthenticateForm",
}
# Counted by person and address together (partnerships.adapters): by the person alone, anybody could lock a screener
# out; by the address alone, one pupil could lock out a school.
ACCOUNT_RATE_LIMITS = {
    "login": "120/m/ip",
    "login_failed": "60/m/ip,5/5m/key",
    "reset_password": "20/m/ip",  # of one account: as many as are sent (partnerships/adapters.py); nobody is refused
}
AFTERWARDS_WITHIN = 1.0  # seconds after an answer until what depends on there being an account, by chance
ACCOUNT_USER_DISPLAY = "partnerships.models.people.display_name"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
# Required outside demonstration mode, whatever is set: a password alone opens no child's record there.
SECOND_FACTOR = not DEMO or env.bool("SECOND_FACTOR", False)
MFA_ADAPTER = "partnerships.mfa.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"  # a passkey alone is two factors: the device, and who unlocks it
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEMO
MFA_ALLOW_UNVERIFIED_EMAIL = True  # an invitation's link is the proof of an address
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODES_SHOW_ONCE = True  # after that, whoever has lost them makes new ones
MFA_RATE_LIMITS = {
    "webauthn_login": "120/m/ip"
}  # as for passwords: an office is one address, and there is nothing to guess
MFA_FORMS = {
    "authenticate": "partnerships.mfa_forms.AuthenticateForm",
    "authenticate_webauthn": "partnerships.mfa_forms.AuthenticateWebAuthnForm",
    "reauthenticate": "partnerships.mfa_forms.ReauthenticateForm",
    "reauthenticate_webauthn": "partnerships.mfa_forms.ReauthenticateWebAuthnForm",
    "login_webauthn": "partnerships.mfa_forms.LoginWebAuthnForm",
    "activate_totp": "partnerships.mfa_forms.ActivateTOTPForm",
    "add_webauthn": "partnerships.mfa_forms.AddWebAuthnForm",
    "edit_webauthn": "partnerships.mfa_forms.EditWebAuthnForm",
}
OIDC = read_oidc(env.str("OIDC_PROVIDERS", ""), plain_http=DEMO)
OIDC_WITH_SECOND_FACTOR = OIDC.with_second_factor
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": OIDC.apps}}
SOCIALACCOUNT_ADAPTER = "partnerships.oidc.SocialAccountAdapter"
SOCIALACCOUNT_STORE_TOKENS = False
SESSION_ENGINE = "partnerships.sessions"
SESSION_COOKIE_AGE = 13 * 60 * 60  # longer than any; each role's own limits stand in partnerships/permissions.py
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "partnerships.views.csrf_failed"

# --- words, dates, times ------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en-gb"
TIME_ZONE = "Europe/London"
USE_I18N = False
USE_TZ = True

# --- look ---------------------------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": env.str("STATICFILES_BACKEND", "partnerships.static_files.StaticFiles"),
    },
}
WHITENOISE_USE_FINDERS = DEBUG
WHITENOISE_MANIFEST_STRICT = False  # a file that set-up has not collected costs a style, never the page
CRISPY_ALLOWED_TEMPLATE_PACKS = ["gds"]
CRISPY_TEMPLATE_PACK = "gds"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- the wire -----------------------------------------------------------------------------------------------------
HTTPS = env.bool("HTTPS", not DEMO)
SECURE_SSL_REDIRECT = HTTPS
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31536000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
BEHIND_PROXY = env.bool("BEHIND_PROXY", False)
PROXIES = env.int("PROXIES", int(BEHIND_PROXY))  # how many stand in a row, each of which says who asked it
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
ALLAUTH_TRUSTED_PROXY_COUNT = PROXIES  # else every limit by address would count the proxy's own
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF, *OIDC.origins],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    }
}
# Of one account (partnerships/limits.py): how many, within how many seconds. A page that is being written saves itself
# every two seconds at most; 300 records in ten minutes are told to the managers long before.
REQUEST_LIMITS = (
    {
        "read": (1500, 600),
        "search": (300, 600),
        "write": (1200, 600),
        "megabytes": (2000, 24 * 60 * 60),
        "begun": (60, 60 * 60),  # of the public form, from one place
    }
    if env.bool("REQUEST_LIMITS", True)
    else {}
)
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 4000
DATA_UPLOAD_MAX_NUMBER_FILES = None  # counted by the handler below, which tells of those beyond and breaks nothing off

# --- attachments --------------------------------------------------------------------------------------------------
ATTACHMENTS_DIR = Path(env.str("ATTACHMENTS_DIR", str(VAR_DIR / "attachments")))
UPLOADING_DIR = VAR_DIR / "uploading"
for place in (ATTACHMENTS_DIR, UPLOADING_DIR):
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
FILE_UPLOAD_HANDLERS = ["referrals.attachments.uploading.BoundedUploadHandler"]
ATTACHMENT_MAX_MB = env.int("ATTACHMENT_MAX_MB", 20)  # of one file
UPLOAD_MAX_MB = 100  # kept of one request; what is beyond is read and thrown away, so that the answer can say so
ATTACHMENTS_MAX_MB = env.int("ATTACHMENTS_MAX_MB", 100)  # of one referral
ATTACHMENTS_MOST = env.int("ATTACHMENTS_MOST", 20)
CLAMAV_URL = env.str("CLAMAV_URL", "")  # tcp://host:3310 or unix:///run/clamav/clamd.ctl; without it: not scanned
CLAMAV_SECONDS = env.int("CLAMAV_SECONDS", 30)
CLAMAV_MAX_MB = env.int("CLAMAV_MAX_MB", 25)  # the scanner's own StreamMaxLength and MaxFileSize

# --- post ---------------------------------------------------------------------------------------------------------
EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = 10
POST_BOOK_DIR = Path(env.str("POST_BOOK_DIR", str(VAR_DIR / "post-book")))  # on a disk that outlives the worker
MAIL_IN_DOUBT = env.str("MAIL_IN_DOUBT", "again")
if MAIL_IN_DOUBT not in ("again", "hold"):
    raise ImproperlyConfigured(f"MAIL_IN_DOUBT is “again” or “hold”, not “{MAIL_IN_DOUBT}”.")
# GOV.UK Notify instead, where there is a key: its template holds ((subject)) and ((body)), and nothing else.
NOTIFY_API_KEY = env.str("NOTIFY_API_KEY", "")
NOTIFY_TEMPLATE_ID = env.str("NOTIFY_TEMPLATE_ID", "")
NOTIFY_URL = env.str("NOTIFY_URL", "https://api.notifications.service.gov.uk")
if NOTIFY_API_KEY and not NOTIFY_TEMPLATE_ID:
    raise ImproperlyConfigured("NOTIFY_API_KEY needs NOTIFY_TEMPLATE_ID, a template with ((subject)) and ((body)).")
REACHES_NOBODY = ("console", "dummy", "locmem")
if not DEMO and not NOTIFY_API_KEY and str(EMAIL_CONFIG["EMAIL_BACKEND"]).split(".")[-2] in REACHES_NOBODY:
    raise ImproperlyConfigured(
        "Set EMAIL_URL, or NOTIFY_API_KEY: outside demonstration mode what people are told reaches them, and no log."
    )
DEFAULT_FROM_EMAIL = env.str("FROM_EMAIL", "Front Door <no-reply@front-door.example>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# --- work behind --------------------------------------------------------------------------------------------------
# Measured: without these limits a frozen broker holds a web request for a minute, a killed worker loses its notice.
CELERY_TIMEZONE = "UTC"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 60
CELERY_TASK_IGNORE_RESULT = True
# What takes minutes waits in a line of its own, for a worker of its own (`-Q long`): no notice waits behind it.
# A worker that is started without -Q takes from both.
CELERY_TASK_QUEUES = [Queue(name, Exchange(name), name) for name in ("celery", "long")]
CELERY_TASK_ROUTES = {
    "referrals.tasks.make_documents": {"queue": "long"},
    "referrals.tasks.go_on_with_replay": {"queue": "long"},
    "referrals.tasks.go_on_with_all_replays": {"queue": "long"},
}
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "beat-schedule")
REDIS_TRANSPORT: dict[str, object] = {
    "visibility_timeout": 120,
    "unacked_restore_interval": 5,
    "socket_timeout": 0.5,  # a page that finds the broker frozen waits for this twice: an old connection, and a new one
    "socket_connect_timeout": 0.5,
    "max_retries": 1,
    "interval_start": 0,  # a page that nudges waits for no second try: else two seconds
    "interval_step": 0,
    "interval_max": 0,
}
if REDIS_URL:
    CELERY_BROKER_URL = REDIS_URL
    CELERY_BROKER_TRANSPORT_OPTIONS = REDIS_TRANSPORT
else:
    CELERY_BROKER_URL = "filesystem://localhost//"
    for folder in ("broker", "broker-control"):
        (VAR_DIR / folder).mkdir(mode=0o700, exist_ok=True)
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(VAR_DIR / "broker"),
        "data_folder_out": str(VAR_DIR / "broker"),
        "control_folder": str(VAR_DIR / "broker-control"),
        "store_processed": False,
    }
SWEEP_SECONDS = env.int("SWEEP_SECONDS", 20)
ANCHORS_DIR = env.str("ANCHORS_DIR", str(VAR_DIR / "anchors"))  # on another disk or machine where there is one
REFUSED_IN_TRAIL = True
CELERY_BEAT_SCHEDULE = {
    "anchor": {"task": "referrals.tasks.anchor", "schedule": 60 * 60, "options": {"expires": 60 * 60}},
    "anomalies": {"task": "referrals.tasks.tell_anomalies", "schedule": 5 * 60, "options": {"expires": 5 * 60}},
    "sweep": {"task": "referrals.tasks.sweep", "schedule": SWEEP_SECONDS, "options": {"expires": SWEEP_SECONDS}},
    "scan": {"task": "referrals.tasks.scan", "schedule": SWEEP_SECONDS, "options": {"expires": SWEEP_SECONDS}},
    "purge": {"task": "referrals.tasks.purge", "schedule": 24 * 60 * 60, "options": {"expires": 60 * 60}},
    "tidy": {"task": "referrals.tasks.tidy", "schedule": 60 * 60, "options": {"expires": 60 * 60}},
    "documents": {
        "task": "referrals.tasks.make_documents",
        "schedule": 3 * SWEEP_SECONDS,
        "options": {"expires": 3 * SWEEP_SECONDS},
    },
    "deliver": {"task": "referrals.tasks.deliver", "schedule": SWEEP_SECONDS, "options": {"expires": SWEEP_SECONDS}},
    "second_screenings": {"task": "referrals.tasks.draw_second_screenings", "schedule": 3600},
    "replays": {
        "task": "referrals.tasks.go_on_with_all_replays",
        "schedule": SWEEP_SECONDS,
        "options": {"expires": SWEEP_SECONDS},
    },
}

DEFAULT_EXCEPTION_REPORTER_FILTER = "partnerships.logs.NothingTyped"
# With the session, which signing out ends: a cookie would outlive it, and what a message says with it.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "partnerships.logs.Formatter", "format": "{asctime} {levelname} {name} {message}", "style": "{"}
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "INFO")},
    # Django's own "django" logger would mail reports of errors, with all that was posted, to whoever ADMINS names.
    "loggers": {
        "django": {"handlers": [], "level": "INFO"},
        "weasyprint": {"level": "ERROR"},
        "fontTools": {"level": "ERROR"},
    },
}
