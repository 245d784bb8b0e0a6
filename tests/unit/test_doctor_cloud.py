"""The doctor in the cloud, against the stand-in: what is well, and each thing that can be wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from broken_rules import LOADS
from redshift_warehouse import SOURCE, Cloud, cloud
from sparkify import doctor
from sparkify.config.keys import SETTINGS
from sparkify.doctor import Finding


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with cloud(tmp_path_factory.mktemp("cloud")) as made:
        made.put(LOADS[0])
        yield made


def examined(place: Cloud, **changes: Any) -> dict[str, Finding]:
    origins = dict.fromkeys(SETTINGS, "a test")
    return {one.check: one for one in doctor.examine(place.settings(**changes), origins)}


def wrong(findings: dict[str, Finding]) -> dict[str, Finding]:
    return {check: one for check, one in findings.items() if not one.ok}


def test_all_is_well(place: Cloud) -> None:
    found = examined(place)
    assert wrong(found) == {}
    assert "AVAILABLE" in found["workgroup"].detail
    assert "13 tables" in found["test statement"].detail
    assert "arn:aws" in found["credentials"].detail
    assert "3 files" in found["source of songs"].detail


@pytest.mark.parametrize(
    ("changes", "check", "words"),
    [
        ({"redshift_workgroup": "elsewhere"}, "infrastructure", "nothing is built"),
        ({"aws_region": "eu-west-1"}, "infrastructure", "nothing is built"),
        ({"s3_region": "eu-west-1"}, "source of events", "is in us-west-2"),
        ({"log_data": f"s3://{SOURCE}/nothing"}, "source of events", "nothing"),
        ({"song_data": "s3://no-such-bucket-of-ours/x"}, "source of songs", "bucket"),
    ],
)
def test_what_is_wrong_is_told_with_a_next_step(
    place: Cloud, changes: dict[str, str], check: str, words: str
) -> None:
    found = wrong(examined(place, **changes))
    assert words in found[check].detail
    assert all(one.next_step for one in found.values())


def test_expired_credentials_are_told(place: Cloud) -> None:
    place.aws.fault("expired_token", "*", count=999)
    try:
        found = wrong(examined(place))
    finally:
        place.aws.faults.clear()
    assert "expired" in found["credentials"].detail.lower()
    assert all(one.next_step for one in found.values())
    trouble = doctor.worst(list(found.values()))
    assert trouble is not None
    assert trouble.exit_code in (3, 5)


def test_a_role_that_is_not_attached_is_told(place: Cloud) -> None:
    client = place.aws.client("redshift-serverless")
    name = place.settings().redshift_namespace
    before = client.get_namespace(namespaceName=name)["namespace"]
    arns = [one.rpartition("iamRoleArn=")[2].rstrip(")") for one in before["iamRoles"]]
    another = "arn:aws:iam::123456789012:role/another"
    client.update_namespace(namespaceName=name, iamRoles=[another], defaultIamRoleArn=another)
    try:
        found = examined(place)
    finally:
        client.update_namespace(namespaceName=name, iamRoles=arns, defaultIamRoleArn=arns[0])
    assert "not attached" in found["role of the warehouse"].detail
    assert "sparkify iac up" in found["role of the warehouse"].next_step


def test_a_change_by_hand_is_told(place: Cloud) -> None:
    iam = place.aws.client("iam")
    role = iam.list_roles()["Roles"][0]["RoleName"]
    iam.untag_role(RoleName=role, TagKeys=["project"])
    found = wrong(examined(place))["changes by hand"]
    iam.tag_role(RoleName=role, Tags=[{"Key": "project", "Value": "sparkify"}])
    assert f"Role {role}: tag project removed" in found.detail
    assert "sparkify iac up" in found.next_step
    assert examined(place)["changes by hand"].detail == "none"


def test_a_missing_usage_limit_is_wrong_and_a_load_warns_of_it(place: Cloud) -> None:
    client = place.aws.client("redshift-serverless")
    assert examined(place)["usage limit"].detail == "16 RPU-hours a day"
    (limit,) = client.list_usage_limits()["usageLimits"]
    client.delete_usage_limit(usageLimitId=limit["usageLimitId"])
    found = wrong(examined(place))["usage limit"]
    assert "no usage limit" in found.detail
    assert "up to 144.00 dollars" in found.detail
    assert "sparkify iac up" in found.next_step
    assert [note for note in place.load()["notes"] if "no usage limit" in note]
    wanted = {name: limit[name] for name in ("resourceArn", "usageType", "amount", "period")}
    client.create_usage_limit(**wanted, breachAction=limit["breachAction"])
    assert examined(place)["usage limit"].ok
    assert not place.load()["notes"]


def test_a_secret_is_not_shown(place: Cloud) -> None:
    secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    found = examined(place, aws_key="AKIAIOSFODNN7EXAMPLE", aws_secret=secret)
    assert secret not in repr(found)
