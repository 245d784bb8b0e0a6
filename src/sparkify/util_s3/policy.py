"""IAM policy documents: who may use the warehouse's role, what the role may, and who builds it.

Pure functions; infrastructure.yaml says the same in CloudFormation's words, and a test holds the
two together. Documents are in the form of IAM's policy language (IAM/latest/UserGuide/
reference_policies_grammar.html).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..aws import partition
from .addresses import SCHEME, Location, parse

Document = dict[str, Any]

PRINCIPALS = ("redshift-serverless.amazonaws.com", "redshift.amazonaws.com")
"""Who assumes the role: Serverless itself, and Serverless where it acts as Redshift
(redshift/latest/mgmt/serverless-iam.html)."""
_VERSION = "2012-10-17"
# IAM/latest/UserGuide/reference_policies_variables.html: how to write these characters themselves.
_SPECIAL = str.maketrans({"*": "${*}", "?": "${?}", "$": "${$}"})


def trust() -> Document:
    """Say who may assume the warehouse's role."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": list(PRINCIPALS)},
        "Action": "sts:AssumeRole",
    }
    return _document(statement)


def key_pattern(location: Location) -> str:
    """Give the key of a source as a policy names it: `*` for a whole bucket.

    Together with `pattern/*` it matches what is at the address and below it, and nothing beside
    it: never `log_data2` for `log_data`.
    """
    return location.key.rstrip("/").translate(_SPECIAL) or "*"


def source_reading(address: str, region: str) -> Document:
    """Allow to list and read what is at and below one s3:// address, and nothing else.

    Listing is allowed on the bucket, reading on the objects: the two levels of S3's ARNs
    (redshift/latest/dg/copy-usage_notes-access-permissions.html).
    Raises SettingsError when it is no address.
    """
    location = parse(address)
    bucket = _bucket(location.bucket, region)
    key = key_pattern(location)
    below = [key, f"{key}/*"]
    return _document(
        _allow("s3:GetBucketLocation", bucket),
        _allow("s3:ListBucket", bucket, {"StringLike": {"s3:prefix": below}}),
        _allow("s3:GetObject", [f"{bucket}/{one}" for one in below]),
    )


def work_bucket(name: str, region: str) -> Document:
    """Allow what COPY and UNLOAD do with the work bucket; neither deletes."""
    bucket = _bucket(name, region)
    return _document(
        _allow(["s3:GetBucketLocation", "s3:ListBucket"], bucket),
        _allow(["s3:GetObject", "s3:PutObject"], f"{bucket}/*"),
    )


def operator(
    stack: str, region: str, sources: Iterable[str], *, account: str = "*", role: str = ""
) -> Document:
    """Allow what it takes to build, use and remove one warehouse, instead of AdministratorAccess.

    CloudFormation acts with the rights of who calls it, so that these are also the rights that its
    resource types need (cloudformation: schemas of the types, `handlers`).
    stack: the name of the stack. sources: the s3:// addresses that are read; others are passed
    over. account: its number; `*` is any. role: the role's name, when the settings fix it.
    """
    part = partition(region)
    here = f"{region}:{account}"
    # CloudFormation cuts a long stack's name to fit the names that it makes of it.
    made = f"{stack}-*" if len(stack) <= _WHOLE_STACK_NAME else f"{stack[:_WHOLE_STACK_NAME]}*"
    work = _bucket(made.lower(), region)
    roles = f"arn:{part}:iam::{account}:role"
    own_role = f"{roles}/{role or made}"
    serverless = f"arn:{part}:redshift-serverless:{here}"
    passed = {"StringEquals": {"iam:PassedToService": list(PRINCIPALS)}}
    linked = {"StringEquals": {"iam:AWSServiceName": "redshift.amazonaws.com"}}
    service_role = f"{roles}/aws-service-role/redshift.amazonaws.com/*"
    read = [one for one in dict.fromkeys(sources) if one.startswith(SCHEME)]
    return _document(
        _allow(_STACK, f"arn:{part}:cloudformation:{here}:stack/{stack}/*"),
        _allow(_ROLE, own_role),
        _allow("iam:PassRole", own_role, passed),
        _allow("iam:CreateServiceLinkedRole", service_role, linked),
        _allow(_SERVERLESS, [f"{serverless}:{one}/*" for one in _SERVERLESS_KINDS]),
        _allow([*_UNLIMITED, *_DATA_API, *_NETWORK, "sts:GetCallerIdentity"], "*"),
        _allow(_WORK_BUCKET, work),
        _allow(_WORK_OBJECTS, f"{work}/*"),
        *(one for address in read for one in source_reading(address, region)["Statement"]),
    )


_WHOLE_STACK_NAME = 24
_STACK = [
    "cloudformation:ContinueUpdateRollback",
    "cloudformation:CreateChangeSet",
    "cloudformation:CreateStack",
    "cloudformation:DeleteChangeSet",
    "cloudformation:DeleteStack",
    "cloudformation:DescribeChangeSet",
    "cloudformation:DescribeEvents",
    "cloudformation:DescribeStackEvents",
    "cloudformation:DescribeStacks",
    "cloudformation:ListChangeSets",
    "cloudformation:ListStackResources",
    "cloudformation:TagResource",
    "cloudformation:UpdateStack",
]
_ROLE = [
    "iam:CreateRole",
    "iam:DeleteRole",
    "iam:DeleteRolePolicy",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
    "iam:PutRolePolicy",
    "iam:TagRole",
    "iam:UntagRole",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateRole",
    "iam:UpdateRoleDescription",
]
_SERVERLESS_KINDS = ("namespace", "workgroup", "snapshot")
_SERVERLESS = [
    "redshift-serverless:CreateNamespace",
    "redshift-serverless:CreateSnapshot",
    "redshift-serverless:CreateWorkgroup",
    "redshift-serverless:DeleteNamespace",
    "redshift-serverless:DeleteWorkgroup",
    "redshift-serverless:GetCredentials",
    "redshift-serverless:GetNamespace",
    "redshift-serverless:GetSnapshot",
    "redshift-serverless:GetWorkgroup",
    "redshift-serverless:ListSnapshotCopyConfigurations",
    "redshift-serverless:ListTagsForResource",
    "redshift-serverless:TagResource",
    "redshift-serverless:UntagResource",
    "redshift-serverless:UpdateNamespace",
    "redshift-serverless:UpdateWorkgroup",
]
# These cannot be limited to a resource (service-authorization/latest/reference,
# list_amazonredshiftserverless.html).
_UNLIMITED = [
    "redshift-serverless:CreateUsageLimit",
    "redshift-serverless:DeleteUsageLimit",
    "redshift-serverless:ListUsageLimits",
    "redshift-serverless:UpdateUsageLimit",
    "redshift:GetResourcePolicy",
]
_DATA_API = [
    "redshift-data:BatchExecuteStatement",
    "redshift-data:CancelStatement",
    "redshift-data:DescribeStatement",
    "redshift-data:ExecuteStatement",
    "redshift-data:GetStatementResult",
    "redshift-data:ListStatements",
]
_NETWORK = [
    "ec2:DescribeAccountAttributes",
    "ec2:DescribeAddresses",
    "ec2:DescribeAvailabilityZones",
    "ec2:DescribeInternetGateways",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcAttribute",
    "ec2:DescribeVpcs",
]
_WORK_BUCKET = [
    "s3:CreateBucket",
    "s3:DeleteBucket",
    "s3:GetBucketLocation",
    "s3:GetBucketOwnershipControls",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketTagging",
    "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration",
    "s3:ListBucket",
    "s3:ListBucketMultipartUploads",
    "s3:ListBucketVersions",
    "s3:PutBucketOwnershipControls",
    "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketTagging",
    "s3:PutEncryptionConfiguration",
    "s3:PutLifecycleConfiguration",
]
_WORK_OBJECTS = [
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:GetObject",
    "s3:PutObject",
]


def _bucket(name: str, region: str) -> str:
    return f"arn:{partition(region)}:s3:::{name}"


def _allow(
    action: str | list[str], resource: str | list[str], condition: Document | None = None
) -> Document:
    statement: Document = {"Effect": "Allow", "Action": action, "Resource": resource}
    return statement | ({"Condition": condition} if condition else {})


def _document(*statements: Document) -> Document:
    return {"Version": _VERSION, "Statement": list(statements)}
