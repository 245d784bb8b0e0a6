"""The policy documents: what they allow, what they do not, and that the template says the same."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from resolved_template import resolved
from sparkify import aws
from sparkify.config import Settings
from sparkify.errors import SettingsError
from sparkify.iac import template as policy
from sparkify.util_s3 import parse

REGIONS = {"us-east-1": "aws", "cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov"}
SETTINGS = Settings(
    engine="redshift",
    log_data="s3://udacity-dend/log_data",
    log_jsonpath="s3://other-bucket/log_json_path.json",
    song_data="s3://udacity-dend/song_data/",
)


def matches(pattern: str, text: str) -> bool:
    """Match as IAM does: `*` and `?` are wild, `${*}` is a star."""
    parts = re.split(r"(\$\{[*?$]\})", pattern)
    expression = "".join(
        re.escape(one[2])
        if one.startswith("${")
        else re.escape(one).replace(r"\*", ".*").replace(r"\?", ".")
        for one in parts
    )
    return re.fullmatch(expression, text, re.DOTALL) is not None


def allowed(document: policy.Document, action: str, resource: str, prefix: str = "") -> bool:
    """Decide as IAM does for these documents, which only allow."""
    for one in document["Statement"]:
        assert one["Effect"] == "Allow"
        conditions = one.get("Condition", {}).get("StringLike", {}).get("s3:prefix", ["*"])
        if (
            any(matches(each, action) for each in _list(one["Action"]))
            and any(matches(each, resource) for each in _list(one["Resource"]))
            and any(matches(each, prefix) for each in conditions)
        ):
            return True
    return False


def _list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize(("region", "expected"), REGIONS.items())
def test_the_partition_follows_the_region(region: str, expected: str) -> None:
    assert aws.partition(region) == expected
    assert f"arn:{expected}:s3:::bbb" in json.dumps(policy.source_reading("s3://bbb/k", region))


def trust() -> policy.Document:
    """Who may assume the warehouse's role."""
    principal = {"Service": ["redshift-serverless.amazonaws.com", "redshift.amazonaws.com"]}
    return _document({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"})


def work_bucket(bucket: str) -> policy.Document:
    """The rights that COPY and UNLOAD need on the work bucket; neither deletes. bucket: its ARN."""
    listing = ["s3:GetBucketLocation", "s3:ListBucket"]
    contents = ["s3:GetObject", "s3:PutObject"]
    return _document(
        {"Effect": "Allow", "Action": listing, "Resource": bucket},
        {"Effect": "Allow", "Action": contents, "Resource": f"{bucket}/*"},
    )


def _document(*statements: policy.Document) -> policy.Document:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def test_only_redshift_may_assume_the_role() -> None:
    statement = trust()["Statement"]
    assert len(statement) == 1
    assert statement[0]["Principal"] == {
        "Service": ["redshift-serverless.amazonaws.com", "redshift.amazonaws.com"]
    }
    assert statement[0]["Action"] == "sts:AssumeRole"


@pytest.mark.parametrize("address", ["s3://bbb/log_data", "s3://bbb/log_data/"])
@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("log_data/2018/11/a.json", True),
        ("log_data", True),
        ("log_data2/a.json", False),
        ("log_data.bak", False),
        ("log", False),
        ("other/log_data/a", False),
    ],
)
def test_exactly_the_folder_may_be_read(address: str, key: str, expected: bool) -> None:
    document = policy.source_reading(address, "us-east-1")
    assert allowed(document, "s3:GetObject", f"arn:aws:s3:::bbb/{key}") is expected
    assert not allowed(document, "s3:GetObject", f"arn:aws:s3:::other/{key}")
    assert not allowed(document, "s3:PutObject", f"arn:aws:s3:::bbb/{key}")


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("log_data/", True),
        ("log_data/2018/11/2018-11-0", True),
        ("log_data", True),
        ("log_data2", False),
        ("", False),
        ("log", False),
    ],
)
def test_exactly_the_folder_may_be_listed(prefix: str, expected: bool) -> None:
    document = policy.source_reading("s3://bbb/log_data", "us-east-1")
    assert allowed(document, "s3:ListBucket", "arn:aws:s3:::bbb", prefix) is expected
    assert not allowed(document, "s3:ListBucket", "arn:aws:s3:::bbb/log_data", prefix)
    assert allowed(document, "s3:GetBucketLocation", "arn:aws:s3:::bbb")


def test_a_whole_bucket_may_be_read() -> None:
    document = policy.source_reading("s3://bbb", "us-east-1")
    assert allowed(document, "s3:GetObject", "arn:aws:s3:::bbb/any/thing")
    assert allowed(document, "s3:ListBucket", "arn:aws:s3:::bbb", "")
    assert not allowed(document, "s3:GetObject", "arn:aws:s3:::bbbb/any")


@pytest.mark.parametrize("key", ["a*b", "a?b", "a$b", "${x}"])
def test_what_is_wild_to_iam_stands_for_itself(key: str) -> None:
    document = policy.source_reading(f"s3://bbb/{key}", "us-east-1")
    assert allowed(document, "s3:GetObject", f"arn:aws:s3:::bbb/{key}")
    assert not allowed(document, "s3:GetObject", f"arn:aws:s3:::bbb/{key[:1]}X{key[2:]}")


def test_no_address_is_refused() -> None:
    with pytest.raises(SettingsError):
        policy.source_reading("data/log_data", "us-east-1")


def test_the_work_bucket_may_be_read_and_written_and_no_other() -> None:
    document = work_bucket("arn:aws:s3:::work")
    for action in ("s3:GetObject", "s3:PutObject"):
        assert allowed(document, action, "arn:aws:s3:::work/a/b")
        assert not allowed(document, action, "arn:aws:s3:::works/a/b")
        assert not allowed(document, action, "arn:aws:s3:::work")
    assert allowed(document, "s3:ListBucket", "arn:aws:s3:::work", "any")
    assert not allowed(document, "s3:DeleteBucket", "arn:aws:s3:::work")


# The operator


def test_the_operator_may_do_what_the_commands_call() -> None:
    document = policy.operator_policy(SETTINGS)
    stack = "arn:aws:cloudformation:us-east-1:1:stack/sparkify/x"
    for action in (
        *("CreateStack", "DeleteStack", "DescribeStacks", "DescribeStackEvents"),
        *("CreateChangeSet", "DescribeChangeSet", "DeleteChangeSet", "ListChangeSets"),
        *("DescribeStackResources", "ContinueUpdateRollback", "DescribeEvents"),
        *("ExecuteChangeSet", "DetectStackDrift", "DescribeStackResourceDrifts"),
    ):
        assert allowed(document, f"cloudformation:{action}", stack), action
        assert not allowed(document, f"cloudformation:{action}", stack.replace("sparkify", "x"))
    role = "arn:aws:iam::1:role/sparkify-Role-1ABC"
    for action in (
        *("CreateRole", "DeleteRole", "GetRole", "PutRolePolicy", "PassRole"),
        *("TagRole", "UntagRole", "ListRoleTags"),
    ):
        assert allowed(document, f"iam:{action}", role), action
        assert not allowed(document, f"iam:{action}", "arn:aws:iam::1:role/admin")
    here = "arn:aws:redshift-serverless:us-east-1:1"
    for action in ("CreateWorkgroup", "GetWorkgroup", "UpdateWorkgroup", "CreateUsageLimit"):
        assert allowed(document, f"redshift-serverless:{action}", f"{here}:workgroup/x"), action
    for action in ("CreateNamespace", "GetNamespace", "CreateSnapshot"):
        assert allowed(document, f"redshift-serverless:{action}", f"{here}:namespace/x"), action
    for action in ("ListUsageLimits", "UpdateUsageLimit", "DeleteUsageLimit"):
        assert allowed(document, f"redshift-serverless:{action}", "*"), action
    bucket = "arn:aws:s3:::sparkify-workbucket-1"
    for action in (
        *("CreateBucket", "DeleteBucket", "ListBucket", "ListBucketVersions"),
        *("TagResource", "UntagResource", "ListTagsForResource"),
        *("PutBucketTagging", "GetBucketTagging", "DeleteBucketTagging"),
    ):
        assert allowed(document, f"s3:{action}", bucket), action
        for other in ("somebody-elses", "sparkify-source"):
            assert not allowed(document, f"s3:{action}", f"arn:aws:s3:::{other}")
    assert allowed(document, "s3:DeleteObjectVersion", f"{bucket}/x")
    assert not allowed(document, "s3:DeleteObject", "arn:aws:s3:::udacity-dend/log_data/x")
    assert allowed(document, "s3:GetObject", "arn:aws:s3:::udacity-dend/log_data/x")


def test_the_operator_is_no_administrator() -> None:
    document = policy.operator_policy(SETTINGS)
    for one in document["Statement"]:
        assert not any("*" in action for action in _list(one["Action"])), one
    assert not allowed(document, "iam:CreateUser", "*")
    assert len(json.dumps(document, separators=(",", ":"))) < 6_144  # of a managed policy
    passing = next(one for one in document["Statement"] if one["Action"] == "iam:PassRole")
    assert "redshift.amazonaws.com" in json.dumps(passing["Condition"])


def test_a_long_name_of_a_stack_is_cut_as_cloudformation_may_cut_it() -> None:
    stack = "sparkify-" + "x" * 50
    text = json.dumps(policy.operator_policy(replace(SETTINGS, redshift_workgroup=stack)))
    assert f"arn:aws:s3:::{stack[:24]}*" in text
    assert f":role/{stack[:24]}*" in text
    assert f":stack/{stack}/*" in text


# The template


@pytest.mark.parametrize("region", REGIONS)
def test_the_template_says_the_same(region: str) -> None:
    role = resolved(SETTINGS, region)["Role"]["Properties"]
    assert role["AssumeRolePolicyDocument"] == trust()
    assert {one["PolicyName"]: one["PolicyDocument"] for one in role["Policies"]} == {
        "uses-work-bucket": work_bucket(f"arn:{aws.partition(region)}:s3:::WorkBucket"),
        "reads-log-data": policy.source_reading(SETTINGS.log_data, region),
        "reads-json-paths": policy.source_reading(SETTINGS.log_jsonpath, region),
        "reads-song-data": policy.source_reading(SETTINGS.song_data, region),
    }


KEY = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab"


@pytest.mark.parametrize(("region", "encrypts"), [("us-east-1", True), ("us-west-2", False)])
def test_a_kms_key_may_be_used_and_encrypts_the_bucket_of_its_region(
    region: str, encrypts: bool
) -> None:
    settings = replace(SETTINGS, s3_kms_key=KEY, aws_region=region)
    made = resolved(settings, region)
    document = made["Role"]["Properties"]["Policies"][-1]["PolicyDocument"]
    for given in (document, policy.operator_policy(settings)):
        for action in ("kms:Decrypt", "kms:GenerateDataKey"):
            assert allowed(given, action, KEY)
            assert not allowed(given, action, KEY.replace("1234abcd", "other"))
    (rule,) = made["WorkBucket"]["Properties"]["BucketEncryption"][
        "ServerSideEncryptionConfiguration"
    ]
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
    assert rule["ServerSideEncryptionByDefault"] == (
        default if encrypts else {"SSEAlgorithm": "AES256"}
    )
    assert rule.get("BucketKeyEnabled") is (True if encrypts else None)


def test_without_a_kms_key_no_policy_names_one() -> None:
    assert "kms:" not in json.dumps(
        [resolved(SETTINGS, "us-east-1"), policy.operator_policy(SETTINGS)]
    )


def test_what_is_not_in_s3_has_no_policy() -> None:
    local = Settings(log_data="data/log_data", log_jsonpath="", song_data="s3://b-1/song_data")
    policies = resolved(local, "us-east-1")["Role"]["Properties"]["Policies"]
    assert [one["PolicyName"] for one in policies] == ["uses-work-bucket", "reads-song-data"]


def test_a_key_of_an_address_is_the_key_of_the_policy() -> None:
    assert policy.key_pattern(parse("s3://bbb/a/b/")) == "a/b"
    assert policy.key_pattern(parse("s3://bbb")) == "*"
