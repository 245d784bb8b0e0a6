"""`sparkify iac` as users call it, against the stand-in for AWS."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from cloud.standin import StandIn, standin
from command_line import answer, call, failure
from sparkify import iac
from sparkify.config import Settings
from sparkify.console import stream

ROOT = Path(__file__).parents[3]
SOURCE = "sparkify-source"
SETTINGS = Settings(
    engine="redshift",
    log_data=f"s3://{SOURCE}/log_data",
    log_jsonpath="",
    song_data=f"s3://{SOURCE}/song_data",
)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[StandIn]:
    """An empty account; the environment and the settings of the current folder point to it."""
    with standin() as aws:
        for name in [name for name in os.environ if name.startswith(("AWS_", "SPARKIFY_"))]:
            monkeypatch.delenv(name)
        for name, value in aws.environment().items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(tmp_path)
        Path("dwh.cfg").write_text(
            "[WAREHOUSE]\nENGINE = redshift\n[S3]\n"
            f"LOG_DATA = {SETTINGS.log_data}\nSONG_DATA = {SETTINGS.song_data}\n",
            encoding="utf-8",
        )
        yield aws


@dataclass
class Account:
    """What is in an account, by AWS's own answers."""

    aws: StandIn

    def names(self) -> dict[str, list[str]]:
        client = self.aws.client
        serverless = client("redshift-serverless")
        return {
            "stacks": _each(client("cloudformation").describe_stacks(), "Stacks", "StackName"),
            "roles": _each(client("iam").list_roles(), "Roles", "RoleName"),
            "buckets": _each(client("s3").list_buckets(), "Buckets", "Name"),
            "workgroups": _each(serverless.list_workgroups(), "workgroups", "workgroupName"),
            "namespaces": _each(serverless.list_namespaces(), "namespaces", "namespaceName"),
            "limits": _each(serverless.list_usage_limits(), "usageLimits", "usageLimitId"),
        }


def _each(answer: dict[str, Any], member: str, name: str) -> list[str]:
    return [one[name] for one in answer[member]]


def test_from_nothing_to_a_warehouse_and_back_each_twice(aws: StandIn) -> None:
    account = Account(aws)
    empty = account.names()
    plans = [answer("iac", "plan") for _ in range(2)]
    assert plans[0] == plans[1]
    assert {one["action"] for one in plans[0]["changes"]} == {"Add"}
    assert account.names() == empty
    built = [answer("iac", "up") for _ in range(2)]
    assert [one["action"] for one in built] == ["created", "unchanged"]
    assert built[0]["resources"] == built[1]["resources"]
    names = account.names()
    assert {kind: len(found) for kind, found in names.items()} == dict.fromkeys(names, 1)
    assert answer("iac", "plan")["nothing_to_change"] is True
    status = [answer("iac", "status") for _ in range(2)]
    assert status[0] == status[1]
    assert status[0]["workgroup"]["state"] == "AVAILABLE"
    removed = [answer("iac", "down", "--yes") for _ in range(2)]
    assert [one["nothing_left"] for one in removed] == [True, True]
    assert [one["state"] for one in removed] == ["CREATE_COMPLETE", None]
    assert account.names() == empty
    assert answer("iac", "status")["exists"] is False


def test_everything_is_as_declared(aws: StandIn) -> None:
    found = iac.up(SETTINGS).resources
    serverless = aws.client("redshift-serverless")
    namespace = serverless.get_namespace(namespaceName="sparkify")["namespace"]
    workgroup = serverless.get_workgroup(workgroupName="sparkify")["workgroup"]
    limit = serverless.list_usage_limits()["usageLimits"][0]
    assert namespace["dbName"] == "sparkify"
    assert found.role_arn in namespace["iamRoles"][0]
    assert namespace["defaultIamRoleArn"] == found.role_arn
    assert (workgroup["baseCapacity"], workgroup["maxCapacity"]) == (8, 16)
    assert workgroup["publiclyAccessible"] is False
    assert (limit["amount"], limit["period"], limit["breachAction"]) == (16, "daily", "deactivate")
    tags = aws.client("s3").get_bucket_tagging(Bucket=found.work_bucket)["TagSet"]
    assert {"Key": "project", "Value": "sparkify"} in tags


def test_a_change_is_planned_then_made(aws: StandIn) -> None:
    answer("iac", "up")
    words = ("--redshift-base-capacity", "16", "--redshift-usage-limit-rpu-hours", "4")
    plan = answer("iac", "plan", *words)
    assert plan["parameters"] == {"BaseCapacity": ["8", "16"]}
    assert plan["usage_limit"] == [16, 4]
    assert plan["cost"]["busy_hour_at_base"] == 6.0
    built = answer("iac", "up", *words)
    assert (built["action"], built["usage_limit"]) == ("updated", "changed")
    assert answer("iac", "status")["workgroup"]["base"] == 16


def test_sources_in_another_bucket_change_what_the_role_may_read(aws: StandIn) -> None:
    answer("iac", "up")
    answer("iac", "up", "--song-data", "s3://new-bucket/songs", "--log-data", "data")
    iam = aws.client("iam")
    role = iam.list_roles()["Roles"][0]["RoleName"]
    said = ""
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        said += str(iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])
    assert "new-bucket/songs/*" in said


def test_what_was_changed_by_hand_is_named_and_put_right(aws: StandIn) -> None:
    role = iac.up(SETTINGS).resources.role_arn.rpartition("/")[2]
    iam = aws.client("iam")
    iam.delete_role_policy(RoleName=role, PolicyName="reads-log-data")
    iam.tag_role(RoleName=role, Tags=[{"Key": "project", "Value": "other"}])
    status = answer("iac", "status")
    (drift,) = status["drift"]
    assert drift["changes"] == ["policy reads-log-data removed", "tag project changed"]
    assert f"Role {role}: policy reads-log-data removed" in status["notes"][0]
    (change,) = answer("iac", "plan")["changes"]
    assert (change["resource"], change["drift"]) == ("Role", "changed by hand: Policies, Tags")
    built = call("iac", "up")
    assert "Put right: Role, changed by hand: Policies, Tags." in built.stderr
    assert "reads-log-data" in iam.list_role_policies(RoleName=role)["PolicyNames"]
    assert answer("iac", "status")["drift"] == []
    assert answer("iac", "up")["action"] == "unchanged"


def test_a_role_that_was_removed_by_hand_is_made_again(aws: StandIn) -> None:
    role = iac.up(SETTINGS).resources.role_arn.rpartition("/")[2]
    iam = aws.client("iam")
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
        iam.delete_role_policy(RoleName=role, PolicyName=name)
    iam.delete_role(RoleName=role)
    assert f"Role {role}: removed" in iac.status(SETTINGS).notes[0]
    made = iac.up(SETTINGS)
    assert {one.resource: one.drift for one in made.changes}["Role"] == "removed by hand"
    assert iac.status(SETTINGS).role == made.resources.role_arn
    serverless = aws.client("redshift-serverless")
    namespace = serverless.get_namespace(namespaceName="sparkify")["namespace"]
    assert namespace["defaultIamRoleArn"] == made.resources.role_arn


def test_objects_in_the_work_bucket_go_with_it(aws: StandIn) -> None:
    bucket = iac.up(SETTINGS).resources.work_bucket
    s3 = aws.client("s3")
    for number in range(3):
        s3.put_object(Bucket=bucket, Key=f"loads/{number}", Body=b"x" * 7)
    status = iac.status(SETTINGS)
    assert status.bucket
    assert (status.bucket.objects, status.bucket.bytes) == (3, 21)
    assert iac.down(SETTINGS).objects == 3
    assert Account(aws).names()["buckets"] == []


def test_two_warehouses_in_one_account_do_not_meet(aws: StandIn) -> None:
    other = ("--redshift-workgroup", "second", "--redshift-namespace", "second")
    answer("iac", "up")
    answer("iac", "up", *other)
    assert sorted(Account(aws).names()["stacks"]) == ["sparkify", "sparkify-second"]
    answer("iac", "down", "--yes")
    assert Account(aws).names()["stacks"] == ["sparkify-second"]
    assert answer("iac", "status", *other)["workgroup"]["state"] == "AVAILABLE"
    answer("iac", "down", "--yes", *other)


def test_few_calls_and_no_waiting(aws: StandIn) -> None:
    iac.up(SETTINGS)
    assert len(aws.calls) <= 15
    before = len(aws.calls)
    iac.resources(SETTINGS)
    assert [one.operation for one in aws.calls[before:]] == ["DescribeStacks"]


# Faults of the way there


@pytest.mark.sampled(of=14)
@pytest.mark.parametrize("kind", ["throttle", "drop_before", "drop_after", "server_error"])
@pytest.mark.parametrize(
    "operation",
    [
        "cloudformation.DescribeStacks",
        "cloudformation.CreateStack",
        "cloudformation.CreateChangeSet",
        "cloudformation.DeleteStack",
        "redshift-serverless.GetWorkgroup",
        "redshift-serverless.CreateUsageLimit",
        "iam.GetRole",
    ],
)
def test_what_happens_on_the_way_does_no_harm(aws: StandIn, kind: str, operation: str) -> None:
    fault = aws.fault(kind, operation)
    iac.plan(SETTINGS)
    assert iac.up(SETTINGS).usage_limit == "created"
    names = Account(aws).names()
    assert {kind: len(found) for kind, found in names.items()} == dict.fromkeys(names, 1)
    removed = iac.down(SETTINGS)
    assert all(one.gone for one in removed.proof)
    assert not any(Account(aws).names().values())
    assert fault.struck == 1


def test_denied_access_names_the_action(aws: StandIn) -> None:
    said = "User: arn:aws:iam::1:user/x is not authorized to perform: iam:GetRole on resource: y"
    answer("iac", "up")
    aws.fault("error", "iam.GetRole", code="AccessDenied", message=said, status=403)
    error = failure_of(call("iac", "status", "--json"))
    assert error["exit_code"] == 3
    assert error["details"]["action"] == "iam:GetRole"
    assert "sparkify iac policy" in error["next_step"]


def test_an_expired_token_is_told_of(aws: StandIn) -> None:
    aws.fault("expired_token", "cloudformation.DescribeStacks")
    error = failure_of(call("iac", "up", "--json"))
    assert (error["exit_code"], "have expired" in error["reason"]) == (3, True)


def test_no_credentials(aws: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    error = failure("iac", "status")
    assert (error["exit_code"], "no AWS credentials" in error["reason"]) == (3, True)


def test_nobody_answers(aws: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sparkify.aws.ATTEMPTS", 1)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    error = failure("iac", "status")
    assert (error["exit_code"], "cannot be reached" in error["reason"]) == (5, True)


def failure_of(result: Result) -> dict[str, Any]:
    error: dict[str, Any] = json.loads(result.stdout)["error"]
    return error


# Words


def test_up_says_what_was_made_what_it_costs_and_what_is_next(aws: StandIn) -> None:
    result = call("iac", "up")
    assert result.exit_code == 0
    assert "work bucket  s3://sparkify-workbucket-" in result.stdout
    assert "a busy hour 3.00 dollars at 8 RPUs, 6.00 at most" in result.stderr
    assert "sparkify create-tables" in result.stderr
    assert "set ENGINE = redshift" not in result.stderr
    assert "Nothing to change" in call("iac", "up").stderr
    assert "set ENGINE = redshift" in call("iac", "up", "--config", os.devnull).stderr


def test_the_plan_is_loud_about_lost_tables(aws: StandIn) -> None:
    assert "+ Add     Workgroup" in call("iac", "plan").stdout
    call("iac", "up")
    result = call("iac", "plan", "--redshift-namespace", "other")
    assert "ALL TABLES WOULD BE LOST" in result.stderr
    assert "~ NamespaceName: sparkify -> other" in result.stdout
    assert call("iac", "up", "--redshift-namespace", "other").exit_code == 2
    unlimited = ("--redshift-max-capacity", "0", "--redshift-usage-limit-rpu-hours", "0")
    said = call("iac", "plan", *unlimited).stderr
    assert said.count("WITHOUT LIMIT") == 2


def test_status_says_plainly_that_nothing_is_there(aws: StandIn) -> None:
    result = call("iac", "status")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "Nothing exists and nothing costs" in result.stderr
    call("iac", "up")
    assert "8 to 16 RPUs" in call("iac", "status").stdout


def test_the_policy_is_printed(aws: StandIn) -> None:
    policy = json.loads(call("iac", "policy").stdout)
    assert policy == iac.operator_policy(SETTINGS)
    assert policy["Version"] == "2012-10-17"


# Consent


def run_down(*words: str, stdin: Any = subprocess.PIPE, said: str | None = None) -> Any:
    return subprocess.run(
        [sys.executable, str(ROOT / "iac.py"), "down", *words],
        stdin=stdin if said is None else None,
        input=said,
        capture_output=True,
        text=True,
        check=False,
    )


def test_down_asks_and_takes_the_answer_from_a_pipe(aws: StandIn) -> None:
    call("iac", "up")
    refused = run_down(said="no\n")
    assert (refused.returncode, "nothing was destroyed" in refused.stderr) == (2, True)
    assert "namespace: sparkify" in refused.stderr
    silent = run_down(stdin=subprocess.DEVNULL)
    assert (silent.returncode, "Add --yes" in silent.stderr) == (2, True)
    assert Account(aws).names()["stacks"] == ["sparkify"]
    agreed = run_down(said="yes\n")
    assert agreed.returncode == 0
    assert agreed.stdout.count(": gone") == 5
    assert "Nothing is left" in agreed.stderr
    again = run_down(stdin=subprocess.DEVNULL)
    assert (again.returncode, "nothing to remove" in again.stderr) == (0, True)


def test_a_pipe_that_stays_silent_is_no_consent(
    aws: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "_PIPE_SECONDS", 0.01)
    reading, writing = os.pipe()
    with os.fdopen(reading) as silent, os.fdopen(writing, "w"):
        monkeypatch.setattr(sys, "stdin", silent)
        assert stream.ask("Sure? ", piped=True) is None


def test_no_stdin_is_no_consent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert stream.ask("Sure? ", piped=True) is None


def test_a_snapshot_is_kept_and_said_to_cost(aws: StandIn) -> None:
    call("iac", "up")
    result = call("iac", "down", "--yes", "--keep-snapshot")
    assert result.exit_code == 0, result.output
    assert "delete-snapshot --snapshot-name sparkify-" in result.stderr
    snapshots = aws.client("redshift-serverless").list_snapshots()["snapshots"]
    assert len(snapshots) == 1
    assert snapshots[0]["snapshotName"] in result.stderr
