"""Typed reading of environment variables, and of the addresses of services."""

import os
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit


def env_str(name: str, default: str = "") -> str:
    """Return the variable ``name``, or ``default`` when it is unset."""
    return os.environ.get(name, default)


def env_int(name: str, default: int) -> int:
    """Return the variable ``name`` as a whole number.

    Raises:
        ValueError: the variable is set to anything else.
    """
    text = os.environ.get(name)
    return default if text is None else int(text)


def env_bool(name: str, *, default: bool) -> bool:
    """Return the variable ``name`` as a truth value.

    Raises:
        ValueError: the variable is set to anything but ``1``, ``true``, ``0`` or ``false``.
    """
    text = os.environ.get(name)
    if text is None:
        return default
    if text.lower() not in {"1", "true", "0", "false"}:
        msg = f"{name}={text!r}: write 1 or 0"
        raise ValueError(msg)
    return text.lower() in {"1", "true"}


def env_list(name: str, default: str = "") -> list[str]:
    """Return the comma separated variable ``name`` as a list without blanks."""
    return [part.strip() for part in env_str(name, default).split(",") if part.strip()]


def database_from_url(url: str) -> dict[str, object]:
    """Return Django's settings of a PostgreSQL given as ``postgresql://user:pw@host:port/name``.

    The host may be given as ``?host=/folder`` for a Unix socket; other query items become
    connection options. Without a URL the dummy backend is returned, which refuses every query:
    commands that need no database run, all others fail plainly.

    Raises:
        ValueError: the URL names another make of database.
    """
    if not url:
        return {"ENGINE": "django.db.backends.dummy"}
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"}:
        msg = f"DATABASE_URL: only PostgreSQL is supported, not {parts.scheme!r}"
        raise ValueError(msg)
    options = {key: values[0] for key, values in parse_qs(parts.query).items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


def redis_url(url: str, *, database: int, scheme_for_celery: bool = False) -> str:
    """Return the address of one numbered database of the Redis or Valkey server at ``url``.

    ``url`` is ``redis://host:6379/0`` or ``unix:///path.sock?db=0``. Celery's spelling of a Unix
    socket is its own (kombu, transport ``redis+socket``).
    """
    if url.startswith("unix://"):
        path = url.split("?", maxsplit=1)[0]
        if scheme_for_celery:
            return f"{path.replace('unix://', 'redis+socket://')}?virtual_host={database}"
        return f"{path}?db={database}"
    return f"{url.rsplit('/', 1)[0]}/{database}"


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where e-mail is handed over. Without a host it is written into files."""

    host: str = ""
    port: int = 0
    user: str = ""
    password: str = ""
    starttls: bool = False
    tls: bool = False


def mail_server_from_url(url: str) -> MailServer:
    """Return the mail server given as ``smtp://user:pw@host:25``; none without a URL.

    ``smtp+tls://`` asks for STARTTLS (port 587), ``smtps://`` speaks TLS from the start (465).

    Raises:
        ValueError: the URL names another scheme, or no host.
    """
    if not url:
        return MailServer()
    parts = urlsplit(url)
    ports = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
    if parts.scheme not in ports or not parts.hostname:
        msg = f"EMAIL_URL: write smtp://, smtp+tls:// or smtps:// and a host, not {parts.scheme!r}"
        raise ValueError(msg)
    return MailServer(
        host=parts.hostname,
        port=parts.port or ports[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        starttls=parts.scheme == "smtp+tls",
        tls=parts.scheme == "smtps",
    )


def env_numbers(name: str) -> dict[str, int]:
    """Return the variable ``name``, written as ``gmail.com=120,outlook.com=60``, as numbers.

    Raises:
        ValueError: a part is not a word, an equals sign and a whole number.
    """
    pairs = (part.partition("=") for part in env_list(name))
    return {key.strip().lower(): int(value) for key, _equals, value in pairs}
