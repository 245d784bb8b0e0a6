"""Running SQL by the Data API: deadlines and Ctrl-C leave nothing running."""

from __future__ import annotations

from typing import Any

import pytest

from scripted_data_api import (
    BATCH,
    NAMES,
    THROTTLED,
    Cut,
    DataApi,
    FakeClock,
    Fault,
    Heard,
    Interrupted,
    Lost,
    Ran,
    Refused,
    goes_on,
)
from sparkify.boto3_sql_util import StatementError, execute
from sparkify.boto3_sql_util.execution import GRACE_SECONDS, UNDOING_SECONDS


@pytest.fixture
def api() -> DataApi:
    return DataApi()


def interrupt() -> None:
    raise KeyboardInterrupt


# The deadline


def test_what_does_not_end_is_cancelled(api: DataApi) -> None:
    api.will_run(goes_on())
    clock = FakeClock()
    with pytest.raises(StatementError) as caught:
        execute(api.connection(clock), "SELECT 1", deadline=30)
    error = caught.value
    assert error.reason == "the statement did not end within 30 seconds; it was cancelled"
    assert (error.status, error.exit_code, error.in_doubt) == ("TIMEOUT", 5, False)
    assert error.statement_id == "statement-1"
    assert error.next_step
    assert api.cancelled == ["statement-1"]
    assert 1030 <= clock.time <= 1030 + GRACE_SECONDS + UNDOING_SECONDS


def test_the_statement_under_way_at_the_deadline_is_named(api: DataApi) -> None:
    api.will_run(Ran(states=("STARTED",), finished_parts=(1,)))
    with pytest.raises(StatementError, match=r"fill_a \(statement 2 of 3\) did not end") as caught:
        execute(api.connection(), BATCH, names=NAMES, deadline=3600)
    assert "3,600 seconds" in caught.value.reason
    assert (caught.value.number, caught.value.sql) == (1, BATCH[1])


def test_what_finished_in_the_last_moment_is_a_success(api: DataApi) -> None:
    api.will_run(Ran(states=("STARTED",), cancels_to="FINISHED", rows=3))
    assert execute(api.connection(), "SELECT 1", deadline=5).rows == (3,)


def test_what_failed_in_the_last_moment_failed(api: DataApi) -> None:
    api.will_run(Ran(states=("STARTED",), cancels_to="FAILED", error="ERROR: division by zero"))
    with pytest.raises(StatementError, match="division by zero") as caught:
        execute(api.connection(), "SELECT 1", deadline=5)
    assert caught.value.status == "FAILED"


def test_what_failed_because_it_was_cancelled_ran_out_of_time(api: DataApi) -> None:
    text = "ERROR: Query (12) cancelled on user's request"
    api.will_run(Ran(states=("STARTED",), cancels_to="FAILED", error=text))
    with pytest.raises(StatementError, match="did not end within 5 seconds") as caught:
        execute(api.connection(), "SELECT 1", deadline=5)
    assert caught.value.status == "TIMEOUT"


def test_cancelling_is_tried_again(api: DataApi) -> None:
    api.will_run(goes_on())
    not_yet = Refused("ValidationException", message="Could not cancel: not running yet")
    api.fail("CancelStatement", THROTTLED, Lost(accepted=False), Cut(accepted=False), not_yet)
    with pytest.raises(StatementError, match="it was cancelled"):
        execute(api.connection(), "SELECT 1", deadline=5)
    assert api.cancelled == ["statement-1"]


def test_a_statement_that_cannot_be_cancelled(api: DataApi) -> None:
    api.will_run(goes_on())
    api.always["CancelStatement"] = Refused("AccessDeniedException")
    clock = FakeClock()
    with pytest.raises(StatementError, match=r"it may still run.*may not call .*Cancel") as caught:
        execute(api.connection(clock), "SELECT 1", deadline=5)
    assert (caught.value.status, caught.value.in_doubt) == ("TIMEOUT", True)
    assert "sparkify status" in caught.value.next_step
    assert clock.time == pytest.approx(1005 + GRACE_SECONDS + UNDOING_SECONDS)


def test_a_statement_that_ignores_being_cancelled(api: DataApi) -> None:
    api.will_run(Ran(states=("STARTED",), cancels_to="STARTED"))
    heard = Heard()
    with pytest.raises(StatementError, match="did not end within 12 seconds of being cancelled"):
        execute(api.connection(), "SELECT 1", deadline=5, progress=heard)
    assert len(api.cancelled) > 5, "it is told again until it ends"
    lines = [*dict.fromkeys(told[0] for told in heard.told if told[0].startswith("cancelling"))]
    assert lines == [
        f"cancelling the statement{wait}" for wait in ("", " for 5 seconds", " for 10 seconds")
    ]


@pytest.mark.parametrize("after", [1, 3, 6])
def test_a_batch_that_ends_late_is_waited_for(api: DataApi, after: int) -> None:
    """A call between two statements of a batch cancels nothing: it is told again."""
    ran = Ran(states=("STARTED",), cancels_to="STARTED")
    api.will_run(ran)
    clock = FakeClock()
    clock.at[2] = interrupt

    def ends() -> None:
        ran.cancels_to = "ABORTED"

    clock.at[2 + after] = ends
    with pytest.raises(KeyboardInterrupt) as caught:
        execute(api.connection(clock), BATCH, names=NAMES)
    assert api.running() == []
    stopped = "the batch of 3 statements was stopped in the warehouse: nothing of it stays"
    assert caught.value.__notes__ == [stopped]


def test_a_large_batch_has_more_time_to_be_undone(api: DataApi) -> None:
    waited = []
    for count in (1, 36):
        api.will_run(Ran(states=("STARTED",), cancels_to="STARTED"))
        clock = FakeClock()
        clock.at[1] = interrupt
        with pytest.raises(KeyboardInterrupt) as caught:
            execute(api.connection(clock), ["SELECT 1"] * count)
        waited.append(clock.time)
        assert "--id statement-" in caught.value.__notes__[0]
    assert waited[1] - waited[0] == pytest.approx(35 * UNDOING_SECONDS, abs=1)


@pytest.mark.parametrize("fault", [THROTTLED, Lost(accepted=False)], ids=str)
def test_looks_that_fail_until_the_deadline(api: DataApi, fault: Fault) -> None:
    api.will_run(goes_on())
    api.always["DescribeStatement"] = fault
    clock = FakeClock()

    def network_is_back_too_late() -> None:
        if clock.time >= 1600:
            api.always.clear()

    clock.at = dict.fromkeys(range(100), network_is_back_too_late)
    with pytest.raises(StatementError, match="did not end within 600 seconds; it was cancelled"):
        execute(api.connection(clock), "SELECT 1", deadline=600)
    assert len(api.asked("DescribeStatement")) > 20


def test_looks_after_cancelling_are_repeated(api: DataApi) -> None:
    api.will_run(Ran(states=("STARTED",), rows=3, cancels_to="FINISHED"))
    clock = FakeClock()
    clock.at[4] = lambda: api.fail("DescribeStatement", THROTTLED, Lost(accepted=False))
    assert execute(api.connection(clock), "SELECT 1", deadline=0.5).rows == (3,)
    assert {*api.cancelled} == {"statement-1"}


# Ctrl-C


def test_interrupted_before_anything_was_sent(api: DataApi) -> None:
    connection = api.connection()

    def stop(**_: Any) -> None:
        raise KeyboardInterrupt

    connection.client.meta.events.register("before-call.redshift-data", stop)
    with pytest.raises(KeyboardInterrupt) as caught:
        execute(connection, "SELECT 1")
    assert api.log == []
    assert not hasattr(caught.value, "__notes__")


@pytest.mark.parametrize("accepted", [True, False])
@pytest.mark.parametrize("sql", ["SELECT 1", BATCH], ids=["one", "batch"])
def test_interrupted_before_the_reply(api: DataApi, sql: Any, accepted: bool) -> None:
    """The same token tells the id, so that nothing is left running."""
    operation = "ExecuteStatement" if sql == "SELECT 1" else "BatchExecuteStatement"
    api.will_run(goes_on())
    api.fail(operation, Interrupted(accepted=accepted))
    with pytest.raises(KeyboardInterrupt):
        execute(api.connection(), sql)
    assert len(api.statements) == 1
    assert api.running() == []


def test_interrupted_after_a_lost_reply(api: DataApi) -> None:
    api.will_run(goes_on())
    clock = FakeClock()
    clock.at[1] = interrupt
    api.fail("ExecuteStatement", Lost(accepted=True), THROTTLED)
    with pytest.raises(KeyboardInterrupt):
        execute(api.connection(clock), "SELECT 1")
    assert api.cancelled == ["statement-1"]


def test_interrupted_while_it_is_turned_away(api: DataApi) -> None:
    clock = FakeClock()
    clock.at[2] = interrupt
    api.always["ExecuteStatement"] = THROTTLED
    with pytest.raises(KeyboardInterrupt):
        execute(api.connection(clock), "SELECT 1")
    assert len(api.log) == 2, "nothing was accepted, so nothing is sent"


@pytest.mark.parametrize("sleep", range(1, 8))
def test_interrupted_between_looks(api: DataApi, sleep: int) -> None:
    api.will_run(goes_on())
    clock = FakeClock()
    clock.at[sleep] = interrupt
    with pytest.raises(KeyboardInterrupt) as caught:
        execute(api.connection(clock), "SELECT 1")
    assert api.cancelled == ["statement-1"]
    assert api.running() == []
    assert caught.value.__notes__ == [
        "the statement was stopped in the warehouse: nothing of it stays"
    ]


@pytest.mark.parametrize("looks", range(4))
def test_interrupted_during_a_look(api: DataApi, looks: int) -> None:
    api.will_run(goes_on())
    api.fail("DescribeStatement", *[None] * looks, Interrupted(accepted=False))
    with pytest.raises(KeyboardInterrupt):
        execute(api.connection(), "SELECT 1")
    assert api.running() == []


def test_interrupted_waits_until_it_has_ended(api: DataApi) -> None:
    api.will_run(goes_on())
    clock = FakeClock()
    clock.at[2] = interrupt
    api.fail("CancelStatement", Refused("ValidationException"), THROTTLED, Lost(accepted=True))
    with pytest.raises(KeyboardInterrupt):
        execute(api.connection(clock), "SELECT 1")
    assert api.running() == []
    assert api.log[-1][0] == "DescribeStatement"


def test_interrupted_and_it_cannot_be_cancelled(api: DataApi) -> None:
    api.will_run(goes_on())
    clock = FakeClock()
    clock.at[2] = interrupt
    api.always["CancelStatement"] = Refused("AccessDeniedException")
    with pytest.raises(KeyboardInterrupt) as caught:
        execute(api.connection(clock), "SELECT 1")
    [note] = caught.value.__notes__
    assert "may still run in the warehouse as statement statement-1: these AWS credentials" in note
    assert "`aws redshift-data cancel-statement --id statement-1 --region us-east-1`" in note


def test_interrupted_and_it_had_finished(api: DataApi) -> None:
    api.will_run(Ran(states=("STARTED", "FINISHED")))
    clock = FakeClock()
    clock.at[2] = interrupt
    with pytest.raises(KeyboardInterrupt) as caught:
        execute(api.connection(clock), "SELECT 1")
    assert caught.value.__notes__ == [
        "the statement had finished already when it was cancelled: what it did stays"
    ]


def test_interrupted_and_the_network_is_gone(api: DataApi) -> None:
    api.will_run(goes_on())
    api.fail("ExecuteStatement", Interrupted(accepted=True))
    api.always["ExecuteStatement"] = Lost(accepted=False)
    with pytest.raises(KeyboardInterrupt) as caught:
        execute(api.connection(), "SELECT 1")
    [note] = caught.value.__notes__
    assert "may still run in the warehouse" in note


def test_interrupted_twice_ends_at_once(api: DataApi) -> None:
    api.will_run(goes_on())
    clock = FakeClock()
    clock.at = {2: interrupt, 3: interrupt}
    api.always["CancelStatement"] = THROTTLED
    with pytest.raises(KeyboardInterrupt) as caught:
        execute(api.connection(clock), "SELECT 1")
    assert len(clock.slept) == 3
    assert "may still run in the warehouse as statement statement-1" in caught.value.__notes__[0]


def test_an_error_of_who_listens_cancels_too(api: DataApi) -> None:
    api.will_run(goes_on())

    def broken() -> None:
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        execute(api.connection(), "SELECT 1", progress=Heard(2, broken))
    assert api.running() == []
