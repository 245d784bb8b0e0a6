"""Who signed a request, and what they may do: each IAM user is a user of the database of its own.

The key of `StandIn.environment` is nobody's user in IAM: it may do everything, and is the
administrator of the databases.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from moto.iam.models import User, iam_backends

from . import access, objects
from .errors import AwsError

KEY: ContextVar[str] = ContextVar("key", default="")
"""The access key id with which the request that is being answered was signed."""

_ACTIONS = {
    "ListObjectsV2": "ListBucket",
    "ListObjects": "ListBucket",
    "HeadBucket": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "HeadObject": "GetObject",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "DeleteObjects": "DeleteObject",
}
"""S3's operations whose action has another name (service-authorization, list_amazons3)."""


def _user() -> User | None:
    for one in iam_backends[objects.ACCOUNT]["aws"].users.values():
        if any(key.access_key_id == KEY.get() for key in one.access_keys):
            return one
    return None


def database_user() -> str:
    """The user of the database that answers to the caller, `IAM:name`; '' is the administrator."""
    user = _user()
    return f"IAM:{user.name}" if user else ""


def authorize(service: str, name: str, region: str | None, detail: Mapping[str, Any]) -> None:
    """Raise AwsError unless the caller's own policies allow an operation; no user may do all."""
    user = _user()
    if user is None or service == "sts":
        return
    action = f"{service}:{_ACTIONS.get(name, name) if service == 's3' else name}"
    resource = _resource(service, region, detail)
    if name == "DeleteObjects":
        resource += "/some-key"
    context = {"s3:prefix": detail["Prefix"]} if "Prefix" in detail else {}
    documents = [json.loads(text) for text in user.policies.values()]
    if not access.granted(documents, user.arn, action, resource, context):
        said = f"User: {user.arn} is not authorized to perform: {action} on resource: {resource}"
        if service in ("s3", "iam", "cloudformation"):
            raise AwsError("AccessDenied", said, 403)
        raise AwsError("AccessDeniedException", said)


def _resource(service: str, region: str | None, detail: Mapping[str, Any]) -> str:
    """What a policy must name; `*` for what cannot be limited."""
    here = f"arn:aws:{service}:{region}:{objects.ACCOUNT}:"
    if service == "s3":
        place = [str(detail[part]) for part in ("Bucket", "Key") if part in detail]
        return f"arn:aws:s3:::{'/'.join(place)}"
    if service == "iam" and "RoleName" in detail:
        return f"arn:aws:iam::{objects.ACCOUNT}:role/{detail['RoleName']}"
    if service == "cloudformation" and "StackName" in detail:
        stack = str(detail["StackName"])
        return stack if stack.startswith("arn:") else f"{here}stack/{stack}/id"
    if service == "redshift-serverless":
        for kind in ("workgroup", "namespace", "snapshot"):
            if f"{kind}Name" in detail:
                return f"{here}{kind}/{detail[f'{kind}Name']}"
    return "*"
