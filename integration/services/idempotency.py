"""Answers given once: what ``Idempotency-Key`` on a POST stands for."""

import datetime as dt
import hashlib

from django.conf import settings
from django.db import connection
from knox.models import AuthToken

from integration.models import IdempotencyKey


def lock_key(*, credential: str, key: str) -> bool:
    """Take the key until the end of the transaction; False while another request holds it.

    An advisory lock, never waited for: it ends with the connection, so that a process killed in
    the middle leaves nothing behind.
    """
    digest = hashlib.sha256(f"{credential}\n{key}".encode()).digest()
    number = int.from_bytes(digest[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        return bool(cursor.fetchone()[0])


def remember_answer(
    *,
    credential: str,
    key: str,
    request_hash: str,
    status: int,
    headers: dict[str, str],
    body: bytes,
    now: dt.datetime,
) -> IdempotencyKey:
    """Keep the answer for ``settings.IDEMPOTENCY_KEY_HOURS``, in place of one that expired."""
    IdempotencyKey.objects.filter(credential=credential, key=key, expires_at__lte=now).delete()
    return IdempotencyKey.objects.create(
        credential=credential,
        key=key,
        request_hash=request_hash,
        status=status,
        headers=headers,
        body=body,
        created_at=now,
        expires_at=now + dt.timedelta(hours=settings.IDEMPOTENCY_KEY_HOURS),
    )


def forget_expired(*, now: dt.datetime) -> int:
    """Remove answers and tokens whose time is over; return how many. Safe to repeat."""
    answers, _by_model = IdempotencyKey.objects.filter(expires_at__lte=now).delete()
    tokens, _by_model = AuthToken.objects.filter(expiry__lte=now).delete()
    return int(answers + tokens)
