"""The roof over the apps: settings, addresses, the Celery app, roles, demo, supervisor."""

from .celery import app as celery_app

__all__ = ["celery_app"]
