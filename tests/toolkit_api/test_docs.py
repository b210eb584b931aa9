"""docs/api.md says what is: its examples run as printed, its list of problems is whole."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache

from integration.services import issue_token
from toolkit.api.problem_types import TITLES

DOC = Path("docs/api.md").read_text()
MARK = "--8<--"


def examples():
    """Return the commands of all console blocks with the answer printed below each."""
    found = []
    for block in re.findall(r"^```console\n(.*?)^```", DOC, flags=re.M | re.S):
        for command, _, answer in (
            part.partition("\n") for part in re.split(r"^\$ ", block, flags=re.M) if part
        ):
            found.append((command, answer.strip()))
    return found


def pattern(answer):
    return ".*".join(re.escape(part) for part in answer.split("…"))


@pytest.mark.django_db(transaction=True)
def test_the_examples_run_as_printed(live_server, settings):
    settings.ROOT_URLCONF = "bpi_portal.urls"
    cache.clear()
    token = issue_token(user=User.objects.create(username="ana", is_superuser=True))
    expected = examples()
    assert len(expected) > 10
    script = f"\necho; echo '{MARK}'\n".join(command for command, _answer in expected)
    run = subprocess.run(  # noqa: S603 (our own documentation)
        ["/bin/bash", "-c", script],
        env={**os.environ, "PORTAL": live_server.url, "TOKEN": token, "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    answers = [answer.strip() for answer in run.stdout.split(MARK)]
    assert len(answers) == len(expected)
    for (command, printed), answer in zip(expected, answers, strict=True):
        assert re.fullmatch(pattern(printed), answer, flags=re.S), f"{command}\n{answer}"


def test_every_problem_is_told():
    told = set(re.findall(r"^\| `/problems/([a-z-]+)` \|", DOC, flags=re.M))
    assert told == set(TITLES)
