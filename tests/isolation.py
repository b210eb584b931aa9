"""Give each process of pytest-xdist databases of its own in Valkey.

Loaded by `manage.py test` with `-p`: it must run before Django reads its settings, which
conftest.py does not. (pytest-django does the same for PostgreSQL.)
"""

import os

DATABASES_PER_PROCESS = 4

_number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
os.environ["BPI_REDIS_DATABASE_OFFSET"] = str(_number * DATABASES_PER_PROCESS)
