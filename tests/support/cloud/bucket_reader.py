"""S3 as COPY and UNLOAD reach it: in the role's name, with its rights, in one Region."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from . import access, objects
from .context import Context
from .errors import RedshiftError, detailed
from .faults import Fault

_SLOW = "Please reduce your request rate."


def service_error(message: str, status: int, code: str, context: str) -> RedshiftError:
    """What Redshift says when S3 refuses."""
    text = (
        f"S3ServiceException:{message},Status {status},Error {code},Rid 4A1B2C3D4E5F6071,"
        "ExtRid c3RhbmQtaW4=,CanRetry 1"
    )
    return detailed(text, 8001, context)


def split_address(address: str) -> tuple[str, str]:
    """Bucket and key (or prefix) of s3://bucket/key."""
    parts = urlsplit(address, allow_fragments=False)
    if parts.scheme != "s3" or not parts.netloc:
        raise detailed("Invalid S3 path: the path must be s3://bucket/key", 8001, address)
    return parts.netloc, address[len("s3://") + len(parts.netloc) + 1 :]


class BucketReader:
    """Assumes a role ("default" or an ARN) and reads and writes as it may.

    region: of the buckets; the warehouse's own unless the statement says REGION.
    """

    def __init__(self, context: Context, role: str, region: str | None) -> None:
        self._context = context
        self._region = region or context.region
        self.role = self._assumed(role)

    def _assumed(self, role: str) -> str:
        namespace = self._context.namespace
        if role == "default":
            role = str(namespace.get("defaultIamRoleArn") or "")
            if not role:
                raise RedshiftError(
                    "ERROR: The default IAM role is not set: no default IAM role is associated"
                    " with the namespace"
                )
        if "," in role:
            raise RedshiftError("ERROR: the stand-in knows no chained roles")
        struck = self._context.strike("copy.AssumeRole", role)
        attached = any(
            role == one or f"iamRoleArn={role})" in one or f"iamRoleArn={role}," in one
            for one in namespace.get("iamRoles", [])
        )
        arn = str(namespace.get("namespaceArn", ""))
        if (
            not attached
            or objects.role(role) is None
            or not access.assumable(role, "redshift-serverless.amazonaws.com", arn)
            or any(fault.kind == "not_assumable" for fault in struck)
        ):
            user = (
                f"arn:aws:redshift:{self._context.region}:{objects.ACCOUNT}:dbuser:"
                f"serverless-{namespace.get('namespaceId', '')}/IAM:tester"
            )
            message = f"User {user} is not authorized to assume IAM Role {role}"
            raise detailed(message, 8001, f"IAM Role={role}")
        return role

    def found(self, address: str) -> list[tuple[str, str]]:
        """Bucket and key of every object under a prefix, as pure text: a folder is none."""
        bucket, prefix = split_address(address)
        context = f"Listing bucket={bucket} prefix={prefix}"
        struck = self._strike("copy.List", address, context)
        self._in_region(bucket, context)
        self._allowed("s3:ListBucket", f"arn:aws:s3:::{bucket}", context, {"s3:prefix": prefix})
        found = [(bucket, key) for key in objects.keys(bucket, prefix)]
        _after(struck)
        if not found:
            raise detailed(f"The specified S3 prefix '{prefix}' does not exist", 8001, context)
        return found

    def read(self, bucket: str, key: str) -> bytes:
        """The content of an object. Raises RedshiftError when there is none or it is denied."""
        context = f"S3 key being read : s3://{bucket}/{key}"
        struck = self._strike("copy.GetObject", f"s3://{bucket}/{key}", context)
        self._in_region(bucket, context)
        self._allowed("s3:GetObject", f"arn:aws:s3:::{bucket}/{key}", context, {})
        content = objects.get(bucket, key)
        if content is None:
            raise service_error("The specified key does not exist.", 404, "NoSuchKey", context)
        _after(struck)
        return content

    def there(self, bucket: str, key: str) -> bool:
        """Whether there is an object of that key."""
        return objects.get(bucket, key) is not None

    def write(self, bucket: str, key: str, content: bytes) -> None:
        """Write an object."""
        context = f"S3 key being written : s3://{bucket}/{key}"
        struck = self._strike("unload.PutObject", f"s3://{bucket}/{key}", context)
        self._in_region(bucket, context)
        self._allowed("s3:PutObject", f"arn:aws:s3:::{bucket}/{key}", context, {})
        objects.put(bucket, key, content)
        _after(struck)

    def delete(self, bucket: str, key: str) -> None:
        """Delete an object (CLEANPATH)."""
        context = f"S3 key being deleted : s3://{bucket}/{key}"
        self._allowed("s3:DeleteObject", f"arn:aws:s3:::{bucket}/{key}", context, {})
        objects.delete(bucket, key)

    def under(self, address: str) -> list[str]:
        """The keys under a prefix, which may be none (UNLOAD looks whether it is empty)."""
        bucket, prefix = split_address(address)
        context = f"Listing bucket={bucket} prefix={prefix}"
        self._in_region(bucket, context)
        self._allowed("s3:ListBucket", f"arn:aws:s3:::{bucket}", context, {"s3:prefix": prefix})
        return objects.keys(bucket, prefix)

    def _strike(self, operation: str, address: str, context: str) -> Sequence[Fault]:
        struck = self._context.strike(operation, address)
        if any(fault.kind in ("throttle", "server_error") for fault in struck):
            raise service_error(_SLOW, 503, "SlowDown", context)
        return struck

    def _in_region(self, bucket: str, context: str) -> None:
        if objects.bucket(bucket) is None:
            text = "The specified bucket does not exist"
            raise service_error(text, 404, "NoSuchBucket", context)
        if objects.region(bucket) != self._region:
            raise service_error(
                "The bucket you are attempting to access must be addressed using the specified"
                " endpoint. Please send all future requests to this endpoint.",
                301,
                "PermanentRedirect",
                context,
            )

    def _allowed(
        self, action: str, resource: str, context: str, conditions: dict[str, str]
    ) -> None:
        if not access.allowed(self.role, action, resource, conditions):
            raise service_error("Access Denied", 403, "AccessDenied", context)


def _after(struck: Sequence[Fault]) -> None:
    """Objects that vanish or change behind the reader's back."""
    for fault in struck:
        if fault.kind in ("delete_object", "replace_object"):
            strike_object(fault)


def strike_object(fault: Fault) -> None:
    """Delete or replace the object that a fault names."""
    bucket, key = split_address(fault.address)
    if fault.kind == "delete_object":
        objects.delete(bucket, key)
    elif fault.kind == "replace_object":
        objects.put(bucket, key, fault.message.encode())
