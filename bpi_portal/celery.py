"""The Celery app; what recurs and when stands in `bpi_portal.timetable`."""

import os
from typing import Any

from celery import Celery
from celery.signals import worker_init

from .timetable import TIMETABLE

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bpi_portal.settings")

app = Celery("bpi_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = TIMETABLE


@worker_init.connect
def take_back_unacknowledged(**_: object) -> None:
    """Put back at once what a killed worker had taken and not finished.

    Only where Valkey is the embedded one: there is a single worker then, so nothing that is
    unacknowledged can be in another's hands. Elsewhere kombu does it after the visibility timeout.
    """
    if not os.environ.get("BPI_EMBEDDED"):
        return
    with app.connection_for_write() as connection:
        channel: Any = connection.default_channel  # kombu's for Redis: its stubs know the base only
        with channel.conn_or_acquire() as client:
            for tag in client.zrange(channel.unacked_index_key, 0, -1):
                channel.qos.restore_by_tag(tag, client, leftmost=True)
