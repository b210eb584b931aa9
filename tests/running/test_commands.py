"""Commands where nothing runs: they start the servers that they need, wherever the folder is."""

import os
import pwd
import shutil

import pytest

from bpi_portal.supervisor.folders import digest_of
from bpi_portal.supervisor.postgres import REACHABLE_HOME, succeeds

from .portal import manage


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another user for PostgreSQL")
@pytest.mark.parametrize("may_make_namespaces", [True, False])
def test_root_runs_postgresql_in_a_home_of_mode_0700(tmp_path, may_make_namespaces):
    home = tmp_path / "a home that only its owner enters"
    home.mkdir(mode=0o700)
    forbid = {} if may_make_namespaces else {"BPI_NO_USERNS": "1"}
    code = "from django.db import connection as c; c.ensure_connection(); print('connected')"
    done = manage("shell", "-v0", "-c", code, state=home / "var", **forbid)
    assert (done.returncode, done.stdout) == (0, "connected\n"), done.stderr
    # Where nobody cannot reach the folder, the data is elsewhere.
    shutil.rmtree(REACHABLE_HOME / digest_of(home / "var" / "postgres"), ignore_errors=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can try as another user")
def test_a_server_in_a_folder_that_nobody_enters_is_out_of_reach(tmp_path):
    """So lies the whole project in a home of mode 0700: not even its programs can be started."""
    closed = tmp_path / "home"
    closed.mkdir(mode=0o700)
    shutil.copy(shutil.which("true"), closed / "postgres")
    nobody = pwd.getpwnam("nobody")
    identity = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    assert not succeeds([str(closed / "postgres")], identity)
    assert succeeds([str(closed / "postgres")])


def test_a_long_path_has_room_for_sockets(tmp_path):
    state = tmp_path / "/".join(["a-rather-long-name-of-a-folder"] * 5) / "var"
    code = "from django.core.cache import cache; cache.set('a', 1); print(cache.get('a'))"
    done = manage("shell", "-v0", "-c", code, state=state)
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr


def test_a_command_without_servers_starts_none(tmp_path):
    done = manage("help", state=tmp_path / "var")
    assert (done.returncode, done.stderr) == (0, "")
    assert "migrate" in done.stdout
