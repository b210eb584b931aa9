#!/usr/bin/env python3
"""Run a command of the portal: `up` starts everything, `test` tests it, `help` lists the rest."""

import os
import sys

import bootstrap


def main() -> int:
    """Make the environment ready, then run the command with the servers that it needs."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bpi_portal.settings")
    bootstrap.enter(development=sys.argv[1:2] == ["test"])
    if "BPI_READY" in os.environ:  # a child of the supervisor: the servers are there already
        from django.core.management import execute_from_command_line

        execute_from_command_line(sys.argv)
        return 0
    from bpi_portal.supervisor.commands import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
