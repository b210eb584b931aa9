"""`manage.py up` from nothing to Ctrl-C: one portal lives through all tests of this file."""

import os
import signal
import stat

import pytest

from .portal import Portal, manage, wait_for


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    portal = Portal(tmp_path_factory.mktemp("up") / "var")
    portal.wait_until_ready()
    yield portal
    portal.stop()


def test_it_answers_and_says_where(portal):
    assert portal.answers()
    output = portal.output()
    assert f"ready at http://127.0.0.1:{portal.port}/" in output
    for part in ("PostgreSQL", "Valkey", "database and static files", "worker, bridge link, web"):
        assert part in output


def test_secrets_are_for_its_user_only(portal):
    for name in ("env", "secret_key"):
        assert stat.S_IMODE((portal.state / name).stat().st_mode) == 0o600


def test_a_command_joins_it_and_prints_only_its_answer(portal):
    code = "from django.db import connection as c; print(c.settings_dict['HOST'])"
    done = manage("shell", "-v0", "-c", code, state=portal.state)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() == str(portal.state / "postgres")


def test_a_second_one_is_refused(portal):
    done = manage("up", state=portal.state)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"manage.py: already running from this folder (manage.py up, process {portal.process.pid})."
    ]


def test_a_taken_port_is_refused(portal, tmp_path):
    done = manage("up", state=tmp_path / "var", PORT=str(portal.port))
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"manage.py: 127.0.0.1:{portal.port} cannot be used")
    assert line.endswith("set PORT to another one.")


@pytest.mark.parametrize(
    ("name", "command"),
    [("worker", " bpi_portal worker "), ("web", " granian "), ("PostgreSQL", "/postgres -D ")],
)
def test_a_killed_child_is_started_again(portal, name, command):
    killed = portal.child(command)
    os.kill(killed, signal.SIGKILL)
    again = wait_for(lambda: portal.child(command) not in {killed, None} and portal.child(command))
    assert again != killed
    assert f"{name} ended (signal 9): started again" in portal.output()
    wait_for(portal.answers)


def test_ctrl_c_leaves_nothing(portal):
    assert portal.stop() == 0
    assert "stopped in" in portal.output()
    assert portal.left_over() == {}
    assert not (portal.state / "env").exists()
    assert not portal.answers()


def test_a_killed_one_takes_its_children_along(portal):
    """Runs last: starts the stopped portal again, which is also how long a later start takes."""
    again = Portal(portal.state)
    again.wait_until_ready()
    again.stop(signal.SIGKILL)
    wait_for(lambda: again.left_over() == {}, 30)
