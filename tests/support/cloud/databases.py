"""The PostgreSQL databases in which the warehouses live: one for each namespace and database."""

from __future__ import annotations

from contextlib import suppress
from itertools import count
from threading import Lock
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from postgres import _server

Connection = psycopg.Connection[tuple[Any, ...]]
OPTIONS = (
    "-c search_path=public,stand_in,pg_catalog -c standard_conforming_strings=off"
    " -c escape_string_warning=off -c synchronous_commit=off -c timezone=UTC -c datestyle=ISO"
    " -c client_min_messages=error -c extra_float_digits=1 -c intervalstyle=postgres"
)
SETUP = """
CREATE SCHEMA stand_in;
CREATE TABLE stand_in.attributes (
    number BIGINT GENERATED ALWAYS AS IDENTITY, table_oid OID, table_name TEXT, kind TEXT,
    value TEXT
);
CREATE TABLE stand_in.load_errors (
    user_id INT, query_id BIGINT, transaction_id BIGINT, session_id INT,
    database_name CHAR(128), table_id INT, start_time TIMESTAMP, file_name CHAR(256),
    line_number BIGINT, column_name CHAR(127), column_type CHAR(10), column_length CHAR(10),
    position INT, error_code INT, error_message CHAR(512)
);
CREATE TABLE stand_in.loads (
    user_id INT, query_id BIGINT, transaction_id BIGINT, session_id INT,
    database_name TEXT, status TEXT, table_name TEXT, start_time TIMESTAMP, end_time TIMESTAMP,
    duration BIGINT, data_source TEXT, file_format TEXT, loaded_rows BIGINT, loaded_bytes BIGINT,
    source_file_count INT, source_file_bytes BIGINT, file_count_scanned INT,
    file_bytes_scanned BIGINT, error_count BIGINT
);
CREATE TABLE stand_in.queries (
    user_id INT, query_id BIGINT, query_label CHAR(320), transaction_id BIGINT, session_id INT,
    database_name CHAR(128), query_type CHAR(32), status CHAR(10), result_cache_hit BOOLEAN,
    start_time TIMESTAMP, end_time TIMESTAMP, elapsed_time BIGINT, queue_time BIGINT,
    execution_time BIGINT, error_message CHAR(512), returned_rows BIGINT, returned_bytes BIGINT,
    query_text CHAR(4000)
);
CREATE VIEW stand_in.sys_load_error_detail AS SELECT * FROM stand_in.load_errors
WHERE COALESCE(current_setting('stand_in.lagging', true), '') <> 'on';
CREATE VIEW stand_in.sys_load_history AS SELECT * FROM stand_in.loads
WHERE COALESCE(current_setting('stand_in.lagging', true), '') <> 'on';
CREATE VIEW stand_in.sys_query_history AS SELECT * FROM stand_in.queries
WHERE COALESCE(current_setting('stand_in.lagging', true), '') <> 'on';
CREATE FUNCTION stand_in.getdate() RETURNS TIMESTAMP LANGUAGE sql STABLE AS
    'SELECT date_trunc(''second'', (now() AT TIME ZONE ''UTC''))::timestamp';
CREATE FUNCTION stand_in.len(text) RETURNS INT LANGUAGE sql IMMUTABLE STRICT AS
    'SELECT length($1)';
CREATE FUNCTION stand_in.nvl(anycompatible, anycompatible) RETURNS anycompatible
    LANGUAGE sql IMMUTABLE AS 'SELECT COALESCE($1, $2)';
CREATE FUNCTION stand_in.whole_average(state numeric[], value bigint) RETURNS numeric[]
    LANGUAGE sql IMMUTABLE AS
    'SELECT CASE WHEN $2 IS NULL THEN $1 ELSE ARRAY[$1[1] + $2, $1[2] + 1] END';
CREATE FUNCTION stand_in.whole_average_end(state numeric[]) RETURNS bigint
    LANGUAGE sql IMMUTABLE AS
    'SELECT CASE WHEN $1[2] > 0 THEN trunc($1[1] / $1[2])::bigint END';
CREATE AGGREGATE stand_in.avg(bigint) (
    SFUNC = stand_in.whole_average, STYPE = numeric[], INITCOND = '{0,0}',
    FINALFUNC = stand_in.whole_average_end
);
CREATE FUNCTION stand_in.whole_average(state numeric[], value integer) RETURNS numeric[]
    LANGUAGE sql IMMUTABLE AS
    'SELECT CASE WHEN $2 IS NULL THEN $1 ELSE ARRAY[$1[1] + $2, $1[2] + 1] END';
CREATE AGGREGATE stand_in.avg(integer) (
    SFUNC = stand_in.whole_average, STYPE = numeric[], INITCOND = '{0,0}',
    FINALFUNC = stand_in.whole_average_end
);
"""
"""AVG over whole numbers is a whole number, as Redshift's dg/r_AVG says."""

_numbers = count()


class Databases:
    """The databases of one stand-in; they are dropped when it ends."""

    def __init__(self) -> None:
        self._names: dict[tuple[str, str], str] = {}
        self._users: set[tuple[str, str]] = set()
        self._lock = Lock()

    def connect(
        self, namespace_id: str, database: str, *, autocommit: bool = False, user: str = ""
    ) -> Connection:
        """A new session of a namespace's database, which is made when it is first asked for.

        user: of the database, made when it first connects, as Redshift does; '': the administrator.
        """
        with self._lock:
            name = self._names.get((namespace_id, database))
            if name is None:
                name = self._names[namespace_id, database] = self._make()
            if user and (name, user) not in self._users:
                self._make_user(name, user)
        options = f"{OPTIONS} -c role={user}" if user else OPTIONS
        return psycopg.connect(
            make_conninfo(_server().get_uri(name), options=options), autocommit=autocommit
        )

    def _make_user(self, name: str, user: str) -> None:
        """With the rights that PUBLIC has on Redshift: its schema public, and the system views."""
        self._users.add((name, user))
        with psycopg.connect(_server().get_uri(name), autocommit=True) as administrator:
            with suppress(psycopg.errors.DuplicateObject):  # of another database of this server
                administrator.execute(f'CREATE ROLE "{user}"'.encode())
            for right in (
                "CREATE, USAGE ON SCHEMA public",
                "USAGE ON SCHEMA stand_in",
                "SELECT, INSERT ON ALL TABLES IN SCHEMA stand_in",
            ):
                administrator.execute(f'GRANT {right} TO "{user}"'.encode())

    def newest(self) -> tuple[str, str]:
        """The namespace and database that were made last."""
        with self._lock:
            return [*self._names][-1]

    def _make(self) -> str:
        name = f"warehouse_{next(_numbers)}"
        with psycopg.connect(_server().get_uri(), autocommit=True) as administrator:
            administrator.execute(
                f"CREATE DATABASE {name} TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
                " ENCODING 'UTF8'".encode()
            )
        with psycopg.connect(_server().get_uri(name), autocommit=True) as connection:
            connection.execute(SETUP.encode())
        return name

    def drop(self) -> None:
        """Drop all of them."""
        with self._lock, psycopg.connect(_server().get_uri(), autocommit=True) as administrator:
            for name in self._names.values():
                administrator.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
            self._names.clear()
            for user in {user for _, user in self._users}:
                with suppress(psycopg.Error):  # it is in use in another database of this server
                    administrator.execute(f'DROP ROLE "{user}"'.encode())
            self._users.clear()
