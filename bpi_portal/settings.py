"""All settings, read from the environment in one place; each is explained in docs/settings.md."""

from datetime import timedelta
from email.utils import parseaddr
from pathlib import Path

import django_stubs_ext
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _
from whitenoise.compress import Compressor

from toolkit.env import (
    database_from_url,
    env_bool,
    env_int,
    env_list,
    env_numbers,
    env_str,
    mail_server_from_url,
    redis_url,
)

# Lets generic classes of Django (ModelForm[Issuer]) be written as the type checker reads them.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
STATE_DIR = Path(env_str("BPI_STATE_DIR", str(BASE_DIR / "var")))

# --- the site ---------------------------------------------------------------------------------
DEBUG = env_bool("BPI_DEBUG", default=False)
TESTING = env_bool("BPI_TEST", default=False)
# Commands that need no secret (simulate, makemessages) run without; everything that signs fails.
SECRET_KEY = env_str("SECRET_KEY")
ALLOWED_HOSTS = env_list("BPI_ALLOWED_HOSTS", "127.0.0.1,localhost,testserver")
CSRF_TRUSTED_ORIGINS = env_list("BPI_TRUSTED_ORIGINS")
PUBLIC_URL = env_str("BPI_PUBLIC_URL", "http://127.0.0.1:8000")
HTTPS = PUBLIC_URL.startswith("https://")
ROOT_URLCONF = "bpi_portal.urls"
WSGI_APPLICATION = "bpi_portal.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEST_RUNNER = "bpi_portal.runner.PytestRunner"

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django.forms",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "csp",
    "django_htmx",
    "template_partials",
    "django_filters",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "rest_framework",
    "knox",
    "rest_framework_api_key",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "toolkit",
    "integration",
    "customers",
    "sales",
    "conferencing",
    "mailing",
    "billing",
    "bpi_portal",
]
MIDDLEWARE = [
    "toolkit.request_id.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "toolkit.api.middleware.ApiHeadersMiddleware",
    "integration.middleware.IdempotencyMiddleware",
]
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
                "toolkit.context.interface",
                "bpi_portal.navigation.navigation",
            ],
        },
    }
]

FORM_RENDERER = "toolkit.form_rendering.Renderer"

# --- servers ----------------------------------------------------------------------------------
DATABASES = {"default": database_from_url(env_str("DATABASE_URL"))}
REDIS_URL = env_str("REDIS_URL", "redis://127.0.0.1:6379/0")
REDIS_DATABASE_OFFSET = env_int("BPI_REDIS_DATABASE_OFFSET", 0)
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": redis_url(REDIS_URL, database=REDIS_DATABASE_OFFSET + 2),
    }
}

# A task may run twice: every one is idempotent by a key in the database.
CELERY_BROKER_URL = redis_url(REDIS_URL, database=REDIS_DATABASE_OFFSET, scheme_for_celery=True)
CELERY_TASK_IGNORE_RESULT = True  # progress and results live in integration.Job
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 600
CELERY_TASK_SOFT_TIME_LIMIT = 540
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 900,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_keepalive": True,
    "socket_timeout": 2,
    "socket_connect_timeout": 1,
    # Whoever hands a task over gives up at once (kombu would try for six seconds); workers have
    # their own, endless patience.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.2,
}
CELERY_VISIBILITY_TIMEOUT = 900
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A dead broker must not hold up a request: the sweep does what was not handed over.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BEAT_SCHEDULE_FILENAME = str(STATE_DIR / "celerybeat-schedule")

# --- e-mail -------------------------------------------------------------------------------------
_MAIL = mail_server_from_url(env_str("EMAIL_URL"))
MAIL_TRANSPORTS = {
    "smtp": "integration.mail.smtp.SmtpTransport",
    "folder": "integration.mail.folder.FolderTransport",
}
MAIL_TRANSPORT = MAIL_TRANSPORTS["smtp" if _MAIL.host else "folder"]
# Django's own mail (links for new passwords) goes the same way, without the queue.
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if _MAIL.host else 'filebased'}.EmailBackend"
EMAIL_FILE_PATH = str(STATE_DIR / "mail")
EMAIL_HOST = _MAIL.host
EMAIL_PORT = _MAIL.port
EMAIL_HOST_USER = _MAIL.user
EMAIL_HOST_PASSWORD = _MAIL.password
EMAIL_USE_TLS = _MAIL.starttls
EMAIL_USE_SSL = _MAIL.tls
EMAIL_TIMEOUT = env_int("BPI_EMAIL_TIMEOUT", 30)  # seconds for each step with the server
DEFAULT_FROM_EMAIL = env_str("BPI_FROM_EMAIL", "portal@bpi.example")
# Reports come to bounce+TOKEN@…, and to a Maildir if one is named (docs/email.md).
BOUNCE_ADDRESS = (
    env_str("BPI_BOUNCE_ADDRESS")
    or "bounce@" + (parseaddr(DEFAULT_FROM_EMAIL)[1].rpartition("@")[2])
)
BOUNCE_MAILDIR = env_str("BPI_BOUNCE_MAILDIR")
EMAIL_SENDERS = env_int("BPI_EMAIL_SENDERS", 2)  # workers that send at the same time
# Messages to one domain in a minute; 0 lifts the limit.
EMAIL_DOMAIN_RATE = env_int("BPI_EMAIL_DOMAIN_RATE", 600)
EMAIL_DOMAIN_RATES = env_numbers("BPI_EMAIL_DOMAIN_RATES")

# --- languages, places, formats ---------------------------------------------------------------
LANGUAGE_CODE = "es"
LANGUAGES = [("es", _("Spanish")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "toolkit.formats"
USE_I18N = True
USE_TZ = True
TIME_ZONE = env_str("BPI_TIME_ZONE", "Europe/Madrid")
USE_THOUSAND_SEPARATOR = False

# --- static files -----------------------------------------------------------------------------
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = STATE_DIR / "static"
WHITENOISE_ROOT = BASE_DIR / "static" / "root"  # what browsers ask for at /, favicon.ico
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or TESTING
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
# Source maps are large and rarely asked for: compressing them took half of the first start.
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = (*Compressor.SKIP_COMPRESS_EXTENSIONS, "map")
# Under test and while developing nothing is collected: files are served where they lie.
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG or TESTING
MEDIA_ROOT = STATE_DIR / "media"

# --- people -----------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
if TESTING:  # hundreds of users are made under test: a slow hash would protect nobody
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "username*", "password1*", "password2*"]
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_EMAIL_VERIFICATION = "none"  # an administrator invites: the link proves the address
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key"}
ACCOUNT_ADAPTER = "bpi_portal.users.adapters.AccountAdapter"
MFA_ADAPTER = "bpi_portal.users.adapters.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "BPI Portal"

# --- security ---------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_SSL_REDIRECT = env_bool("BPI_SSL_REDIRECT", default=False)
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"

# --- logs: to standard error, each line with the name of its request ---------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "toolkit.request_id.RequestIdFilter"}},
    "formatters": {"line": {"()": "toolkit.request_id.RequestFormatter"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "filters": ["request_id"],
            "formatter": "line",
        },
    },
    "root": {"handlers": ["stderr"], "level": env_str("BPI_LOG_LEVEL", "WARNING")},
    "loggers": {"django": {"handlers": [], "propagate": True}},
}

# --- the API ----------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "toolkit.api.authentication.TokenAuthentication",
        "toolkit.api.authentication.MachineKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["toolkit.api.permissions.RequiredPermissions"],
    "DEFAULT_THROTTLE_CLASSES": ["toolkit.api.throttling.CallerThrottle"],
    "DEFAULT_PAGINATION_CLASS": "toolkit.api.pagination.CursorPage",
    "DEFAULT_FILTER_BACKENDS": ["toolkit.api.filters.FilterBackend"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["toolkit.api.parsers.JSONParser"],
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "toolkit.api.schema.ApiSchema",
    "EXCEPTION_HANDLER": "toolkit.api.exceptions.problem_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
API_MACHINE_KEY_MODEL = "integration.MachineKey"
# Requests of one caller per second, minute, hour or day; "" lifts the limit.
API_RATE_LIMITS: dict[str, str] = {
    "user": env_str("BPI_API_RATE_USER", "1200/minute"),
    "machine": env_str("BPI_API_RATE_MACHINE", "12000/minute"),
    "anonymous": env_str("BPI_API_RATE_ANONYMOUS", "120/minute"),
}
# Requests of one address to pages behind a link, and to unsubscribe by a mail program.
PUBLIC_RATE_LIMITS: dict[str, str] = {
    "page": env_str("BPI_PUBLIC_RATE", "60/minute"),
    "one_click": env_str("BPI_ONE_CLICK_RATE", "1200/minute"),
}
IDEMPOTENCY_KEY_HOURS = env_int("BPI_IDEMPOTENCY_KEY_HOURS", 48)
REST_KNOX = {"TOKEN_TTL": timedelta(days=90), "AUTO_REFRESH": False}
SPECTACULAR_SETTINGS = {
    "TITLE": "BPI Portal",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    # Choices of different objects under one name; the schema's test tells when one is missing.
    "ENUM_NAME_OVERRIDES": {
        "AccessEnum": "toolkit.telephony.Access",
        "RunIssueEnum": "billing.models.BillingRun.Issue",
        "ContractIssueEnum": "sales.models.Contract.Issue",
        "ContractStatusEnum": "sales.models.Contract.Status",
        "CustomerStatusEnum": "customers.models.Customer.Status",
        "AddressKindEnum": "customers.models.Address.Kind",
        "ContactRoleEnum": "customers.models.Contact.Role",
        "MailingStateEnum": "mailing.models.Mailing.State",
        "ReservationStatusEnum": "conferencing.models.Reservation.Status",
        "ConferenceStateEnum": "conferencing.models.Conference.State",
        "InvoiceStateEnum": "billing.models.Invoice.State",
        "InvoiceKindEnum": "billing.models.Invoice.Kind",
        "InvoiceStatusEnum": ["draft", "open", "paid", "overdue", "credited", "issued"],
        "JobStateEnum": ["queued", "running", "done", "failed"],
    },
}

# --- printers ---------------------------------------------------------------------------------
# By the scheme of their addresses.
PRINTER_MAKES = {
    "ipp": "mailing.printers.ipp.IppPrinter",
    "ipps": "mailing.printers.ipp.IppPrinter",
    "folder": "mailing.printers.folder.FolderPrinter",
}
# How long a printer may be silent before it counts as not answering.
PRINTER_TIMEOUT_SECONDS = env_int("BPI_PRINTER_TIMEOUT_SECONDS", 15)

# --- conference bridges -----------------------------------------------------------------------
BRIDGE_MAKES = {
    "janus": "conferencing.bridges.janus.JanusBridge",
    "simulated": "conferencing.bridges.simulated.SimulatedBridge",
}
# Given by whoever starts Janus (``manage.py up`` does); empty where there is none.
JANUS_ADMIN_URL = env_str("BPI_JANUS_ADMIN_URL")
JANUS_ADMIN_SECRET = env_str("BPI_JANUS_ADMIN_SECRET")
JANUS_ADMIN_KEY = env_str("BPI_JANUS_ADMIN_KEY")
JANUS_HTTP_URL = env_str("BPI_JANUS_HTTP_URL")
JANUS_WS_URL = env_str("BPI_JANUS_WS_URL")
JANUS_API_SECRET = env_str("BPI_JANUS_API_SECRET")
JANUS_TOKEN_SECRET = env_str("BPI_JANUS_TOKEN_SECRET")
JANUS_EVENTS_URL = env_str("BPI_JANUS_EVENTS_URL")
JANUS_EVENTS_PASSWORD = env_str("BPI_JANUS_EVENTS_PASSWORD")
# Rooms stand open this long before and after the booked time, in seconds.
ROOM_LEAD_SECONDS = env_int("BPI_ROOM_LEAD_SECONDS", 900)
ROOM_GRACE_SECONDS = env_int("BPI_ROOM_GRACE_SECONDS", 900)
