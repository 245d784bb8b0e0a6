"""infrastructure.yaml: what cfn-lint finds in it, and what cfn-lint cannot."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from resolved_template import read, resolved
from sparkify.config import Settings, keys
from sparkify.iac.template import (
    OUTPUTS,
    TAGS,
    declared,
    parameters,
    stack_name,
    template,
)

REGIONS = ("us-east-1", "us-west-2")
SETTINGS = Settings(
    log_data="s3://b-1/log_data", log_jsonpath="s3://b-1/p.json", song_data="s3://b-2/song_data"
)
INTRINSICS = {"Ref", "GetAtt", "Sub", "If", "Not", "Equals", "Join"}


def lint(path: Path) -> tuple[int, str]:
    command = shutil.which("cfn-lint", path=str(Path(sys.executable).parent))
    assert command, "cfn-lint is missing: `make test` installs it"
    done = subprocess.run(
        [command, "-r", *REGIONS, "--", str(path)], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_cfn_lint_finds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "infrastructure.yaml"
    path.write_text(template(), encoding="utf-8")
    assert lint(path) == (0, "")


def test_cfn_lint_would_find_something(tmp_path: Path) -> None:
    path = tmp_path / "infrastructure.yaml"
    broken = template().replace("PubliclyAccessible", "PublicAccess")
    path.write_text(broken, encoding="utf-8")
    code, said = lint(path)
    assert code == 2
    assert "PublicAccess" in said


# What cfn-lint does not find


def walk(value: Any) -> list[tuple[str, Any]]:
    """Every key with its value, at any depth."""
    if isinstance(value, dict):
        return [(key, one) for key, one in value.items()] + [
            pair for one in value.values() for pair in walk(one)
        ]
    if isinstance(value, list):
        return [pair for one in value for pair in walk(one)]
    return []


def test_no_password_anywhere() -> None:
    words = [key for key, _ in walk(read())] + list(read()["Parameters"])
    assert not [one for one in words if re.search("password|secret|noecho", one, re.IGNORECASE)]


def test_no_partition_is_fixed() -> None:
    assert "arn:aws:" not in template()


def test_every_policy_has_its_version_as_text() -> None:
    documents = [one for key, one in walk(read()) if key.endswith("PolicyDocument")]
    assert len(documents) == 6
    assert [one["Version"] for one in documents] == ["2012-10-17"] * 6


def test_the_text_is_short_enough_to_be_sent() -> None:
    assert len(template().encode()) < 51_200


def test_only_plain_intrinsics_are_used() -> None:
    tags = set(re.findall(r"!([A-Za-z]+)", template()))
    assert tags <= INTRINSICS
    assert "Fn::" not in template()


def test_a_capacity_is_always_given_and_within_bounds() -> None:
    whole = read()
    capacity = whole["Parameters"]["BaseCapacity"]
    assert "Default" not in capacity
    assert (capacity["MinValue"], capacity["MaxValue"]) == (4, 1024)
    workgroup = whole["Resources"]["Workgroup"]["Properties"]
    assert workgroup["BaseCapacity"] == {"Ref": "BaseCapacity"}


@pytest.mark.parametrize("capacity", [4, 8, 512, 544, 1024])
def test_every_capacity_that_the_settings_allow_is_within_bounds(capacity: int) -> None:
    allowed = keys.SETTINGS["redshift_base_capacity"].kind
    assert allowed.parse(str(capacity), Path()) == capacity
    for name in ("BaseCapacity", "MaxCapacity"):
        bounds = read()["Parameters"][name]
        assert bounds["MinValue"] <= capacity <= bounds["MaxValue"]


def test_every_name_that_the_settings_allow_is_allowed() -> None:
    for name, field in (
        ("NamespaceName", "redshift_namespace"),
        ("WorkgroupName", "redshift_workgroup"),
    ):
        pattern = read()["Parameters"][name]["AllowedPattern"]
        for value in ("abc", "a" * 64, "0-9"):
            assert keys.SETTINGS[field].kind.parse(value, Path()) == value
            assert re.fullmatch(pattern, value)


def test_every_parameter_is_sent_and_only_those() -> None:
    assert set(parameters(SETTINGS)) == set(read()["Parameters"])
    assert set(parameters(Settings())) == set(read()["Parameters"])


def test_the_outputs_are_those_that_are_read() -> None:
    assert set(read()["Outputs"]) == set(OUTPUTS)


def test_the_resources_are_those_that_are_counted() -> None:
    made = {name: one["Type"] for name, one in read()["Resources"].items()}
    assert declared() == made
    for settings in (SETTINGS, Settings()):
        assert set(resolved(settings, "us-east-1")) == set(made)


def test_everything_that_can_be_is_tagged() -> None:
    made = resolved(SETTINGS, "us-east-1")
    tags = [{"Key": key, "Value": value} for key, value in TAGS.items()]
    for name, one in made.items():
        assert one["Properties"]["Tags"] == tags, name


def test_the_bucket_is_private_encrypted_and_forgets() -> None:
    bucket = resolved(SETTINGS, "us-east-1")["WorkBucket"]["Properties"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    assert "SSEAlgorithm" in str(bucket["BucketEncryption"])
    assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    rules = bucket["LifecycleConfiguration"]["Rules"]
    assert {one["Status"] for one in rules} == {"Enabled"}
    assert any(one.get("ExpirationInDays") for one in rules)
    assert any(one.get("AbortIncompleteMultipartUpload") for one in rules)
    assert "VersioningConfiguration" not in bucket


def test_the_warehouse_is_what_the_settings_say() -> None:
    made = resolved(replace(SETTINGS, redshift_database="dwh"), "us-east-1")
    namespace = made["Namespace"]["Properties"]
    assert namespace["DbName"] == "dwh"
    assert namespace["IamRoles"] == [namespace["DefaultIamRoleArn"]] == ["arn of Role"]
    workgroup = made["Workgroup"]["Properties"]
    assert workgroup["PubliclyAccessible"] is False
    assert (workgroup["BaseCapacity"], workgroup["MaxCapacity"]) == ("8", "16")
    assert workgroup["NamespaceName"] == "Namespace"


def test_what_is_not_set_is_left_out() -> None:
    made = resolved(SETTINGS, "us-east-1")
    assert "RoleName" not in made["Role"]["Properties"]
    without = resolved(replace(SETTINGS, redshift_max_capacity=0), "us-east-1")
    assert "MaxCapacity" not in without["Workgroup"]["Properties"]
    named = resolved(replace(SETTINGS, iam_role_name="reader"), "us-east-1")
    assert named["Role"]["Properties"]["RoleName"] == "reader"


# Names


@pytest.mark.parametrize(
    ("workgroup", "expected"),
    [
        ("sparkify", "sparkify"),
        ("sparkify-test", "sparkify-test"),
        ("dwh", "sparkify-dwh"),
        ("sparkifyx", "sparkify-sparkifyx"),
        ("0-0", "sparkify-0-0"),
        ("a" * 64, f"sparkify-{'a' * 64}"),
    ],
)
def test_the_stack_is_named_after_the_workgroup(workgroup: str, expected: str) -> None:
    name = stack_name(replace(SETTINGS, redshift_workgroup=workgroup))
    assert name == expected
    assert re.fullmatch(r"[a-zA-Z][-a-zA-Z0-9]{0,127}", name)


def test_no_parameter_holds_a_secret() -> None:
    secret = replace(SETTINGS, aws_key="AKIA", aws_secret="hush")
    assert not {"AKIA", "hush"} & set(parameters(secret).values())
    assert {one.name for one in fields(Settings)} >= {"aws_key", "aws_secret"}
