"""The statements of a load on Redshift: complete, in order, few enough, and what Redshift takes."""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import cache
from itertools import product

import pytest
import sqlfluff
from sqlfluff.core import FluffConfig

from redshift_batches import KINDS, ROLE, some_batch
from sparkify.boto3_sql_util import MAX_STATEMENTS, quote_literal
from sparkify.sources.files import Kind
from sparkify.sql_queries import TABLES, folder
from sparkify.warehouse.redshift import statements
from sparkify.warehouse.redshift.loader import _altering, _creation
from sparkify.warehouse.redshift.statements import Step, fill
from sql_files import DENIED, ROOT, grouping_subqueries

AUDITS_OF_A_BATCH = {
    "conflicts_told",
    "copied_days_known",
    *(f"copied_{kind}_arrived" for kind in KINDS),
}
"""What stands in the audit beside the portable audits."""
DENIED_ON_REDSHIFT = [
    name
    for name in list(DENIED)[: list(DENIED).index("MERGE")]
    if name not in ("JSON operators",)  # COPY says JSON
]


MOST_OF_A_LOAD = 36
"""So many statements a load uses at most, of the 40 of a batch: room for what is yet to come."""


def some_loads() -> list[tuple[tuple[Kind, ...], tuple[Kind, ...]]]:
    """Every choice of kinds, and of those that COPY takes itself."""
    return [
        (kinds, tuple(kind for kind, taken in zip(kinds, which, strict=True) if taken))
        for kinds in (KINDS, KINDS[:1], KINDS[1:])
        for which in product((False, True), repeat=len(kinds))
    ]


@cache
def unparsable(sql: str) -> list[str]:
    """What the redshift dialect cannot parse."""
    found = sqlfluff.lint(sql + "\n", config=FluffConfig(overrides={"dialect": "redshift"}))
    return [one["description"] for one in found if one["code"] == "PRS"]


MIGRATION: dict[str, str | int] = {
    "base_run": 3,
    "run_id": "4",
    "from_version": 1,
    "started_at": "2026-11-24 01:02:03",
    "mend_text": 1,
}


def every_statement() -> dict[str, str]:
    """Every statement that is sent, with its values, by its name."""
    steps: list[Step] = [
        *statements.rebuild(),
        *_creation(TABLES),
        *_altering("keys", TABLES),
        *_altering("layout", TABLES),
    ]
    for kinds, direct in some_loads():
        one = some_batch(kinds, direct)
        steps += [*one.publish(), *one.refuse(), *one.find_conflicts()]
        steps += one.find_days() if "events" in direct else []
        steps += some_batch(kinds, direct, displaced=set(kinds) - set(direct)).publish()
    steps += statements.granting("analyst")
    steps += statements.migration(MIGRATION, ROLE, {"mended": "s3://cargo/x/mended.manifest"})
    values: dict[str, str | int] = {"query": "SELECT 'a'", "role": ROLE, "run_id": 7}
    values["target"] = "s3://cargo/x/"
    for name, query in folder("redshift").items():
        parts = {"uris": quote_literal("s3://b/it's"), "table": "songs", "tables": "songs, users"}
        parts["parallel"] = "ON"
        defaults = values if ":" in query.sql else {}
        if name != "load_errors":
            steps.append(Step(name, fill(query, defaults, parts)))
    return {f"{name} {number}": sql for number, (name, sql) in enumerate(dict.fromkeys(steps))}


@pytest.mark.sampled(of=16)
@pytest.mark.parametrize("sql", every_statement().values(), ids=every_statement().keys())
def test_redshift_takes_what_is_sent(sql: str) -> None:
    assert unparsable(sql) == []
    bare = re.sub(r"'(?:[^']|'')*'", "''", sql)
    for name in DENIED_ON_REDSHIFT:
        assert not re.search(DENIED[name], bare, re.IGNORECASE), name
    assert list(grouping_subqueries(bare)) == []
    assert len(sql.encode()) <= 100_000
    assert not re.search(r"(?<!:):[a-z]", bare), "a value is missing"


def test_the_gate_can_fail() -> None:
    assert unparsable("COPY new_events FROM IAM_ROLE 'x'")
    assert unparsable("SELECT FROM WHERE")


def test_every_file_for_redshift_is_sent() -> None:
    sent = {name.rpartition(" ")[0] for name in every_statement()}
    [audit] = [sql for name, sql in every_statement().items() if name.startswith("audit ")][:1]
    assert "conflicts_told" in audit
    files = {path.stem for path in (ROOT / "redshift").rglob("*.sql")}
    within = {"nothing_found", "findings", *AUDITS_OF_A_BATCH}
    within |= {"moments_kept", "create_migration"}  # an audit, and what fails as create_new_run
    assert files - within - {"load_errors"} <= sent  # that one is asked after a failure


@pytest.mark.parametrize(("kinds", "direct"), some_loads())
def test_a_load_fits_into_one_transaction(
    kinds: tuple[Kind, ...], direct: tuple[Kind, ...]
) -> None:
    steps = some_batch(kinds, direct).publish()
    assert len(steps) <= MOST_OF_A_LOAD
    assert steps[0].sql == "LOCK load_lock"
    assert steps[1].name == "create_new_run"
    assert "update_totals" in {step.name for step in steps}
    assert steps[-1].name == statements.AUDIT
    assert len({step.name for step in steps}) == len(steps)
    for audit in {"conflicts_told", *(f"copied_{kind}_arrived" for kind in direct)}:
        assert f"CAST('{audit}' AS VARCHAR(64)) AS audit" in steps[-1].sql


@pytest.mark.parametrize("kinds", [KINDS, KINDS[:1], KINDS[1:]])
def test_a_load_that_displaces_fits_into_one_transaction(kinds: tuple[Kind, ...]) -> None:
    names = [step.name for step in some_batch(kinds, (), displaced=kinds).publish()]
    assert len(names) <= MOST_OF_A_LOAD
    assert "delete_refused_rejects" not in names
    asked = [step.name for step in some_batch(kinds, ()).find_conflicts()]
    assert "delete_refused_rejects" in asked
    assert len(asked) <= MOST_OF_A_LOAD
    assert ("delete_displaced_events" in names) == ("events" in kinds)
    assert ("delete_displaced_songs" in names) == ("songs" in kinds)
    assert not any("displaced" in step.name for step in some_batch(kinds, ()).publish())


def test_only_the_days_of_the_batch_are_read() -> None:
    """As ranges of days that follow one another; beyond 32 of them as one."""
    first = date(2018, 11, 1)
    days = {first, first + timedelta(days=1), first + timedelta(days=9)}
    steps = {one.name: one.sql for one in some_batch(KINDS, (), days=days).publish()}
    for name, column in (
        ("ranked_events", "staged.ts"),
        ("insert_time", "known.start_time"),
        (statements.AUDIT, "ts"),
        (statements.AUDIT, "start_time"),
    ):
        assert (
            f"({column} >= TIMESTAMP '2018-11-01 00:00:00'"
            f" AND {column} < TIMESTAMP '2018-11-03 00:00:00'"
            f" OR {column} >= TIMESTAMP '2018-11-10 00:00:00'"
            f" AND {column} < TIMESTAMP '2018-11-11 00:00:00')"
        ) in steps[name]
        assert "2100-12-31" not in steps[name]
    found = some_batch(KINDS, (), days=days).find_conflicts()
    assert any("2018-11-10" in step.sql for step in found if step.name == "ranked_events")
    many = {first + timedelta(days=2 * n) for n in range(40)}
    [ranked] = [
        step.sql
        for step in some_batch(KINDS, (), days=many).publish()
        if step.name == "ranked_events"
    ]
    assert (
        "(staged.ts >= TIMESTAMP '2018-11-01 00:00:00' AND staged.ts < TIMESTAMP '2019-" in ranked
    )
    assert all(
        "2100-12-31" in one.sql
        for one in some_batch(KINDS, ()).publish()
        if one.name == "ranked_events"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_one_kind_leaves_room_for_all_the_prefixes_that_are_allowed(kind: Kind) -> None:
    assert len(some_batch((kind,), (kind,), prefixes=8).publish()) <= MAX_STATEMENTS


@pytest.mark.parametrize(
    ("name", "number", "message", "step"),
    [
        ("insert_songs", 20, 'invalid input syntax for integer: "plays_counted"', "insert_songs"),
        ("create_new_run", 2, "Invalid digit, Value 'a', Pos 0", statements.OVERTAKEN),
        ("create_new_run", 2, "Disk Full", "create_new_run"),
        (
            "the batch of 31 statements",
            -1,
            "Load into table 'copied_songs' failed",
            "copy_copied_songs",
        ),
        (statements.AUDIT, 33, "permission denied for relation plays_counted", statements.AUDIT),
        (
            "",
            -1,
            'invalid input syntax for integer: "another load came first"',
            statements.OVERTAKEN,
        ),
        ("", -1, 'invalid input syntax for type integer: "plays_counted"', "plays_counted"),
        ("", -1, "Invalid digit, Value 'c', Pos 0", ""),
        (statements.AUDIT, 33, "Invalid digit, Value 'c', Pos 0", statements.CONFLICTS),
        (statements.AUDIT, 33, "Invalid digit; context: plays_counted", "plays_counted"),
        (statements.AUDIT, 33, "ERROR: Out Of Memory", statements.AUDIT),
    ],
)
def test_a_failed_step_is_named_by_its_number_or_its_word(
    name: str, number: int, message: str, step: str
) -> None:
    assert statements.failed_step(name, number, message) == step


def test_what_is_told_is_quoted() -> None:
    [copy] = [step.sql for step in some_batch(KINDS, ()).publish() if step.name == "copy_new_songs"]
    assert "IAM_ROLE 'arn:aws:iam::123456789012:role/sparkify-it''s'" in copy
    assert "FROM 's3://cargo/loads/x/songs.manifest'" in copy


def test_a_value_that_is_not_given_is_no_statement() -> None:
    with pytest.raises(KeyError, match="source"):
        fill(folder("redshift/direct")["copy_copied_songs"], {}, {"columns": "a"})
