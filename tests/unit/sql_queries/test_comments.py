"""Tables, views and their columns carry in the database what the documents say of them."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from postgres import postgres_database
from sparkify import create_tables
from sparkify.config import Settings
from sparkify.sql_queries import (
    STAR_TABLES,
    TABLES,
    VIEWS,
    column_meanings,
    comment_queries,
    create_table_queries,
    create_view_queries,
    folder,
)

DESCRIBED = [*STAR_TABLES, *VIEWS]
OF_RELATIONS = (
    "SELECT table_name, comment FROM duckdb_tables()"
    " UNION ALL SELECT view_name, comment FROM duckdb_views() WHERE NOT internal"
)
OF_COLUMNS = "SELECT table_name, column_name, comment FROM duckdb_columns() WHERE NOT internal"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(database=tmp_path / "sparkify.duckdb")


def comments(settings: Settings) -> tuple[dict[str, str], dict[tuple[str, str], str | None]]:
    with duckdb.connect(str(settings.database), read_only=True) as connection:
        relations = dict(connection.execute(OF_RELATIONS).fetchall())
        rows = connection.execute(OF_COLUMNS).fetchall()
        return relations, {(table, column): comment for table, column, comment in rows}


def test_every_table_and_view_has_its_comment_and_what_people_read_its_columns(
    settings: Settings,
) -> None:
    create_tables.create(settings)
    relations, columns = comments(settings)
    assert relations == {
        query.name: query.purpose for path in ("tables", "views") for query in folder(path).values()
    }
    assert {key: text for key, text in columns.items() if key[0] in DESCRIBED} == {
        (table, column): meaning.replace("`", "")
        for table in DESCRIBED
        for column, meaning in column_meanings()[table].items()
    }


def test_a_database_without_the_views_gets_them_and_the_comments(settings: Settings) -> None:
    create_tables.create(settings)
    with duckdb.connect(str(settings.database)) as connection:
        for sql in ("DROP VIEW plays", "DROP VIEW listeners", "COMMENT ON TABLE songplays IS NULL"):
            connection.execute(sql)
    create_tables.create(settings)
    relations, columns = comments(settings)
    assert relations.keys() == {*TABLES, *VIEWS}
    assert all(relations.values())
    assert columns["listeners", "cancelled"]
    before = settings.database.read_bytes()
    create_tables.create(settings)
    assert settings.database.read_bytes() == before, "what has its comments is left alone"


def test_postgres_takes_them() -> None:
    with postgres_database() as connection:
        for query in (*create_table_queries, *create_view_queries, *comment_queries()):
            connection.execute(query.sql)
        found = connection.execute("SELECT obj_description('listeners'::regclass)").fetchall()
    assert found == [(folder("views")["listeners"].purpose,)]
