"""No statement takes a session number for a session: a number is of a listener's sessions."""

from __future__ import annotations

import pytest

from session_numbers import taken_alone
from sql_files import SqlFile, sql_files

EXEMPT = {"sessions_shared"}
"""Its purpose is to find the numbers that several listeners share."""


@pytest.mark.sampled(of=8)
@pytest.mark.parametrize("file", sql_files(), ids=str)
def test_a_session_number_goes_with_its_listener(file: SqlFile) -> None:
    dialect = "duckdb" if file.folder.startswith("duckdb") else "redshift"
    assert bool(taken_alone(file.query.sql, dialect)) == (file.query.name in EXEMPT)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT sessionid, COUNT(*) AS n FROM e GROUP BY sessionid",
        "SELECT session_id, day, COUNT(*) AS n FROM e GROUP BY day, e.session_id",
        "SELECT COUNT(DISTINCT session_id) AS n FROM e GROUP BY user_id",
        "SELECT DISTINCT sessionid FROM e",
        "SELECT DISTINCT song, sessionid FROM e",
        "SELECT LAG(ts) OVER (PARTITION BY sessionid ORDER BY ts) AS before FROM e",
        "SELECT e.ts FROM e INNER JOIN f ON e.sessionid = f.sessionid",
        "SELECT e.ts FROM e INNER JOIN f ON (e.sessionid = f.sessionid) AND e.item = f.item",
        "SELECT e.ts FROM e INNER JOIN f ON e.sessionid = f.sessionid AND e.userid = 7",
        "SELECT e.ts FROM e INNER JOIN f ON e.sessionid + 0 = f.session_id",
        "SELECT e.ts FROM e INNER JOIN f USING (sessionid, iteminsession)",
        "SELECT e.ts FROM e, f WHERE e.sessionid = f.sessionid",
        "SELECT e.ts FROM e WHERE EXISTS (SELECT 1 FROM f WHERE f.sessionid = e.sessionid)",
        "SELECT e.ts FROM e WHERE e.sessionid IN (SELECT sessionid FROM f)",
        "WITH v AS (SELECT sessionid AS visit FROM e) SELECT visit, 1 AS n FROM v GROUP BY visit",
        "DELETE FROM e USING f WHERE e.sessionid = f.sessionid",
        "UPDATE e SET song = f.song FROM f WHERE e.sessionid = f.sessionid",
    ],
)
def test_a_session_number_alone_is_found(sql: str) -> None:
    assert taken_alone(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT sessionid FROM e WHERE sessionid = 7 ORDER BY sessionid",
        "SELECT sessionid, userid, COUNT(*) AS n FROM e GROUP BY sessionid, userid",
        "SELECT sessionid FROM e GROUP BY COALESCE(userid, -1), sessionid",
        "SELECT LAG(ts) OVER (PARTITION BY userid, sessionid ORDER BY ts) AS before FROM e",
        "SELECT e.ts FROM e INNER JOIN s ON e.userid = s.user_id AND e.sessionid = s.session_id",
        "SELECT e.ts FROM e INNER JOIN f USING (userid, sessionid)",
        "SELECT user_id, COUNT(*) AS sessions FROM sessions GROUP BY user_id",
        "SELECT 1 AS x FROM e WHERE (userid, sessionid) IN (SELECT userid, sessionid FROM f)",
    ],
)
def test_a_session_number_with_its_listener_is_let_through(sql: str) -> None:
    assert not taken_alone(sql)
