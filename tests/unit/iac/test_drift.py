"""Drift: how what was changed by hand reads, and what happens where it cannot be looked for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cloudformation_double import SETTINGS, Formation, refusal, refused, up
from sparkify import iac
from sparkify.errors import WarehouseError
from sparkify.iac.drift import drifts
from sparkify.iac.stack import Account, find
from sparkify.progress import silent

EXPECTED = {
    "Description": "d",
    "Policies": [{"PolicyName": "a"}, {"PolicyName": "b", "PolicyDocument": {}}],
    "Tags": [{"Key": "project", "Value": "sparkify"}],
    "Rules": [{"Id": 1}],
}
ACTUAL = EXPECTED | {"Policies": [{"PolicyName": "by-hand"}]}


def modified(*differences: tuple[str, str]) -> dict[str, Any]:
    return {
        "StackResourceDriftStatus": "MODIFIED",
        "PhysicalResourceId": "sparkify-Role-1",
        "ExpectedProperties": json.dumps(EXPECTED),
        "ActualProperties": json.dumps(ACTUAL),
        "PropertyDifferences": [
            {"DifferenceType": kind, "PropertyPath": path} for kind, path in differences
        ],
    }


@pytest.mark.parametrize(
    ("kind", "path", "said"),
    [
        ("NOT_EQUAL", "/Description", "Description changed"),
        ("REMOVE", "/Policies/1", "policy b removed"),
        ("ADD", "/Policies/0", "policy by-hand added"),
        ("NOT_EQUAL", "/Policies/1/PolicyDocument/Statement/0/Action", "policy b changed"),
        ("REMOVE", "/Policies/1/PolicyDocument/Statement/0", "policy b changed"),
        ("NOT_EQUAL", "/Tags/0/Value", "tag project changed"),
        ("REMOVE", "/Tags/0", "tag project removed"),
        ("REMOVE", "/Tags/9", "Tags removed"),
        ("NOT_EQUAL", "/Rules/0/Id", "Rules changed"),
    ],
)
def test_policies_and_tags_are_named(aws: Formation, kind: str, path: str, said: str) -> None:
    up()
    aws.drift["Role"] = modified((kind, path), (kind, path))
    status = iac.status(SETTINGS)
    assert [one.changes for one in status.drift] == [[said]]
    assert status.notes == [
        f"Changed by hand: Role sparkify-Role-1: {said}. `sparkify iac up` puts it right."
    ]


def test_up_reverts_it_and_says_so(aws: Formation) -> None:
    up()
    aws.drift["WorkBucket"] = {"StackResourceDriftStatus": "DELETED"}
    aws.drift["Role"] = modified(("REMOVE", "/Policies/1"))
    changes = {one.resource: (one.action, one.drift) for one in iac.plan(SETTINGS).changes}
    assert changes["WorkBucket"] == ("Add", "removed by hand")
    assert changes["Role"] == ("Modify", "changed by hand: Tags")
    assert up().action == "updated"
    assert up().action == "unchanged"
    modes = [one.get("DeploymentMode") for one in aws.asked("create_change_set")]
    assert set(modes) == {"REVERT_DRIFT"}


def test_a_stack_that_is_being_changed_is_not_looked_at(aws: Formation) -> None:
    aws.stand(SETTINGS, "UPDATE_IN_PROGRESS")
    assert iac.status(SETTINGS).drift == []
    assert aws.asked("detect_stack_drift") == []


def test_drift_that_cannot_be_looked_for_is_a_note_or_nothing(aws: Formation) -> None:
    up()
    aws.refuse["detect_stack_drift"] = [refusal("AccessDenied", "no")]
    assert "is not known" in iac.status(SETTINGS).notes[0]
    aws.refuse["detect_stack_drift"] = [refusal("InvalidAction", "no")] * 2
    assert iac.status(SETTINGS).notes == []
    stack = find(Account(SETTINGS))
    assert stack
    assert drifts(Account(SETTINGS), stack, silent) is None


def test_a_detection_that_fails_says_why(aws: Formation, monkeypatch: pytest.MonkeyPatch) -> None:
    up()
    failed = {"DetectionStatus": "DETECTION_FAILED", "DetectionStatusReason": "no read access"}
    monkeypatch.setattr(aws, "_describe_stack_drift_detection_status", lambda **_: failed)
    stack = find(Account(SETTINGS))
    assert stack
    error = refused(lambda: drifts(Account(SETTINGS), stack, silent), WarehouseError)
    assert "no read access" in error.reason
