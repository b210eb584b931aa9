"""The stage of the stories: one for a whole file, since starting its processes takes seconds."""

from contextlib import ExitStack

import pytest
from django.core.management import call_command

from tests.flows.stage import Office, Stage


@pytest.fixture(scope="module")
def transactional_db(django_db_setup, django_db_blocker):
    """Open the database for a whole file, where pytest-django empties it after each test."""
    with django_db_blocker.unblock():
        yield
        call_command("flush", interactive=False, verbosity=0)


@pytest.fixture(scope="module")
def office(transactional_db, tmp_path_factory):
    """A running portal that no bridge belongs to. Each test brings a customer of its own."""
    with ExitStack() as exits:
        yield Office(tmp_path_factory.mktemp("portal"), exits)


@pytest.fixture(scope="module")
def stage(transactional_db, tmp_path_factory):
    """A running portal on a real Janus. Each test brings a customer of its own."""
    with ExitStack() as exits:
        yield Stage(tmp_path_factory.mktemp("portal"), exits)
