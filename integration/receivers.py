"""Let a task carry the name of the request that started it; hand queued e-mail to workers."""

from contextlib import AbstractContextManager
from logging import Logger
from typing import Any

from celery import Task
from celery.signals import (
    after_setup_logger,
    after_setup_task_logger,
    before_task_publish,
    task_postrun,
    task_prerun,
)
from django.conf import settings
from django.db import transaction
from django.dispatch import receiver

from integration import tasks
from integration.services.messages_sending import AT_ONCE
from integration.signals import messages_queued
from toolkit.request_id import (
    RequestFormatter,
    RequestIdFilter,
    current_request_id,
    request_context,
)

_HEADER = "request_id"
_open: dict[str, AbstractContextManager[None]] = {}


@before_task_publish.connect
def _send_request_id(headers: dict[str, Any] | None = None, **_kwargs: object) -> None:
    if headers is not None and current_request_id():
        headers[_HEADER] = current_request_id()


@task_prerun.connect
def _enter_request(task_id: str, task: Task[..., Any], **_kwargs: object) -> None:
    # A worker finds the header in the request itself, a task run in place among its headers.
    sent = getattr(task.request, _HEADER, None) or (task.request.headers or {}).get(_HEADER)
    context = request_context(sent or f"task_{task_id}")
    context.__enter__()
    _open[task_id] = context


@task_postrun.connect
def _leave_request(task_id: str, **_kwargs: object) -> None:
    if context := _open.pop(task_id, None):
        context.__exit__(None, None, None)


@after_setup_logger.connect
@after_setup_task_logger.connect
def _name_request_in_log(logger: Logger, **_kwargs: object) -> None:
    for handler in logger.handlers:
        handler.addFilter(RequestIdFilter())
        handler.setFormatter(RequestFormatter())


@receiver(messages_queued, dispatch_uid="integration.hand_over_messages")
def hand_over_messages(count: int, **_: object) -> None:
    """Let workers send what was queued, as soon as it is committed: several, if it is much.

    A broker that is down must fail nobody: the sweep finds what is due.
    """
    senders = min(settings.EMAIL_SENDERS, -(-count // AT_ONCE))
    for _sender in range(senders):
        transaction.on_commit(lambda: tasks.send_messages.delay(), robust=True)  # noqa: PLW0108
