"""`down`: from every state, whatever is in the way; and the proof."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from cloudformation_double import (
    SETTINGS,
    Formation,
    Sleeper,
    refusal,
    refused,
    up,
)
from sparkify import iac
from sparkify.errors import BusyError, SettingsError, SparkifyError, WarehouseError


def test_down_twice(aws: Formation) -> None:
    up()
    aws.objects = 5
    first, second = iac.down(SETTINGS), iac.down(SETTINGS)
    assert (first.state, first.objects) == ("CREATE_COMPLETE", 5)
    assert [one.kind for one in first.proof] == [
        *("stack", "workgroup", "namespace", "role", "bucket"),
    ]
    assert all(one.gone and one.ours for one in first.proof)
    assert (second.state, second.objects) == (None, 0)
    assert all(one.gone for one in second.proof)
    assert aws.limits == {}
    assert len(aws.asked("delete_stack")) == 1


def test_down_ends_an_up_that_was_interrupted(aws: Formation, sleeper: Sleeper) -> None:
    sleeper.interrupt = 1
    with pytest.raises(SparkifyError):
        up()
    assert aws.alive()[0].resources["WorkBucket"] == "CREATE_IN_PROGRESS"
    removed = iac.down(SETTINGS)
    assert removed.state == "CREATE_IN_PROGRESS"
    assert all(one.gone for one in removed.proof)
    assert {one.kind for one in removed.proof if one.ours} == {"stack", "role", "bucket"}
    assert aws.alive() == []


def test_down_goes_on_after_ctrl_c(aws: Formation, sleeper: Sleeper) -> None:
    up()
    sleeper.interrupt = len(sleeper.naps) + 2
    with pytest.raises(SparkifyError):
        iac.down(SETTINGS)
    assert all(one.gone for one in iac.down(SETTINGS).proof)
    assert aws.alive() == []


def test_down_goes_on_where_the_usage_limit_cannot_be_removed(aws: Formation) -> None:
    up()
    aws.refuse["list_usage_limits"] = [refusal("OddException", "no limits here")]
    assert iac.down(SETTINGS).as_json()["nothing_left"] is True


def test_down_leaves_alone_what_the_stack_did_not_make(aws: Formation) -> None:
    aws.others = {"sparkify"}
    assert "did not make" in refused(up, SettingsError).reason
    removed = iac.down(SETTINGS)
    left = {one.kind: one for one in removed.proof if not one.gone}
    assert set(left) == {"workgroup", "namespace"}
    assert all("not touched" in one.note and not one.ours for one in left.values())
    assert "did not make" in iac.status(SETTINGS).notes[0]


def test_down_does_not_claim_what_stood_in_the_way(aws: Formation) -> None:
    aws.others = {"sparkify"}
    made = {"Role": "CREATE_COMPLETE", "Namespace": "CREATE_FAILED"}
    aws.stand(SETTINGS, "ROLLBACK_FAILED", resources=made)
    removed = iac.down(SETTINGS)
    assert {one.kind: one.ours for one in removed.proof if not one.gone} == {
        "workgroup": False,
        "namespace": False,
    }


def test_a_bucket_that_fills_up_again_is_emptied_again(aws: Formation) -> None:
    up()
    aws.objects, aws.writes = 1, 1
    removed = iac.down(SETTINGS)
    assert removed.objects == 2
    assert aws.alive() == []
    assert len(aws.asked("delete_stack")) == 2


def test_a_bucket_that_never_stays_empty_is_told_of(aws: Formation) -> None:
    up()
    aws.writes = 9
    error = refused(lambda: iac.down(SETTINGS), WarehouseError)
    assert "WorkBucket (AWS::S3::Bucket): The bucket you tried to delete is not empty" in (
        error.reason
    )
    assert "Another process writes" in error.next_step
    aws.writes = 0
    assert all(one.gone for one in iac.down(SETTINGS).proof)


def test_a_protected_stack_says_how_to_unprotect_it(aws: Formation) -> None:
    aws.stand(SETTINGS, protected=True)
    error = refused(lambda: iac.down(SETTINGS), WarehouseError)
    assert "--no-enable-termination-protection" in error.next_step


def test_what_is_left_fails_the_removal(aws: Formation, monkeypatch: pytest.MonkeyPatch) -> None:
    up()
    monkeypatch.setattr(aws, "_get_role", lambda **_: {"Role": {"Arn": "x"}})
    error = refused(lambda: iac.down(SETTINGS), WarehouseError)
    assert "role sparkify-Role-1" in error.reason
    assert error.details["nothing_left"] is False


def test_what_may_not_be_asked_for_is_unknown(aws: Formation) -> None:
    up()
    aws.refuse["get_role"] = [refusal("AccessDenied", "no")]
    removed = iac.down(SETTINGS)
    assert {one.kind: one.gone for one in removed.proof}["role"] is None
    assert removed.as_json()["nothing_left"] is False


def test_a_snapshot_is_whole_before_anything_is_removed(aws: Formation) -> None:
    up()
    removed = iac.down(SETTINGS, keep_snapshot=True)
    names = [name for name, _ in aws.calls]
    assert removed.snapshot in aws.snapshots
    assert names.index("get_snapshot") < names.index("delete_stack")
    assert aws.snapshots[str(removed.snapshot)]["status"] == "AVAILABLE"


def test_without_a_snapshot_nothing_is_removed(aws: Formation) -> None:
    up()
    aws.refuse["create_snapshot"] = [refusal("ConflictException", "The namespace is busy.")]
    error = refused(lambda: iac.down(SETTINGS, keep_snapshot=True), WarehouseError)
    assert "nothing was removed" in error.reason
    assert aws.asked("delete_stack") == []


def test_a_snapshot_that_a_failed_down_made_is_named_and_not_made_twice(aws: Formation) -> None:
    up()
    aws.fail["-WorkBucket"] = "Something odd"
    error = refused(lambda: iac.down(SETTINGS, keep_snapshot=True), WarehouseError)
    (kept,) = aws.snapshots
    assert kept == "sparkify-sparkify-run-7-20260102-030405"
    assert f"Snapshot {kept} was kept" in error.next_step
    assert "run `sparkify iac down` again" in error.next_step
    assert error.details["snapshot"] == kept
    aws.fail.clear()
    assert iac.down(SETTINGS, keep_snapshot=True).snapshot is None  # the namespace is gone


@pytest.mark.parametrize("newest", [(7, datetime(2026, 1, 2, 3, 4, 5)), None])
def test_what_was_loaded_since_is_kept_in_another_snapshot(
    aws: Formation, newest: tuple[int, datetime] | None
) -> None:
    up()
    aws.newest_load = newest
    aws.refuse["delete_stack"] = [refusal("OddException", "not now")] * 2
    refused(lambda: iac.down(SETTINGS, keep_snapshot=True), WarehouseError)
    if newest:
        refused(lambda: iac.down(SETTINGS, keep_snapshot=True), WarehouseError)
        assert len(aws.snapshots) == 1  # nothing was loaded
    aws.refuse.clear()
    aws.newest_load = (8, datetime(2026, 1, 3))
    assert iac.down(SETTINGS, keep_snapshot=True).snapshot == [*aws.snapshots][1]


def test_without_a_workgroup_nothing_was_loaded_since(aws: Formation) -> None:
    stack = aws.stand(SETTINGS, "DELETE_FAILED")
    stack.resources["Workgroup"] = "DELETE_COMPLETE"
    made = {"namespaceName": "sparkify", "snapshotName": "sparkify-sparkify-run-7-x"}
    aws._create_snapshot(**made)
    aws._create_snapshot("sparkify", "somebody-elses")
    assert iac.down(SETTINGS, keep_snapshot=True).snapshot == "sparkify-sparkify-run-7-x"
    assert len(aws.snapshots) == 2


def test_a_snapshot_that_failed_is_made_again(aws: Formation) -> None:
    up()
    aws._create_snapshot("sparkify", "sparkify-sparkify-run-7-20260102-030405")
    aws.snapshots["sparkify-sparkify-run-7-20260102-030405"] |= {"status": "FAILED", "polls": 0}
    kept = iac.down(SETTINGS, keep_snapshot=True).snapshot
    assert kept and kept.startswith("sparkify-sparkify-run-7-20260102-030405-")


def test_down_does_not_cut_off_a_load(aws: Formation) -> None:
    up()
    began = {"Id": "abc", "CreatedAt": datetime(2026, 1, 1, 9, 30, tzinfo=UTC)}
    aws.loads = [began | {"StatementName": "sparkify: lock_ledger by jane@laptop"}]
    error = refused(lambda: iac.down(SETTINGS), BusyError)
    assert "a load runs in workgroup sparkify, by jane@laptop since 09:30:00 UTC" in error.reason
    assert "cancel-statement --id abc" in error.next_step
    assert aws.asked("delete_stack") == []
    aws.loads = [began | {"StatementName": "sparkify: a question by jane@laptop"}]
    assert iac.down(SETTINGS).as_json()["nothing_left"]


def test_down_does_not_depend_on_seeing_statements(aws: Formation) -> None:
    up()
    aws.refuse["list_statements"] = [refusal("AccessDenied", "no")]
    assert iac.down(SETTINGS).as_json()["nothing_left"]
