"""Every `.sql` file is one plain statement that Redshift takes and that runs elsewhere, too."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path

import duckdb
import pytest
import sqlfluff
from sqlfluff.core import FluffConfig

from sparkify import sql_queries
from sparkify.sources.files import Kind
from sparkify.sql_queries import HeaderError, Query, catalogue, folder, parse
from sparkify.staging.rules import FIELDS, Field, Type
from sql_files import DENIED, PORTABLE, ROOT, SqlFile, denied, names, sql_files

PROJECT = Path(__file__).parents[3]
REDSHIFT_STATEMENT_BYTES = 100_000
RESERVED = (
    *("all", "analyse", "analyze", "any", "as", "asc", "authorization", "between", "both", "case"),
    *("cast", "check", "collate", "column", "constraint", "create", "cross", "default", "delta"),
    *("deferrable", "defrag", "desc", "disable", "distinct", "do", "else", "enable", "encode"),
    *("end", "except", "false", "for", "foreign", "freeze", "from", "full", "grant", "group"),
    *("having", "identity", "ignore", "ilike", "in", "initially", "inner", "intersect", "into"),
    *("is", "isnull", "join", "leading", "left", "like", "limit", "localtime", "lun", "minus"),
    *("natural", "new", "not", "notnull", "null", "nulls", "off", "offline", "offset", "oid"),
    *("old", "on", "only", "open", "or", "order", "outer", "overlaps", "parallel", "partition"),
    *("percent", "permissions", "placing", "primary", "raw", "recover", "references", "restore"),
    *("right", "select", "similar", "snapshot", "some", "sysdate", "system", "table", "tag"),
    *("then", "timestamp", "to", "top", "trailing", "true", "union", "unique", "user", "using"),
    *("verbose", "wallet", "when", "where", "with", "without"),
)
"""Words that Redshift reserves and that somebody might like as a name."""


@cache
def fluff_config() -> FluffConfig:
    return FluffConfig.from_path(str(PROJECT))


def lint(sql: str) -> list[str]:
    """What sqlfluff has to say, what it cannot parse included."""
    found = sqlfluff.lint(sql, config=fluff_config())
    return [f"{one['start_line_no']}: {one['code']} {one['description']}" for one in found]


# The files pass


@pytest.mark.sampled(of=16)
@pytest.mark.parametrize("file", PORTABLE, ids=str)
def test_redshift_takes_the_file(file: SqlFile) -> None:
    assert lint(file.text) == []
    assert len(file.text.encode()) <= REDSHIFT_STATEMENT_BYTES


@pytest.mark.sampled(of=8)
@pytest.mark.parametrize("file", PORTABLE, ids=str)
def test_the_statement_is_portable(file: SqlFile) -> None:
    assert denied(file.query.sql) == []
    assert not names(file.query.sql) & {*RESERVED}


@pytest.mark.parametrize("file", sql_files(), ids=str)
def test_the_file_is_a_header_and_one_statement(file: SqlFile) -> None:
    query = file.query
    assert query.name == file.path.stem
    assert query.purpose, "what is it for?"
    if not file.folder.startswith("redshift"):  # those are parsed with their values in place
        assert len(duckdb.extract_statements(query.sql)) == 1
    assert ";" not in query.sql
    assert file.text.endswith("\n") and not file.text.endswith("\n\n")


@pytest.mark.parametrize("file", [f for f in sql_files() if f.folder == "checks"], ids=str)
def test_a_check_says_how_grave_it_is(file: SqlFile) -> None:
    assert file.query.header["severity"] in ("fail", "warn")


@pytest.mark.parametrize("file", [f for f in sql_files() if f.folder == "tables"], ids=str)
def test_a_table_says_its_grain(file: SqlFile) -> None:
    assert file.query.header["grain"]
    assert file.query.sql.startswith(f"CREATE TABLE IF NOT EXISTS {file.path.stem} (\n")


# What the catalogue holds


def test_the_catalogue_holds_every_file_once() -> None:
    files = sql_files()
    for name, query in catalogue().items():
        assert name.rpartition("/")[2] == query.name
    assert Counter(query.sql for query in catalogue().values()) == Counter(
        file.query.sql for file in files
    )
    assert len(catalogue()) == len(files)


def test_the_classic_lists_hold_what_the_files_hold() -> None:
    known = {query.sql for query in catalogue().values()}
    listed: list[Query] = [
        *sql_queries.create_table_queries,
        *sql_queries.settle_queries,
        *sql_queries.insert_table_queries,
        *sql_queries.audit_queries,
        *sql_queries.conflict_queries.values(),
        *sql_queries.reject_queries,
        *sql_queries.enter_queries,
        *sql_queries.refuse_queries,
        *sql_queries.copy_table_queries,
        *sql_queries.quality_checks.values(),
        *sql_queries.business_questions.values(),
    ]
    assert {query.sql for query in listed} <= known
    for name in ("tables", "staging", "star", "audits", "checks", "questions"):
        unlisted = {query.name for query in folder(name).values() if query not in listed}
        assert not unlisted, f"{name}: nothing runs {unlisted}"


@pytest.mark.parametrize("kind", ["events", "songs"])
def test_a_staging_table_is_as_the_rules_say(kind: Kind) -> None:
    ddl = folder("tables")[f"staging_{kind}"].sql
    added = {"events": ["event_ms BIGINT NOT NULL"], "songs": []}
    assert (
        re.findall(r"^    (.+?),?$", ddl, re.MULTILINE)
        == [
            f"{field.column} {column_type(field)}{' NOT NULL' if field.required else ''}"
            for field in FIELDS[kind]
        ]
        + added[kind]
    )


def column_type(field: Field) -> str:
    match field.type:
        case Type.TEXT | Type.TEXT_OR_NUMBER:
            return f"VARCHAR({field.width})"
        case Type.DOUBLE:
            return "DOUBLE PRECISION"
        case Type.TIMESTAMP:
            return "TIMESTAMP"
        case _:
            return "BIGINT" if field.high >= 2**31 else "INTEGER"


# The gates can fail

FINE = "SELECT artist_id\nFROM artists\n"


def test_a_fine_statement_passes() -> None:
    assert lint(FINE) == []
    assert denied(FINE) == []


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT artist_id FROM\n",
        "SELECT artist_id\nFROM artists\nWHERE\n",
        "select artist_id\nFROM artists\n",
        "SELECT artist_id\n    FROM artists\n",
        "SELECT artist_id, COUNT (*) AS songs\nFROM artists\nGROUP BY artist_id\n",
        "SELECT a.artist_id\nFROM artists a\n",
        "CREATE TABLE x (\n    a INTEGER[]\n)\n",
        f"SELECT artist_id AS {'a' * 100}\nFROM artists\n",
    ],
)
def test_sqlfluff_finds(sql: str) -> None:
    assert lint(sql)


@pytest.mark.parametrize("word", ["tag", "new", "old", "percent", "partition", "user", "top"])
def test_sqlfluff_knows_the_reserved_word(word: str) -> None:
    assert any("PRS" in found for found in lint(f"SELECT artist_id AS {word}\nFROM artists\n"))


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a AS tag FROM b",
        "SELECT a FROM b AS offset",
        "WITH raw AS (SELECT a FROM b) SELECT a FROM raw",
        "CREATE TABLE b (\n    user VARCHAR(64),\n    a INTEGER\n)",
        "CREATE TABLE b (\n    a INTEGER,\n    timestamp TIMESTAMP NOT NULL\n)",
    ],
)
def test_a_reserved_name_is_found(sql: str) -> None:
    assert names(sql) & {*RESERVED}


BAD = {
    "FILTER": "SELECT COUNT(*) FILTER (WHERE a > 1) AS n FROM b",
    "IS DISTINCT FROM": "SELECT a FROM b WHERE a IS NOT DISTINCT FROM c",
    "ON CONFLICT": "INSERT INTO b (a) SELECT 1 AS a ON CONFLICT DO NOTHING",
    "RETURNING": "DELETE FROM b WHERE a = 1 RETURNING a",
    "DISTINCT ON": "SELECT DISTINCT ON (a) a FROM b",
    "LATERAL": "SELECT a FROM b CROSS JOIN LATERAL c",
    "GROUP BY ALL": "SELECT a FROM b GROUP BY ALL",
    "EXCEPT ALL, INTERSECT ALL": "SELECT a FROM b EXCEPT ALL SELECT a FROM c",
    "UNION DISTINCT": "SELECT a FROM b UNION DISTINCT SELECT a FROM c",
    "named windows": "SELECT RANK() OVER w AS r FROM b WINDOW w AS (ORDER BY a)",
    "arrays": "SELECT a[1] AS first_one FROM b",
    "JSON operators": "SELECT a -> 'x' AS x FROM b",
    "generate_series": "SELECT n FROM generate_series(1, 3) AS numbers",
    "now": "SELECT NOW() AS moment",
    "CREATE INDEX": "CREATE INDEX i ON b (a)",
    "SERIAL": "CREATE TABLE b (a SERIAL)",
    "MERGE": "MERGE INTO a USING b ON a.x = b.x WHEN MATCHED THEN DELETE",
    "QUALIFY": "SELECT a FROM b QUALIFY RANK() OVER (ORDER BY a) = 1",
    "TRUNCATE": "TRUNCATE b",
    "IDENTITY": "CREATE TABLE b (a BIGINT IDENTITY(0, 1))",
    "date functions": "SELECT DATEDIFF(day, a, c) AS days FROM b",
    "formats": "SELECT TO_CHAR(a, 'YYYY') AS y FROM b",
    "NVL, DECODE, IIF": "SELECT NVL(a, 0) AS a FROM b",
    "TRY_CAST": "SELECT TRY_CAST(a AS INTEGER) AS a FROM b",
    "regular expressions": "SELECT a FROM b WHERE a ~ '^x'",
    "::": "SELECT a::INTEGER AS a FROM b",
    "quoted identifiers": 'SELECT a AS "A" FROM b',
    "a whole column list": "SELECT * FROM b",
    "a type without its width": "SELECT CAST(a AS VARCHAR) AS a FROM b",
    "chance": "SELECT a FROM b ORDER BY RANDOM()",
    "parameters": "SELECT a FROM b WHERE a = :x",
    "several statements": "DELETE FROM b; DELETE FROM c",
    "comments inside": "SELECT a -- the first\nFROM b",
    "a window without its frame": "SELECT SUM(COUNT(a)) OVER (ORDER BY a) AS s FROM b",
    "a subquery in HAVING": (
        "SELECT a FROM b GROUP BY a HAVING COUNT(*) > (SELECT COUNT(*) AS n FROM c)"
    ),
    "a subquery in GROUP BY": "SELECT a FROM b GROUP BY a, COALESCE(c, (SELECT MIN(d) FROM e))",
}


@pytest.mark.parametrize("name", [*DENIED, *(name for name in BAD if name not in DENIED)])
def test_what_is_denied_is_found(name: str) -> None:
    assert denied(BAD[name]) == [name]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT a FROM b WHERE a = 'MERGE INTO x; TRUNCATE $1 -- [*] ~ \"it''s\" ::'",
        "SELECT SUM(a) OVER (ORDER BY c ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) AS s FROM b",
        "SELECT SUM(a) OVER (PARTITION BY c) AS s FROM b",
        "SELECT ROW_NUMBER() OVER (PARTITION BY c ORDER BY COALESCE(a, 0) DESC) AS n FROM b",
        "SELECT COUNT(*) AS n, CAST(a AS DECIMAL(18, 5)) AS d FROM b",
        "SELECT a FROM (SELECT a FROM b GROUP BY a HAVING COUNT(*) > 1) AS c WHERE a IN (SELECT d)",
        "SELECT a FROM b GROUP BY a HAVING a > 1 UNION ALL SELECT a FROM b WHERE a < (SELECT 1)",
    ],
)
def test_what_is_portable_is_let_through(sql: str) -> None:
    assert denied(sql) == []


def test_a_header_that_names_another_file_is_refused() -> None:
    with pytest.raises(ValueError, match="must begin with '-- name: a'"):
        parse("a", "-- name: b\n-- purpose: None.\nSELECT 1 AS one\n")
    with pytest.raises(ValueError, match="not a header line"):
        parse("a", "-- name: a\n-- Just a thought\nSELECT 1 AS one\n")
    with pytest.raises(HeaderError, match="neither a purpose nor a question"):
        parse("a", "-- name: a\nSELECT 1 AS one\n")
    assert parse("a", "-- name: a\n-- purpose: One\n--   thing.\nSELECT 1").purpose == "One thing."


def test_the_files_are_where_the_package_looks_for_them() -> None:
    assert {file.folder for file in sql_files()} >= {"tables", "star", "duckdb", "duckdb/macros"}
    assert all(file.path.is_relative_to(ROOT) for file in PORTABLE)


_READERS = re.compile(r"\b(?:read_(?:json|ndjson|csv|parquet|text|blob)\w*|parquet_scan)\s*\(")
_READ_FILE = re.compile(r"\bFROM\s+(?:'|\$\w+\s*(?:$|AS\b))", re.IGNORECASE | re.MULTILINE)


@pytest.mark.parametrize("file", list(sql_files()), ids=str)
def test_no_value_comes_from_the_name_of_a_file_or_folder(file: SqlFile) -> None:
    """DuckDB takes a folder `level=paid` for a column where it is not told to leave that."""
    statement = file.query.sql
    reads = len(_READERS.findall(statement))
    assert statement.count("hive_partitioning = FALSE") == reads
    assert not _READ_FILE.search(statement)
