"""Statements of users that try hard: to write, to read other files, to reach what is outside."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import duckdb
import pytest

from sparkify import create_tables
from sparkify.config import Settings
from sparkify.errors import SparkifyError, UsageError
from sparkify.warehouse import Reader, open_reader

SECRET = "nobody may read this"
_TYPES = "BOOLEAN", "BIGINT", "VARCHAR", "VARCHAR[]", "ANY"


class Place:
    """A warehouse, a file beside it that holds a secret, and the environment with another."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "sparkify.duckdb"
        self.settings = Settings(database=self.database, threads=1)
        create_tables.create(self.settings)
        self.secret = folder / "secret.csv"
        self.secret.write_text(f"a,b\n{SECRET},2\n", encoding="utf-8")
        with duckdb.connect(str(folder / "other.duckdb")) as connection:
            connection.execute(f"CREATE TABLE secrets AS SELECT '{SECRET}' AS secret")
        self._before = self._bytes()

    def _bytes(self) -> dict[str, bytes]:
        paths = (path for path in self.folder.rglob("*") if path.is_file())
        return {str(path): path.read_bytes() for path in paths}

    def filled(self, sql: str) -> str:
        """A statement with the paths of this place in it."""
        return sql.format(
            folder=self.folder, database=self.database, secret=self.secret, table="users"
        )

    def check(self) -> None:
        """Not a byte was changed, and no file made."""
        assert self._bytes() == self._before


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("place"))


@pytest.fixture
def reader(place: Place) -> Iterator[Reader]:
    with open_reader(place.settings, for_user_sql=True) as reader:
        yield reader
    place.check()


WRITING = (
    "COPY {table} TO '{database}'",
    "COPY {table} TO '{database}.wal'",  # from which the engine restores what was committed
    "COPY {table} TO '{database}.wal.recovery'",
    "COPY {table} TO '{database}.wal.checkpoint'",
    "COPY {table} TO '{database}.tmp/x.csv'",
    "COPY (SELECT 1) TO '{database}.wal' (FORMAT csv)",
    "COPY (PIVOT {table} ON level USING count(*)) TO '{database}.wal'",
    "/* SELECT */ COPY {table} TO '{database}.wal'",
    "EXPLAIN ANALYZE COPY {table} TO '{database}.wal'",
    "EXPLAIN (ANALYZE) COPY {table} TO '{database}.wal'",
    "EXPLAIN (ANALYZE, FORMAT json) COPY {table} TO '{database}.wal'",
    "explain\n analyze\n copy {table} to '{database}.wal'",
    "EXPLAIN /* x */ ANALYZE COPY {table} TO '{database}.wal'",
    "EXPLAIN ANALYZE -- x\n COPY {table} TO '{database}.wal'",
    "-- x\nEXPLAIN ANALYZE COPY {table} TO '{database}.wal'",
    "EXPLAIN ANALYZE COPY (PIVOT {table} ON level USING count(*)) TO '{database}.wal'",
    "EXPLAIN ANALYZE CREATE TEMP TABLE x AS SELECT 1",
    "EXPLAIN ANALYZE DELETE FROM {table}",
    "EXPORT DATABASE '{database}.tmp/all'",
    "WITH x AS (INSERT INTO {table} VALUES (1, '', '', '', 'free') RETURNING user_id) FROM x",
    "WITH x AS (DELETE FROM {table} RETURNING user_id) SELECT * FROM x",
    "WITH x AS (SELECT 1) DELETE FROM {table}",
    "MERGE INTO {table} USING {table} AS s ON FALSE WHEN NOT MATCHED THEN INSERT",
    "FROM query('DELETE FROM {table}')",
    "SELECT * FROM json_execute_serialized_sql('{{}}')",
    "PREPARE x AS DELETE FROM {table}",
    "EXECUTE x",
    "TRUNCATE {table}",
    "CREATE TEMP TABLE x AS SELECT 1",
    "CREATE TEMP MACRO x() AS 1",
    "CREATE TABLE x AS PIVOT {table} ON level USING count(*)",
    "COMMENT ON TABLE {table} IS 'x'",
    "BEGIN",
    "CHECKPOINT",
    "FORCE CHECKPOINT",
    "VACUUM",
    "CALL checkpoint()",
    "CALL enable_logging(storage = 'file', storage_path = '{database}.tmp')",
    "SELECT 1; DROP TABLE {table}",
    "SELECT 1;\n--\n;DROP TABLE {table};",
    "SELECT 1 /* ; */; /* */ DROP TABLE {table}",
)
REACHING = (
    "ATTACH '{database}' AS again",
    "ATTACH '{folder}/other.duckdb' AS other",
    "ATTACH ':memory:' AS other",
    "ATTACH 'https://example.com/other.duckdb' AS other",
    "EXPLAIN ANALYZE ATTACH '{folder}/other.duckdb' AS other",
    "DETACH sparkify",
    "USE temp",
    "LOAD json",
    "INSTALL httpfs",
    "FORCE INSTALL 'x' FROM '{folder}'",
    "UPDATE EXTENSIONS",
    "IMPORT DATABASE '{folder}'",
    "SET VARIABLE x = 1",
    "SET search_path = 'temp'",
    "SET GLOBAL enable_external_access = true",
    "SET SESSION threads = 3",
    "RESET ALL",
    "PRAGMA enable_external_access = true",
    "PRAGMA profiling_output = '{folder}/x.json'",
    "PRAGMA enable_profiling",
    "PRAGMA database_list",
    "PRAGMA import_database('{folder}')",
    "CREATE SECRET x (TYPE s3, KEY_ID 'a', SECRET 'b')",
    "CREATE TEMPORARY SECRET x (TYPE http)",
    "SELECT getenv('AWS_SECRET_ACCESS_KEY')",
    "SELECT * FROM duckdb_secrets()",
    "FROM '{secret}'",
    'FROM "{secret}"',
    "FROM '{folder}/*.csv'",
    "SELECT * FROM read_csv('{secret}')",
    "SELECT * FROM read_csv(['{secret}'])",
    "SELECT * FROM read_csv('{database}.tmp/../secret.csv')",
    "SELECT * FROM read_csv('file://{secret}')",
    "SELECT * FROM read_text('{secret}')",
    "SELECT * FROM read_text('/proc/self/environ')",
    "SELECT * FROM read_blob('{folder}/./secret.csv')",
    "SELECT * FROM read_json('/dev/stdin')",
    "SELECT * FROM read_parquet('https://example.com/x.parquet')",
    "SELECT * FROM read_text('s3://bucket/key')",
    "SELECT * FROM glob('{folder}/*')",
    "SELECT * FROM sniff_csv('{secret}')",
    "SELECT * FROM read_duckdb('{folder}/other.duckdb')",
    "SELECT * FROM query_table('{secret}')",
    "SELECT * FROM query('FROM ''{secret}''')",
    "SELECT (SELECT content FROM read_text('{secret}'))",
    "WITH x AS (SELECT * FROM read_text('{secret}')) SELECT * FROM x",
    "WITH RECURSIVE x AS (FROM read_text('{secret}') UNION ALL FROM x) SELECT * FROM x",
    "SELECT * FROM {table} WHERE EXISTS (FROM read_text('{secret}'))",
    "SELECT * FROM {table}, LATERAL (FROM read_text('{secret}'))",
    "PIVOT (FROM read_csv('{secret}')) ON a USING count(*)",
    "EXPLAIN SELECT * FROM read_csv('{secret}')",
    "DESCRIBE SELECT * FROM read_csv('{secret}')",
    "SUMMARIZE '{secret}'",
    "SELECT * FROM json_execute_serialized_sql("
    "json_serialize_sql('SELECT * FROM read_text(''{secret}'')'))",
)


@pytest.mark.sampled(of=5)
@pytest.mark.parametrize("sql", [*WRITING, *REACHING])
def test_refused(place: Place, reader: Reader, sql: str) -> None:
    with pytest.raises(UsageError) as caught:
        reader.read(place.filled(sql))
    assert SECRET not in caught.value.reason
    assert reader.read("SELECT count(*) FROM users").rows == [(0,)]


@pytest.mark.parametrize(
    "sql",
    [
        "VALUES (1)",
        "TABLE users",
        "SHOW TABLES",
        "SUMMARIZE users",
        "(SELECT 1)",
        "EXPLAIN ANALYZE SELECT 1",
        "explain (analyze, format json) FROM users",
        "EXPLAIN WITH x AS (SELECT 1 AS one) SELECT one FROM x",
        "PIVOT users ON level USING count(*)",
        "FROM (PIVOT users ON level USING count(*)) SELECT *",
    ],
)
def test_let_through(reader: Reader, sql: str) -> None:
    reader.read(sql)


def test_message_of_the_engine_that_cuts_a_character(reader: Reader) -> None:
    for shift in (0, 1):
        text = "x" * shift + "\u00e9" * 100
        with pytest.raises(UsageError, match="Malformed JSON"):
            reader.read(f"""SELECT CAST('{{"{text}":1' AS JSON)""")


def test_no_function_gives_a_secret_away(
    place: Place, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every function of the engine that takes a text, given paths and a name of a variable."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.chdir(place.folder)
    found = reader.read(
        "SELECT DISTINCT function_name, function_type FROM duckdb_functions()"
        " WHERE function_type IN ('table', 'scalar')"
        "   AND (len(parameter_types) = 0 OR parameter_types[1] IN ('VARCHAR', 'VARCHAR[]', 'ANY'))"
        "   AND regexp_full_match(function_name, '[a-z0-9_]+') AND function_name <> 'pg_sleep'"
    ).rows
    assert {"read_csv", "read_text", "glob"} <= {name for name, _ in found}
    tried = 0
    arguments = [f"'{place.secret}'", "'secret.csv'", f"['{place.secret}']"]
    arguments += [f"'{place.folder}/other.duckdb'", "'AWS_SECRET_ACCESS_KEY'", ""]
    for name, kind in found:
        for argument in arguments:
            call = f"{name}({argument})"
            sql = f"SELECT * FROM {call}" if kind == "table" else f"SELECT {call}"
            tried += 1
            with suppress(SparkifyError):
                assert SECRET not in str(reader.read(sql).rows), sql
    assert tried > 1000
    assert os.environ["AWS_SECRET_ACCESS_KEY"] == SECRET
