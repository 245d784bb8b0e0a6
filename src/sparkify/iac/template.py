"""What is to exist: the CloudFormation template with its parameters, and who may do what.

`infrastructure.yaml` is the template. A policy document says in IAM's language what the template
says in CloudFormation's (IAM/latest/UserGuide/reference_policies_grammar.html); a test compares
the two.
"""

from __future__ import annotations

import re
from importlib import resources as package_data
from typing import TYPE_CHECKING, Any

from ..aws import partition
from ..util_s3 import Location, parse
from ..util_s3.listing import SCHEME

if TYPE_CHECKING:
    from ..config import Settings

Document = dict[str, Any]

PROJECT = "sparkify"
TAGS = {"project": PROJECT}
OUTPUTS = ("RoleArn", "WorkBucket", "Workgroup", "Namespace", "Database")
# A role with a name of its own needs the stronger one, which includes the other
# (AWSCloudFormation/latest/APIReference/API_CreateStack.html, Capabilities).
CAPABILITIES = ("CAPABILITY_NAMED_IAM",)
PRINCIPALS = ("redshift-serverless.amazonaws.com", "redshift.amazonaws.com")
"""Who assumes the role: Serverless itself, and Serverless where it acts as Redshift
(redshift/latest/mgmt/serverless-iam.html)."""

# The template is read as text: it has tags of CloudFormation's own, which no YAML reader knows.
_TYPE = re.compile(r"^  (\w+):\n    Type: (AWS::\S+)$", re.MULTILINE)
# IAM/latest/UserGuide/reference_policies_variables.html: how to escape these characters.
_SPECIAL = str.maketrans({"*": "${*}", "?": "${?}", "$": "${$}"})
_WHOLE_STACK_NAME = 24


# The template


def template() -> str:
    """Return the text of the template."""
    path = package_data.files(__package__.rpartition(".")[0]) / "infrastructure.yaml"
    return path.read_text(encoding="utf-8")


def stack_name(settings: Settings) -> str:
    """Return the stack's name: `sparkify-WORKGROUP`, or WORKGROUP if that begins with sparkify."""
    workgroup = settings.redshift_workgroup
    own = workgroup == PROJECT or workgroup.startswith(f"{PROJECT}-")
    return workgroup if own else f"{PROJECT}-{workgroup}"


def parameters(settings: Settings) -> dict[str, str]:
    """Return every parameter of the template: an update resets those left out to their default.

    (AWSCloudFormation/latest/APIReference/API_Parameter.html)
    """
    here = f":kms:{settings.aws_region}:" in settings.s3_kms_key
    given = {
        "NamespaceName": settings.redshift_namespace,
        "WorkgroupName": settings.redshift_workgroup,
        "DatabaseName": settings.redshift_database,
        "BaseCapacity": str(settings.redshift_base_capacity),
        "MaxCapacity": str(settings.redshift_max_capacity),
        "RoleName": settings.iam_role_name,
        "KmsKey": settings.s3_kms_key,
        "BucketKmsKey": settings.s3_kms_key if here else "",
    }
    sources = zip(("LogData", "JsonPaths", "SongData"), _sources(settings), strict=True)
    for name, address in sources:
        place = parse(address) if address.startswith(SCHEME) else None
        given[f"{name}Bucket"] = place.bucket if place else ""
        given[f"{name}Key"] = key_pattern(place) if place else "*"
    return given


def declared() -> dict[str, str]:
    """Return the resources that the template creates, with their types."""
    return dict(_TYPE.findall(template()))


# Policies


def key_pattern(location: Location) -> str:
    """Return the key of a source as a policy names it: `*` for a whole bucket.

    Together with `pattern/*` it matches what is at the address and below it, and nothing beside
    it: never `log_data2` for `log_data`.
    """
    return location.key.rstrip("/").translate(_SPECIAL) or "*"


def source_reading(address: str, region: str) -> Document:
    """Return the right to list and read what is at and below an s3:// address, and nothing else.

    Listing is allowed on the bucket, reading on the objects: the two levels of S3's ARNs
    (redshift/latest/dg/copy-usage_notes-access-permissions.html).
    Raises SettingsError when it is not an s3:// address.
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


def operator_policy(settings: Settings) -> Document:
    """Return the rights to build, use and remove one warehouse, instead of AdministratorAccess.

    CloudFormation acts with the rights of its caller, so that these include what its resource
    types need (cloudformation: schemas of the types, `handlers`).
    """
    stack, region = stack_name(settings), settings.aws_region
    here = f"{region}:*"
    # CloudFormation cuts a long stack's name to fit the names that it generates from it.
    whole = len(stack) <= _WHOLE_STACK_NAME
    made, cut = f"{stack}-{{}}-*", f"{stack[:_WHOLE_STACK_NAME]}*"
    work = _bucket(made.format("workbucket") if whole else cut.lower(), region)
    roles = f"arn:{partition(region)}:iam::*:role"
    own_role = f"{roles}/{settings.iam_role_name or (made.format('Role') if whole else cut)}"
    serverless = f"arn:{partition(region)}:redshift-serverless:{here}"
    passed = {"StringEquals": {"iam:PassedToService": list(PRINCIPALS)}}
    linked = {"StringEquals": {"iam:AWSServiceName": "redshift.amazonaws.com"}}
    service_role = f"{roles}/aws-service-role/redshift.amazonaws.com/*"
    key = settings.s3_kms_key
    read = [one for one in dict.fromkeys(_sources(settings)) if one.startswith(SCHEME)]
    return _document(
        _allow(_STACK, f"arn:{partition(region)}:cloudformation:{here}:stack/{stack}/*"),
        _allow(_ROLE, own_role),
        _allow("iam:PassRole", own_role, passed),
        _allow("iam:CreateServiceLinkedRole", service_role, linked),
        _allow(_SERVERLESS, [f"{serverless}:{one}/*" for one in _SERVERLESS_KINDS]),
        _allow([*_UNLIMITED, *_DATA_API, *_NETWORK, "sts:GetCallerIdentity"], "*"),
        _allow(_WORK_BUCKET, work),
        _allow(_WORK_OBJECTS, f"{work}/*"),
        *([_allow(["kms:Decrypt", "kms:GenerateDataKey"], key)] if key else []),
        *(one for address in read for one in source_reading(address, region)["Statement"]),
    )


def _actions(service: str, names: str) -> list[str]:
    return [f"{service}:{name}" for name in names.split()]


_STACK = _actions(
    "cloudformation",
    "ContinueUpdateRollback CreateChangeSet CreateStack DeleteChangeSet DeleteStack"
    " DescribeChangeSet DescribeEvents DescribeStackEvents DescribeStackResourceDrifts"
    " DescribeStackResources DescribeStacks DetectStackDrift DetectStackResourceDrift"
    " ExecuteChangeSet ListChangeSets TagResource",
)
_ROLE = _actions(
    "iam",
    "CreateRole DeleteRole DeleteRolePolicy GetRole GetRolePolicy ListAttachedRolePolicies"
    " ListRolePolicies ListRoleTags PutRolePolicy TagRole UntagRole UpdateAssumeRolePolicy"
    " UpdateRole UpdateRoleDescription",
)
_SERVERLESS_KINDS = ("namespace", "workgroup", "snapshot")
_SERVERLESS = _actions(
    "redshift-serverless",
    "CreateNamespace CreateSnapshot CreateWorkgroup DeleteNamespace DeleteWorkgroup GetCredentials"
    " GetNamespace GetSnapshot GetWorkgroup ListSnapshotCopyConfigurations ListTagsForResource"
    " TagResource UntagResource UpdateNamespace UpdateWorkgroup",
)
# These cannot be limited to a resource (service-authorization/latest/reference,
# list_amazonredshiftserverless.html).
_UNLIMITED = [
    *_actions(
        "redshift-serverless",
        "CreateUsageLimit DeleteUsageLimit ListUsageLimits UpdateUsageLimit",
    ),
    "cloudformation:BatchDescribeTypeConfigurations",
    "cloudformation:DescribeStackDriftDetectionStatus",
    "redshift:GetResourcePolicy",
]
_DATA_API = _actions(
    "redshift-data",
    "BatchExecuteStatement CancelStatement DescribeStatement ExecuteStatement GetStatementResult"
    " ListStatements",
)
_NETWORK = _actions(
    "ec2",
    "DescribeAccountAttributes DescribeAddresses DescribeAvailabilityZones DescribeInternetGateways"
    " DescribeSecurityGroups DescribeSubnets DescribeVpcAttribute DescribeVpcs",
)
# Drift detection reads every configuration that a bucket can have.
_WORK_BUCKET = _actions(
    "s3",
    "CreateBucket DeleteBucket DeleteBucketTagging GetAccelerateConfiguration"
    " GetAnalyticsConfiguration GetBucketCORS GetBucketLocation GetBucketLogging"
    " GetBucketMetadataTableConfiguration GetBucketNotification GetBucketObjectLockConfiguration"
    " GetBucketOwnershipControls GetBucketPublicAccessBlock GetBucketTagging GetBucketVersioning"
    " GetBucketWebsite GetEncryptionConfiguration GetIntelligentTieringConfiguration"
    " GetInventoryConfiguration GetLifecycleConfiguration GetMetricsConfiguration"
    " GetReplicationConfiguration ListBucket ListBucketMultipartUploads ListBucketVersions"
    " ListTagsForResource PutBucketOwnershipControls PutBucketPublicAccessBlock PutBucketTagging"
    " PutEncryptionConfiguration PutLifecycleConfiguration TagResource UntagResource",
)
_WORK_OBJECTS = _actions(
    "s3", "AbortMultipartUpload DeleteObject DeleteObjectVersion GetObject PutObject"
)


def _sources(settings: Settings) -> tuple[str, str, str]:
    return settings.log_data, settings.log_jsonpath, settings.song_data


def _bucket(name: str, region: str) -> str:
    return f"arn:{partition(region)}:s3:::{name}"


def _allow(
    action: str | list[str], resource: str | list[str], condition: Document | None = None
) -> Document:
    statement: Document = {"Effect": "Allow", "Action": action, "Resource": resource}
    return statement | ({"Condition": condition} if condition else {})


def _document(*statements: Document) -> Document:
    return {"Version": "2012-10-17", "Statement": list(statements)}
