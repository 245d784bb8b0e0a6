"""A second IAM user in the stand-in: nothing before `sparkify grant`, a whole operator after it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from broken_rules import LOADS
from redshift_warehouse import SOURCE, SOURCE_REGION, Cloud, cloud
from sparkify import doctor, etl, iac, quality
from sparkify.config import Settings
from sparkify.config.keys import SETTINGS
from sparkify.errors import SettingsError, SparkifyError, UsageError, WarehouseError
from sparkify.util_s3 import S3
from sparkify.warehouse import grant, open_reader


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    with loaded(tmp_path_factory.mktemp("cloud")) as made:
        yield made


@contextmanager
def loaded(folder: Path) -> Iterator[Cloud]:
    """A warehouse in the stand-in with one load."""
    with cloud(folder) as made:
        made.put(LOADS[0])
        made.load()
        yield made


def user_of(place: Cloud, name: str) -> tuple[Settings, str]:
    """The settings and the ARN of a new user, who may do what `sparkify iac policy` prints."""
    iam = place.aws.client("iam")
    arn: str = iam.create_user(UserName=name)["User"]["Arn"]
    policy = json.dumps(iac.operator_policy(place.settings()))
    iam.put_user_policy(UserName=name, PolicyName="operator", PolicyDocument=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    made = place.settings(aws_key=key["AccessKeyId"], aws_secret=key["SecretAccessKey"])
    return made, arn


@pytest.fixture(scope="module")
def theirs(place: Cloud) -> Settings:
    """The settings of a second user who was granted the tables."""
    return granted(place, "second")


def granted(place: Cloud, name: str) -> Settings:
    """The settings of a new user who was granted the tables."""
    made, arn = user_of(place, name)
    with pytest.raises(SparkifyError), open_reader(made) as reader:  # known to it from here on
        reader.read("SELECT COUNT(*) FROM songplays")
    grant(place.settings(), arn)
    return made


def test_a_user_loads_asks_and_checks_once_it_is_granted(place: Cloud) -> None:
    theirs, arn = user_of(place, "third")
    with pytest.raises(WarehouseError, match="no user IAM:third yet") as caught:
        grant(place.settings(), arn)
    assert "SELECT 1" in caught.value.next_step
    with pytest.raises(SparkifyError), open_reader(theirs) as reader:
        reader.read("SELECT COUNT(*) FROM songplays")

    assert grant(place.settings(), arn) == {"identity": arn, "user": "IAM:third"}
    place.put(LOADS[1])
    report = etl.load(theirs, answers=False).as_json()
    assert report["events"]["staged"] + report["songs"]["staged"] > 0
    with open_reader(theirs) as reader:
        assert reader.read("SELECT COUNT(*) FROM etl_runs").rows == [(2,)]
        assert quality.broken(quality.run(reader)) == []
    assert etl.load(replace(theirs, copy_mode="compact"), rebuild=True, answers=False)
    assert not place.load()["events"]["read"]


@pytest.mark.parametrize(
    ("identity", "user"),
    [
        ("IAM:jane", "IAM:jane"),
        ("IAMR:analysts", "IAMR:analysts"),
        ("arn:aws:iam::123456789012:user/team/jane.d@x", "IAM:jane.d@x"),
        ("arn:aws-cn:iam::123456789012:role/service/loader", "IAMR:loader"),
        ("arn:aws:sts::123456789012:assumed-role/loader/session-1", "IAMR:loader"),
    ],
)
def test_the_name_of_an_identity_in_the_database(identity: str, user: str) -> None:
    from sparkify.warehouse.redshift.statements import database_user, granting

    assert database_user(identity) == user
    assert all(f'TO "{user}"' in step.sql for step in granting(user))


@pytest.mark.parametrize(
    "identity", ["jane", "", 'IAM:a" TO public; --', "arn:aws:iam::123456789012:root"]
)
def test_what_is_no_identity_is_refused(identity: str, place: Cloud) -> None:
    with pytest.raises(UsageError, match="no IAM user or role"):
        grant(place.settings(), identity)


def test_a_file_has_no_users(place: Cloud) -> None:
    with pytest.raises(UsageError, match="has no users"):
        grant(place.settings(engine="duckdb"), "IAM:jane")


def test_what_the_policy_does_not_allow_is_denied(place: Cloud, theirs: Settings) -> None:
    place.aws.put(SOURCE, "elsewhere/x.json", b"{}", SOURCE_REGION)
    with pytest.raises(SparkifyError, match="not authorized"):
        S3(theirs, SOURCE_REGION).read(f"s3://{SOURCE}/elsewhere/x.json")
    with pytest.raises(SparkifyError, match="not authorized"):
        list(S3(theirs, SOURCE_REGION).list(f"s3://{SOURCE}/elsewhere/"))  # s3:prefix
    other = replace(theirs, redshift_workgroup="sparkify-other")
    with pytest.raises(SettingsError, match="not authorized to perform: cloudformation"):
        iac.status(other)


def test_the_policy_suffices_to_plan_change_and_look(theirs: Settings) -> None:
    made = replace(theirs, log_jsonpath=f"s3://{SOURCE}/log_json_path.json")  # see `cloud`
    assert iac.plan(made).nothing
    assert iac.up(replace(made, redshift_base_capacity=16)).action == "updated"
    status = iac.status(theirs)
    assert (status.drift, status.notes) == ([], [])
    origins = dict.fromkeys(SETTINGS, "a test")
    assert [one for one in doctor.examine(theirs, origins) if not one.ok] == []


def test_one_snapshot_is_kept_of_what_is_loaded(tmp_path: Path) -> None:
    with loaded(tmp_path) as place:
        theirs = granted(place, "second")
        place.aws.fault(
            "error", "cloudformation.DeleteStack", code="OddException", message="not now"
        )
        with pytest.raises(WarehouseError, match="not now") as caught:
            iac.down(theirs, keep_snapshot=True)
        kept = str(caught.value.details["snapshot"])
        assert kept.startswith("sparkify-sparkify-run-")
        assert iac.down(theirs, keep_snapshot=True).snapshot == kept
        snapshots = place.aws.client("redshift-serverless").list_snapshots()["snapshots"]
        assert [one["snapshotName"] for one in snapshots] == [kept]
