"""What a failed batch means: rows, or the engine, whichever statement it was."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import NamedTuple

import pytest

from redshift_batches import KINDS, some_batch
from scripted_data_api import SETTINGS, DataApi, Ran
from sparkify import console
from sparkify.boto3_sql_util import StatementError
from sparkify.errors import SparkifyError
from sparkify.sources.files import Kind
from sparkify.sql_queries import audit_queries
from sparkify.warehouse.redshift.publish import CompactFirstError, Staged, error_of
from sparkify.warehouse.redshift.reader import RedshiftReader
from sparkify.warehouse.redshift.statements import AUDIT, OVERTAKEN, Step, rebuild


class Failure(NamedTuple):
    """What the engine says, words of it that a message shows, and what the user should read."""

    said: str
    shown: str
    exit_code: int
    next_step: str
    sqlstate: str | None = None


BLOCK = (
    "\n  Detail: \n  -----------\n  error:  {}\n  code:      1016\n  context:   {}\n"
    "  query:     4711\n"
)
API = DataApi()
CONNECTION = API.connection()
FAILURES = {
    "disk full": Failure(
        "ERROR: Disk Full" + BLOCK.format("Disk Full", "node: 0") + "  SQLSTATE: 53100",
        "Disk Full; context: node: 0",
        5,
        "BASE_CAPACITY",
        "53100",
    ),
    "memory": Failure(
        "ERROR: out of memory [SQL State=53200]", "out of memory", 5, "BASE", "53200"
    ),
    "rights": Failure(
        "ERROR: permission denied for relation plays_counted",
        "permission denied for relation plays_counted",
        5,
        "owner",
    ),
    "cancelled": Failure(
        "ERROR: Query (4711) cancelled on user's request", "cancelled on user's", 5, "Run the"
    ),
    "a rule of the workgroup": Failure(
        'ERROR: Query cancelled by WLM abort action of Query Monitoring Rule "plays_counted"',
        "Query Monitoring Rule",
        5,
        "Run the",
    ),
    "syntax": Failure(
        'ERROR: syntax error at or near "OVER" (SQLSTATE: 42601)',
        'near "OVER"',
        5,
        "report",
        "42601",
    ),
    "unsupported": Failure(
        "ERROR: Specified types or functions not supported on Redshift tables.",
        "not supported on Redshift tables",
        5,
        "report",
    ),
    "no table": Failure(
        'ERROR: relation "staging_events" does not exist', '"staging_events"', 5, "create-tables"
    ),
    "usage limit": Failure("ERROR: Query reached usage limit", "usage limit", 5, "USAGE_LIMIT"),
    "conflict": Failure(
        "ERROR: 1023\n  Detail: Serializable isolation violation on table - 100100",
        "Serializable isolation violation on table - 100100",
        7,
        "when the other",
    ),
    "busy": Failure(
        'FATAL: connection limit "500" exceeded for non-bootstrap users', '"500"', 7, "later"
    ),
    "the role may not read": Failure(
        "ERROR: S3ServiceException:Access Denied,Status 403,Error AccessDenied",
        "Status 403",
        5,
        "iac up",
    ),
    "internal": Failure(
        "ERROR: Assert" + BLOCK.format("Assert", "status == 0 - plays_counted"),
        "status == 0",
        5,
        "doctor",
    ),
    "without a word": Failure("", "", 5, "doctor"),
}
BATCHES = {
    "compact": some_batch(KINDS, ()).publish(),
    "direct": some_batch(KINDS, KINDS).publish(),
    "rebuild": rebuild(),
}


def failed(steps: list[Step], number: int | None, said: str, mode: str = "auto") -> SparkifyError:
    """What a load says when a statement of its batch fails; None: it is not told which."""
    API.will_run(
        Ran(states=("FAILED",), error=said, failed_part=number, told_parts=number is not None)
    )
    settings = replace(SETTINGS, engine="redshift", copy_mode=mode)
    reader = RedshiftReader(settings)
    reader.connection = CONNECTION
    with pytest.raises(StatementError) as caught:
        reader.run_steps(steps)
    batch = some_batch(KINDS, KINDS if steps is BATCHES["direct"] else ())
    return error_of(caught.value, settings, reader.connection, Staged(direct={**batch.direct}))


@pytest.mark.sampled(of=6)
@pytest.mark.parametrize("name", FAILURES)
@pytest.mark.parametrize("batch", BATCHES)
def test_what_the_engine_says_is_told_at_every_statement(
    batch: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing but a failed cast tells of rows, at an audit or elsewhere."""
    failure = FAILURES[name]
    for number in range(len(BATCHES[batch])):
        error = failed(BATCHES[batch], number, failure.said)
        where = BATCHES[batch][number].name
        assert (type(error).__name__, error.exit_code) != ("QualityError", 6), where
        assert error.exit_code == failure.exit_code, where
        assert not isinstance(error, CompactFirstError), where
        assert failure.shown in error.reason
        assert where in error.reason
        assert "nothing was published" in error.reason
        assert failure.next_step in error.next_step, where
        console.failure(error, as_json=True)
        told = json.loads(capsys.readouterr().out)["error"]
        assert failure.shown in told["details"]["message"]
        assert told["details"]["sqlstate"] == failure.sqlstate
        assert (told["details"]["step"], told["exit_code"]) == (where, failure.exit_code)


@pytest.mark.parametrize("name", FAILURES)
def test_what_the_engine_says_is_told_though_it_does_not_tell_the_statement(name: str) -> None:
    for batch in BATCHES.values():
        error = failed(batch, None, FAILURES[name].said)
        assert error.exit_code == FAILURES[name].exit_code
        assert FAILURES[name].shown in error.reason


@pytest.mark.parametrize("audit", [query.name for query in audit_queries])
@pytest.mark.parametrize(
    "said",
    [
        'ERROR: invalid input syntax for integer: "{}"',
        "ERROR: Invalid digit" + BLOCK.format("Invalid digit, Value 'p', Pos 0", "{}"),
    ],
)
def test_rows_that_an_audit_finds_are_told_as_such(audit: str, said: str) -> None:
    steps = BATCHES["compact"]
    number = [step.name for step in steps].index(AUDIT)
    for place in (number, None):
        error = failed(steps, place, said.format(audit))
        assert (error.exit_code, error.details["check"]) == (6, audit)
        assert "rows break this" in error.reason


def test_a_number_that_is_none_tells_of_rows_only_at_an_audit() -> None:
    said = "ERROR: Invalid digit, Value 'p', Pos 0, Type: Long"
    for number, step in enumerate(BATCHES["compact"]):
        error = failed(BATCHES["compact"], number, said)
        overtaken = step.name == "create_new_run"
        assert error.exit_code == (7 if overtaken else 5)
        assert ("another load published first" in error.reason) == overtaken
    said = f'ERROR: invalid input syntax for integer: "{OVERTAKEN}"'
    assert failed(BATCHES["compact"], None, said).exit_code == 7


RECORDS = [
    "ERROR: Load into table 'copied_events' failed. Check 'sys_load_error_detail' system table",
    "ERROR: failed to inflate with GZIP. zlib error code: -3",
    "ERROR: String length exceeds DDL length",
]


@pytest.mark.parametrize("said", RECORDS)
@pytest.mark.parametrize("kind", KINDS)
def test_only_records_hand_a_direct_copy_over(kind: Kind, said: str) -> None:
    steps = BATCHES["direct"]
    number = [step.name for step in steps].index(f"copy_copied_{kind}")
    assert isinstance(failed(steps, number, said), CompactFirstError)
    assert isinstance(failed(steps, None, said), CompactFirstError)


@pytest.mark.parametrize(
    ("said", "exit_code", "next_step"),
    [
        (
            "ERROR: S3ServiceException:The bucket you are attempting to access must be addressed"
            " using the specified endpoint.,Status 301,Error PermanentRedirect",
            3,
            "[S3] REGION",
        ),
        ("ERROR: The specified S3 prefix 'log_data/x' does not exist", 4, "lists the source"),
    ],
)
@pytest.mark.parametrize("mode", ["auto", "direct"])
def test_a_source_that_copy_does_not_reach(
    said: str, exit_code: int, next_step: str, mode: str
) -> None:
    steps = BATCHES["direct"]
    number = [step.name for step in steps].index("copy_copied_songs")
    error = failed(steps, number, said, mode)
    assert error.exit_code == exit_code
    assert next_step in error.next_step
    assert not isinstance(error, CompactFirstError)
