"""The stand-in's SQL is Redshift's: what PostgreSQL would grant beyond it is refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cloud.ddl import attributes
from cloud.plain import Warehouse
from cloud.standin import StandIn, standin


@pytest.fixture(scope="module")
def aws() -> Iterator[StandIn]:
    with standin() as one:
        yield one
        assert one.running() == []


@pytest.fixture(scope="module")
def shared(aws: StandIn) -> Warehouse:
    return Warehouse(aws, name="shared")


@pytest.fixture
def warehouse(shared: Warehouse) -> Iterator[Warehouse]:
    """An empty warehouse with one table."""
    shared.done(
        "CREATE TABLE plays (id BIGINT NOT NULL, level VARCHAR(8), at TIMESTAMP, n INTEGER)",
        "INSERT INTO plays VALUES (1, 'free', '2018-11-01 20:57:10.796', 3), (2, 'paid', NULL, 4)",
    )
    yield shared
    with shared.aws.database("shared") as look:
        look.execute("DROP SCHEMA public CASCADE")
        look.execute("CREATE SCHEMA public")


REFUSED = {
    "SELECT level FROM plays GROUP BY level HAVING COUNT(*) > (SELECT 1)": "invalid in HAVING",
    "SELECT COUNT(*) FROM plays GROUP BY (SELECT MAX(n) FROM plays)": "invalid in GROUP BY",
    "INSERT INTO plays VALUES (1) ON CONFLICT DO NOTHING": 'near "CONFLICT"',
    "INSERT INTO plays (id) VALUES (1) RETURNING id": 'near "RETURNING"',
    "DELETE FROM plays RETURNING id": 'near "RETURNING"',
    "SELECT * FROM plays WHERE n IS DISTINCT FROM id": 'near "distinct"',
    "SELECT * FROM plays WHERE n IS NOT DISTINCT FROM id": 'near "distinct"',
    "SELECT COUNT(*) FILTER (WHERE n > 1) FROM plays": 'near "("',
    "SELECT * FROM generate_series(1, 3)": "not supported on Redshift tables",
    "SELECT now(), n FROM plays": "not supported on Redshift tables",
    "SELECT current_timestamp FROM plays": "not supported on Redshift tables",
    "SELECT ARRAY[1, 2]": 'near "["',
    "SELECT '{1}'::int[]": 'near "["',
    "SELECT array_agg(n) FROM plays": "not supported on Redshift tables",
    "SELECT string_agg(level, ',') FROM plays": "string_agg() does not exist",
    "SELECT DISTINCT ON (n) n FROM plays": 'near "ON"',
    "SELECT n FROM plays FETCH FIRST 1 ROWS ONLY": 'near "FIRST"',
    "SELECT n FROM plays FOR UPDATE": 'near "UPDATE"',
    "SELECT * FROM (VALUES (1)) AS v (a)": 'near "VALUES"',
    "VALUES (1)": 'near "VALUES"',
    "SELECT * FROM plays, LATERAL (SELECT 1) AS x": 'near "LATERAL"',
    "SELECT '{}'::jsonb": 'type "jsonb" does not exist',
    "SELECT CAST('{}' AS json)": 'type "json" does not exist',
    "SELECT level -> 'a' FROM plays": "operator does not exist",
    "SELECT level ~* 'a' FROM plays": "operator does not exist",
    "SELECT SUM(n) OVER (ORDER BY id) FROM plays": "require a frame clause",
    "SELECT LAST_VALUE(n) OVER (PARTITION BY level ORDER BY id) FROM plays": "frame clause",
    "SELECT SUM(n) OVER w FROM plays WINDOW w AS (ORDER BY id)": 'near "w"',
    "SELECT SUM(n) OVER (ORDER BY n RANGE UNBOUNDED PRECEDING) FROM plays": "RANGE",
    "SELECT EXTRACT(ISODOW FROM at) FROM plays": "not recognized",
    "WITH x AS MATERIALIZED (SELECT 1) SELECT * FROM x": 'near "MATERIALIZED"',
    "WITH x AS (SELECT 1) INSERT INTO plays SELECT * FROM x": 'near "insert"',
    "UPDATE plays SET (n, id) = (1, 2)": 'near "("',
    "DELETE FROM plays AS p WHERE p.n = 1": 'near "AS"',
    "CREATE TEMPORARY VIEW v AS SELECT 1": 'near "VIEW"',
    "CREATE INDEX i ON plays (id)": "not supported on Redshift tables",
    "CREATE SEQUENCE s": "not supported on Redshift tables",
    "CREATE MATERIALIZED VIEW v AS SELECT 1": "not supported on Redshift tables",
    "CREATE TABLE a (id SERIAL)": 'unsupported type "serial"',
    "CREATE TABLE a (id UUID)": 'unsupported type "uuid"',
    "CREATE TABLE a (id INTEGER[])": "syntax error",
    "CREATE TABLE a (t TIMESTAMP(3))": 'near "("',
    "CREATE TABLE a (v VARCHAR(65536))": "cannot exceed 65535",
    "CREATE TABLE a (v CHAR(5000))": "cannot exceed 4096",
    "CREATE TABLE a (d DECIMAL(39, 0))": "between 1 and 38",
    "CREATE TABLE a (n INTEGER CHECK (n > 0))": 'near "CHECK"',
    "CREATE TABLE a (n INTEGER, CHECK (n > 0))": 'near "CHECK"',
    "CREATE TABLE a (n INTEGER GENERATED ALWAYS AS (1) STORED)": "syntax error",
    "CREATE UNLOGGED TABLE a (n INTEGER)": "not supported",
    "CREATE TABLE a (n INTEGER) PARTITION BY RANGE (n)": 'near "PARTITION"',
    "CREATE TABLE a (n INTEGER) DISTSTYLE SOME": 'near "DISTSTYLE"',
    "CREATE TABLE a (n INTEGER) DISTSTYLE ALL DISTKEY (n)": "DISTKEY cannot be used",
    "CREATE TABLE a (n INTEGER) SORTKEY (m)": 'column "m" does not exist',
    "CREATE TABLE a (n INTEGER, FOREIGN KEY (n) REFERENCES nowhere (m))": "does not exist",
    "CREATE TABLE a (n INTEGER, FOREIGN KEY (n) REFERENCES plays (id))": "no primary key",
    "TRUNCATE plays RESTART IDENTITY": "syntax error",
    "SELECT 1; SELECT 2": "multiple commands",
    "SELECT * FROM stl_load_errors": "permission denied",
    "SELECT * FROM pg_catalog.pg_class": "shows no catalog",
    "BEGIN": "transaction",
    "ALTER TABLE plays ADD COLUMN x INTEGER NOT NULL": "non-null default",
    "ALTER TABLE nowhere ALTER SORTKEY (n)": "does not exist",
    "ALTER TABLE plays ALTER SORTKEY (m)": 'column "m" does not exist',
    "ALTER TABLE plays ALTER DISTSTYLE KEY": "syntax error",
    "ALTER TABLE plays ADD PRIMARY KEY (n)": "contains null values",
    "ALTER TABLE plays ENABLE ROW LEVEL SECURITY": "syntax error",
    "SELECT ?": "syntax error",
    "COMMENT plays": "syntax error",
    "REINDEX TABLE plays": 'near "REINDEX"',
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_redshift_lacks_is_refused(warehouse: Warehouse, text: str) -> None:
    assert REFUSED[text] in warehouse.error(text)


TAKEN = {
    "SELECT COUNT(DISTINCT level), SUM(n) FROM plays": (2, 7),
    "SELECT SUM(n) OVER (ORDER BY id ROWS UNBOUNDED PRECEDING) FROM plays": (3,),
    "SELECT ROW_NUMBER() OVER (ORDER BY id), LAG(n) OVER (ORDER BY id) FROM plays": (1, None),
    "SELECT MAX(n) OVER (PARTITION BY level) FROM plays ORDER BY id": (3,),
    "SELECT AVG(n) FROM plays": (3,),
    "SELECT AVG(id + 1) FROM plays": (2,),
    "SELECT 7 / 2": (3,),
    "SELECT NVL(at, GETDATE()) > '2018-01-01', LEN(level), SYSDATE > at FROM plays": (
        True,
        4,
        True,
    ),
    "SELECT 'it\\'s' || '\\\\', 'a''b' -- 'c": ("it's\\", "a'b"),
    "SELECT CAST(1.5 AS DECIMAL)": ("2",),
    "SELECT EXTRACT(DOW FROM at), DATE_TRUNC('week', at) FROM plays": ("4", "2018-10-29 00:00:00"),
    "WITH x AS (SELECT n FROM plays MINUS SELECT 4) SELECT n FROM x": (3,),
    "SELECT TIMESTAMP 'epoch' + 1541105830796 * INTERVAL '0.001 second'": (
        "2018-11-01 20:57:10.796",
    ),
    "SELECT p.level AS \"Level\" FROM plays AS p WHERE p.level LIKE 'f%' LIMIT 1": ("free",),
    "SELECT level FROM plays WHERE level ~ '^p'": ("paid",),
    "SELECT CASE WHEN n IS NULL THEN 1 ELSE 0 END FROM plays /* ; */ ;": (0,),
}


@pytest.mark.parametrize("text", TAKEN)
def test_what_redshift_has_is_taken(warehouse: Warehouse, text: str) -> None:
    assert warehouse.rows(text)[0] == TAKEN[text]


def test_widths_are_bytes_on_insert(warehouse: Warehouse) -> None:
    for value in ("12345678", "éééé", "1234567    "):
        warehouse.done(f"INSERT INTO plays (id, level) VALUES (9, '{value}')")
    for value in ("123456789", "ééééx"):
        error = warehouse.error(f"INSERT INTO plays (id, level) VALUES (9, '{value}')")
        assert "Value too long for character type" in error
        assert "character varying(8)" in error


def test_not_null_is_enforced_and_keys_are_not(warehouse: Warehouse) -> None:
    warehouse.done(
        "CREATE TABLE songs (id INTEGER NOT NULL, PRIMARY KEY (id))",
        "CREATE TABLE likes (song INTEGER REFERENCES songs (id), UNIQUE (song))",
        "ALTER TABLE plays ADD CONSTRAINT plays_key PRIMARY KEY (id)",
        "ALTER TABLE plays ADD FOREIGN KEY (n) REFERENCES songs (id)",
        "INSERT INTO songs VALUES (1), (1)",
        "INSERT INTO likes VALUES (7), (7)",
        "INSERT INTO plays (id) VALUES (1), (1)",
    )
    assert "NULL value into column id" in warehouse.error("INSERT INTO songs VALUES (NULL)")
    assert "multiple primary keys" in warehouse.error("ALTER TABLE plays ADD PRIMARY KEY (id)")
    with warehouse.aws.database("shared") as look:
        assert attributes(look, "likes") == [
            ("key", "FOREIGN KEY (song) REFERENCES songs (id)"),
            ("key", "UNIQUE (song)"),
        ]
        assert attributes(look, "plays") == [
            ("key", "PRIMARY KEY (id)"),
            ("key", "FOREIGN KEY (n) REFERENCES songs (id)"),
        ]


def test_distribution_and_order_are_written_down(warehouse: Warehouse) -> None:
    warehouse.done(
        "CREATE TABLE IF NOT EXISTS a (id INTEGER ENCODE az64 DISTKEY, n INTEGER DEFAULT 1 + 1,"
        ' "time" TEXT) DISTSTYLE KEY COMPOUND SORTKEY (id, n)',
        "CREATE TABLE IF NOT EXISTS a (id INTEGER) DISTSTYLE ALL",
        "ALTER TABLE a ALTER DISTSTYLE ALL",
        "ALTER TABLE plays ALTER DISTKEY id, ALTER COMPOUND SORTKEY (at, id)",
        "ALTER TABLE plays ALTER SORTKEY AUTO",
        "CREATE TABLE b DISTSTYLE EVEN SORTKEY (id) AS SELECT * FROM plays",
        "INSERT INTO a (id) VALUES (1)",
    )
    with warehouse.aws.database("shared") as look:
        found = {table: attributes(look, table) for table in ("a", "b", "plays")}
    assert found == {
        "a": [
            *(("diststyle", "KEY"), ("sortkey", "id, n"), ("distkey", "id"), ("diststyle", "ALL")),
        ],
        "b": [("diststyle", "EVEN"), ("sortkey", "id")],
        "plays": [
            *(("diststyle", "KEY"), ("distkey", "id"), ("sortkey", "at, id"), ("sortkey", "AUTO")),
        ],
    }
    assert warehouse.rows("SELECT n FROM a") == [(2,)]


def test_a_batch_that_fails_writes_no_attributes_down(warehouse: Warehouse) -> None:
    warehouse.error("ALTER TABLE plays ALTER DISTSTYLE ALL", "SELECT nothing")
    with warehouse.aws.database("shared") as look:
        assert attributes(look, "plays") == []


def test_identity_and_like(warehouse: Warehouse) -> None:
    warehouse.done(
        "CREATE TABLE i (id BIGINT IDENTITY(0, 1), word VARCHAR(4) NOT NULL)",
        "INSERT INTO i (word) VALUES ('a'), ('b')",
        "CREATE TABLE g (id BIGINT GENERATED BY DEFAULT AS IDENTITY(5, 2), n INTEGER)",
        "INSERT INTO g (id, n) VALUES (1, 1)",
        "CREATE TEMP TABLE j (LIKE i)",
        "INSERT INTO j VALUES (7, 'long')",
    )
    assert warehouse.rows("SELECT word FROM i WHERE id >= 0 ORDER BY id") == [("a",), ("b",)]
    assert "too long" in warehouse.error(
        "CREATE TEMP TABLE j (LIKE i)", "INSERT INTO j VALUES (7, 'ééé')"
    )
    assert warehouse.error("INSERT INTO i (id, word) VALUES (1, 'x')").startswith("ERROR")


def test_truncate_commits(warehouse: Warehouse) -> None:
    warehouse.error("DELETE FROM plays", "SELECT nothing")
    assert warehouse.rows("SELECT COUNT(*) FROM plays") == [(2,)]
    warehouse.error("TRUNCATE plays", "SELECT nothing")
    assert warehouse.rows("SELECT COUNT(*) FROM plays") == [(0,)]


def test_what_may_not_run_in_a_transaction(warehouse: Warehouse) -> None:
    warehouse.done("VACUUM plays")
    warehouse.done("ANALYZE plays", "SELECT 1")
    assert "VACUUM cannot run inside" in warehouse.error("SELECT 1", "VACUUM plays")
    assert "cannot run inside" in warehouse.error(
        "SELECT 1", "ALTER TABLE plays ALTER COLUMN level TYPE VARCHAR(9)"
    )


def test_columns_come_and_go(warehouse: Warehouse) -> None:
    warehouse.done(
        "ALTER TABLE plays ADD COLUMN word VARCHAR(2) DEFAULT 'x' NOT NULL",
        "ALTER TABLE plays RENAME COLUMN word TO letter",
        "ALTER TABLE plays DROP COLUMN n",
        "ALTER TABLE plays RENAME TO heard",
    )
    assert warehouse.rows("SELECT id, letter FROM heard ORDER BY id") == [(1, "x"), (2, "x")]
    assert "too long" in warehouse.error("INSERT INTO heard (id, letter) VALUES (1, 'éé')")


def test_errors_are_worded_as_on_redshift(warehouse: Warehouse) -> None:
    error = warehouse.error("SELECT CAST(level AS INTEGER) FROM plays")
    assert "Invalid digit, Value 'f', Pos 0, Type: Integer" in error
    assert "code:      1207" in error
    assert "Divide by zero" in warehouse.error("SELECT n / 0 FROM plays")
    assert warehouse.error("SELECT * FROM nowhere") == 'ERROR: relation "nowhere" does not exist'


def test_tables_and_views(warehouse: Warehouse) -> None:
    warehouse.done(
        "CREATE OR REPLACE VIEW v AS SELECT id FROM plays",
        "CREATE TABLE c (a, b) AS (SELECT id, level FROM plays)",
        "MERGE INTO c USING plays ON c.a = plays.id WHEN MATCHED THEN UPDATE SET b = 'same'"
        " WHEN NOT MATCHED THEN INSERT VALUES (plays.id, plays.level)",
    )
    assert warehouse.rows("SELECT v.id, c.b FROM v JOIN c ON c.a = v.id ORDER BY 1") == [
        *((1, "same"), (2, "same")),
    ]
    warehouse.done("DROP TABLE IF EXISTS nowhere, c", "DROP VIEW v")
