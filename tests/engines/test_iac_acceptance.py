"""The cloud from nothing to answers and back to nothing, as a user does it: only processes.

The unmodified scripts run against a stand-in in a process of its own, of which they know no more
than AWS_ENDPOINT_URL, keys in the environment, and dwh.cfg.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from sparkify import generate

ROOT = Path(__file__).parents[2]
SOURCE, SOURCE_REGION = "sparkify-acceptance", "us-west-2"
REGION = "us-east-1"
KEY, SECRET = "AKIAACCEPTANCE000000", "a-secret-that-nobody-may-see"
SETTINGS = f"""
[WAREHOUSE]
ENGINE = redshift
[S3]
LOG_DATA = s3://{SOURCE}/log_data
LOG_JSONPATH = s3://{SOURCE}/log_json_path.json
SONG_DATA = s3://{SOURCE}/song_data
REGION = {SOURCE_REGION}
[AWS]
KEY =
SECRET =
REGION = {REGION}
"""
Done = subprocess.CompletedProcess[str]


@dataclass
class Account:
    """An empty AWS account but for the source bucket, and a folder with a dwh.cfg for it."""

    url: str
    folder: Path
    truth: dict[str, Any]

    def run(self, script: str, *words: str) -> Done:
        """Run a script of the root as a user does, without anybody at the keyboard."""
        done = subprocess.run(
            [sys.executable, str(ROOT / script), *words],
            cwd=self.folder,
            env=_environment(self.url),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=1200,
            check=False,
        )
        assert "Traceback" not in done.stderr
        assert SECRET not in done.stdout + done.stderr
        return done

    def json(self, script: str, *words: str) -> Any:
        """Run a script that must succeed, with --json, and give what it answers."""
        done = self.run(script, *words, "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=self.url,
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
        )

    def holds(self) -> dict[str, list[str]]:
        """Everything in the account that this program could have made, looked up by plain boto3."""
        serverless = self.client("redshift-serverless")
        limits = serverless.list_usage_limits()["usageLimits"]
        stacks = self.client("cloudformation").describe_stacks()["Stacks"]
        return {
            "stacks": [one["StackName"] for one in stacks],
            "roles": [one["RoleName"] for one in self.client("iam").list_roles()["Roles"]],
            "buckets": sorted(
                one["Name"]
                for one in self.client("s3").list_buckets()["Buckets"]
                if one["Name"] != SOURCE
            ),
            "namespaces": [
                one["namespaceName"] for one in serverless.list_namespaces()["namespaces"]
            ],
            "workgroups": [
                one["workgroupName"] for one in serverless.list_workgroups()["workgroups"]
            ],
            "limits": [one["usageLimitId"] for one in limits],
            "snapshots": [one["snapshotName"] for one in serverless.list_snapshots()["snapshots"]],
        }


NOTHING: dict[str, list[str]] = {
    kind: []
    for kind in ("stacks", "roles", "buckets", "namespaces", "workgroups", "limits", "snapshots")
}


def _environment(url: str) -> dict[str, str]:
    """What a user's shell would have, and nothing of AWS or Sparkify that this machine has."""
    own = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "SPARKIFY_"))
    }
    return own | {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """One for all tests: each leaves it as empty as it was."""
    folder = tmp_path_factory.mktemp("acceptance")
    world = folder / "world"
    truth = generate.generate(world, generate.Options(songs=40, users=6, days=3, match_share=0.5))
    here = folder / "here"
    here.mkdir()
    (here / "dwh.cfg").write_text(SETTINGS, encoding="utf-8")
    with subprocess.Popen(
        [
            *(sys.executable, "-m", "cloud.standin"),
            *("--fill", f"{SOURCE}:{SOURCE_REGION}:{world}"),
        ],
        env=os.environ | {"PYTHONPATH": str(ROOT / "tests/support")},
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            assert server.stdout is not None
            url = server.stdout.readline().strip()
            assert url.startswith("http://127.0.0.1:")
            yield Account(url, here, truth)
        finally:
            server.terminate()
            ended = server.wait(timeout=600)
    assert ended == 0


def test_from_nothing_to_answers_and_back_to_nothing(account: Account) -> None:
    # A plan, twice: it tells what would be made and leaves nothing.
    for _ in range(2):
        plan = account.run("iac.py", "plan")
        assert plan.returncode == 0, plan.stderr
        assert "AWS::RedshiftServerless::Workgroup" in plan.stdout
        assert account.holds() == NOTHING
    assert account.run("iac.py", "status").returncode == 0
    assert account.json("iac.py", "status")["exists"] is False

    # Before it is built, a load says what to do.
    early = account.run("etl.py")
    assert early.returncode == 3
    assert "sparkify iac up" in early.stderr

    # Building, twice.
    built = account.run("iac.py")
    assert built.returncode == 0, built.stderr
    assert "sparkify create-tables" in built.stderr
    held = account.holds()
    assert {kind: len(names) for kind, names in held.items()} == {
        **dict.fromkeys(("stacks", "roles", "buckets", "namespaces", "workgroups", "limits"), 1),
        "snapshots": 0,
    }
    again = account.json("iac.py", "up")
    assert again["action"] == "unchanged"
    assert account.json("iac.py", "plan")["nothing_to_change"] is True
    assert account.holds() == held

    # What was built: as small, as limited and as tagged as it was promised.
    status = account.json("iac.py", "status")
    assert (status["exists"], status["workgroup"]["base"], status["workgroup"]["limit"]) == (
        *(True, 8, 16),
    )
    group = account.client("redshift-serverless").get_workgroup(workgroupName="sparkify")
    assert group["workgroup"]["publiclyAccessible"] is False
    _assert_least_privilege(account, held["roles"][0], held["buckets"][0])

    # Tables and a load, each twice; the second load has nothing to do and loses nothing.
    for _ in range(2):
        created = account.run("create_tables.py")
        assert created.returncode == 0, created.stderr
    loaded = account.json("etl.py")
    assert loaded["engine"] == "redshift"
    assert [answer["name"] for answer in loaded["answers"]]
    expected = {name: rows for name, rows in account.truth["tables"].items() if name != "matched"}
    assert set(expected) >= {"songplays", "users", "songs", "artists", "time"}
    assert {name: loaded["tables"][name] for name in expected} == expected
    repeated = account.json("etl.py")
    assert repeated["files"]["new"] == repeated["files"]["changed"] == 0
    assert repeated["tables"] == loaded["tables"]
    assert repeated["answers"] == []
    spoken = account.run("etl.py")
    assert (spoken.returncode, spoken.stdout) == (0, "")
    assert "Nothing new to load" in spoken.stderr

    # Removing: not without consent, then wholly, then once more.
    refused = account.run("iac.py", "down")
    assert refused.returncode == 2
    assert "--yes" in refused.stderr
    assert account.holds() == held
    removed = account.json("iac.py", "down", "--yes")
    assert removed["nothing_left"] is True
    assert {one["kind"] for one in removed["proof"] if one["gone"]} == {
        *("stack", "workgroup", "namespace", "role", "bucket"),
    }
    assert account.holds() == NOTHING
    nothing = account.run("iac.py", "down", "--yes")
    assert nothing.returncode == 0, nothing.stderr
    assert "nothing to remove" in nothing.stderr.lower()
    assert account.json("iac.py", "status")["exists"] is False

    # The source was only read.
    objects = account.client("s3").list_objects_v2(Bucket=SOURCE)
    assert objects["KeyCount"] == 40 + 3 + 2  # songs, days, log_json_path.json and truth.json


def _assert_least_privilege(account: Account, role: str, work_bucket: str) -> None:
    """The role reads its sources and its own bucket, may write only there, and delete nowhere."""
    iam = account.client("iam")
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    found = [iam.get_role_policy(RoleName=role, PolicyName=name) for name in names]
    statements = [one for each in found for one in _document(each["PolicyDocument"])["Statement"]]
    granted: dict[str, set[str]] = {}
    for one in statements:
        assert one["Effect"] == "Allow"
        for action in _many(one["Action"]):
            granted.setdefault(action, set()).update(_many(one["Resource"]))
    source, work = f"arn:aws:s3:::{SOURCE}", f"arn:aws:s3:::{work_bucket}"
    read = {f"{source}/{key}" for key in ("log_data", "log_json_path.json", "song_data")}
    assert granted == {
        "s3:GetBucketLocation": {source, work},
        "s3:ListBucket": {source, work},
        "s3:GetObject": {*read, *(f"{one}/*" for one in read), f"{work}/*"},
        "s3:PutObject": {f"{work}/*"},
    }
    listed = [one for one in statements if "s3:ListBucket" in _many(one["Action"])]
    assert all("Condition" in one for one in listed if one["Resource"] == source)
    assert iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"] == []


def _document(policy: Any) -> Any:
    """Moto shows what stands within a role in a template as Python writes it, not as JSON."""
    return ast.literal_eval(policy) if isinstance(policy, str) else policy


def _many(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def test_a_stack_of_somebody_else_survives(account: Account) -> None:
    template = {"Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}}}
    cloudformation = account.client("cloudformation")
    cloudformation.create_stack(StackName="sparkify", TemplateBody=json.dumps(template))
    held = account.holds()
    for words in (["plan"], ["up"], ["down", "--yes"]):
        done = account.run("iac.py", *words)
        assert done.returncode == 3, (words, done.stderr)
        assert "was not touched" in done.stderr
    assert account.holds() == held
    cloudformation.delete_stack(StackName="sparkify")
    assert account.holds() == NOTHING


def test_without_credentials_the_scripts_say_how_to_sign_in(account: Account) -> None:
    environ = {
        name: value
        for name, value in _environment(account.url).items()
        if name not in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    }
    done = subprocess.run(
        [sys.executable, str(ROOT / "iac.py")],
        cwd=account.folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 3
    assert "credentials" in done.stderr
    with pytest.raises(ClientError):
        account.client("cloudformation").describe_stacks(StackName="sparkify")
