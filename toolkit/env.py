"""Typed reading of environment variables, and of the addresses of services."""

import os
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
