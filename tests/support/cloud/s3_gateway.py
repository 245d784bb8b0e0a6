"""S3 over HTTP: moto's, with Regions that matter, closed to strangers, fast to list and read."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import Any
from urllib.parse import parse_qs, quote, unquote
from xml.sax.saxutils import escape

from . import objects
from .answers import Answer, Request
from .errors import AwsError

ANY_REGION = "any"
_SIGNATURE = ("awsaccesskeyid", "signature", "expires", "x-id")
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_BUCKET = {
    "location": "BucketLocation", "versioning": "BucketVersioning", "policy": "BucketPolicy",
    "tagging": "BucketTagging", "encryption": "BucketEncryption",
    "lifecycle": "BucketLifecycleConfiguration", "publicAccessBlock": "PublicAccessBlock",
    "ownershipControls": "BucketOwnershipControls", "policyStatus": "BucketPolicyStatus",
    "acl": "BucketAcl", "logging": "BucketLogging", "notification": "BucketNotification",
}  # fmt: skip
_VERBS = {"GET": "Get", "PUT": "Put", "DELETE": "Delete", "HEAD": "Head", "POST": "Post"}


def address(request: Request) -> tuple[str, str]:
    """Bucket and key of a path-style request; either may be empty."""
    bucket, _, key = request.path.lstrip("/").partition("/")
    return unquote(bucket), unquote(key)


def operation(request: Request) -> tuple[str, dict[str, Any]]:
    """The name of the operation, as boto3 has it, and what it is about."""
    bucket, key = address(request)
    asked = {name: values[0] for name, values in parse_qs(request.query, True).items()}
    detail: dict[str, Any] = {"Bucket": bucket}
    verb = _VERBS[request.method]
    if key:
        detail["Key"] = key
        if "uploads" in asked:
            return "CreateMultipartUpload", detail
        if "uploadId" in asked:
            names = {"PUT": "UploadPart", "POST": "CompleteMultipartUpload"}
            return names.get(request.method, "AbortMultipartUpload"), detail
        if "tagging" in asked:
            return f"{verb}ObjectTagging", detail
        copies = request.method == "PUT" and "x-amz-copy-source" in request.headers
        return "CopyObject" if copies else f"{verb}Object", detail
    if not bucket:
        return "ListBuckets", detail
    for name, full in _BUCKET.items():
        if name in asked:
            return verb + full, detail
    if "delete" in asked:
        return "DeleteObjects", detail
    if "versions" in asked:
        return "ListObjectVersions", {**detail, "Prefix": asked.get("prefix", "")}
    if request.method == "GET":
        name = "ListObjectsV2" if asked.get("list-type") == "2" else "ListObjects"
        if "uploads" in asked:
            name = "ListMultipartUploads"
        return name, {**detail, "Prefix": asked.get("prefix", "")}
    return {"PUT": "CreateBucket", "DELETE": "DeleteBucket", "HEAD": "HeadBucket"}[
        request.method
    ], detail


def refuse(request: Request, name: str, region: str | None, public: set[str]) -> None:
    """Raise AwsError for a request to another Region's bucket, or without a signature.

    region: that the request was signed for; None: not signed. public: buckets for everybody.
    """
    bucket, _ = address(request)
    if objects.bucket(bucket) is None:
        return
    if region is None:
        if bucket not in public:
            raise AwsError("AccessDenied", "Access Denied", 403)
    elif region not in (objects.region(bucket), ANY_REGION) and name not in (
        "GetBucketLocation",
        "CreateBucket",
    ):
        own = objects.region(bucket)
        raise AwsError(
            "PermanentRedirect",
            "The bucket you are attempting to access must be addressed using the specified"
            " endpoint. Please send all future requests to this endpoint.",
            301,
            Endpoint=f"{bucket}.s3.{own}.amazonaws.com",
            Bucket=bucket,
        )


def region_header(request: Request) -> list[tuple[str, str]]:
    """The header that tells where the bucket of a request is."""
    bucket, _ = address(request)
    found = objects.bucket(bucket)
    return [("x-amz-bucket-region", found.region_name)] if found is not None else []


def _asked(request: Request) -> dict[str, str]:
    """The parameters of a request, without those that sign or name it."""
    return {
        name: values[0]
        for name, values in parse_qs(request.query, True).items()
        if not name.lower().startswith("x-amz-") and name.lower() not in _SIGNATURE
    }


def listed(request: Request) -> Answer | None:
    """Answer a plain ListObjectsV2; None: let moto do it."""
    bucket, key = address(request)
    asked = _asked(request)
    known = {"list-type", "prefix", "continuation-token", "start-after", "max-keys"}
    found = objects.bucket(bucket)
    if (
        request.method != "GET"
        or key
        or found is None
        or asked.get("list-type") != "2"
        or asked.get("encoding-type", "url") != "url"
        or not {*asked} <= known | {"encoding-type"}
    ):
        return None
    keys = objects.keys(bucket, asked.get("prefix", ""))
    behind = unquote(asked.get("continuation-token", "")) or asked.get("start-after", "")
    start = bisect_right(keys, behind.encode(), key=str.encode) if behind else 0
    most = min(1000, int(asked.get("max-keys") or 1000))
    page = keys[start : start + most]
    more = start + most < len(keys)
    name = quote if "encoding-type" in asked else escape
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">',
        f"<Name>{bucket}</Name><Prefix>{name(asked.get('prefix', ''))}</Prefix>",
        f"<KeyCount>{len(page)}</KeyCount><MaxKeys>{most}</MaxKeys>",
        "<EncodingType>url</EncodingType>" if "encoding-type" in asked else "",
        f"<IsTruncated>{str(more).lower()}</IsTruncated>",
        f"<NextContinuationToken>{quote(page[-1])}</NextContinuationToken>" if more else "",
    ]
    for one in page:
        kept = found.keys[one]
        lines.append(
            f"<Contents><Key>{name(one)}</Key><LastModified>{kept.last_modified_ISO8601}"
            f"</LastModified><ETag>{escape(kept.etag)}</ETag><Size>{kept.size}</Size>"
            f"<StorageClass>{kept.storage_class}</StorageClass></Contents>"
        )
    lines.append("</ListBucketResult>")
    return Answer(200, [("Content-Type", "application/xml")], "".join(lines).encode())


def read(request: Request) -> Answer | None:
    """Answer a plain GET of an object; None: let moto do it."""
    bucket, key = address(request)
    if request.method != "GET" or not key or _asked(request):
        return None
    found = objects.newest(bucket, key)
    if found is None or found.version_id != "null" or "if-none-match" in request.headers:
        return None
    wanted = request.headers.get("if-match")
    if wanted is not None and wanted.strip('"') != found.etag.strip('"'):
        raise AwsError(
            "PreconditionFailed",
            "At least one of the pre-conditions you specified did not hold",
            412,
            Condition="If-Match",
        )
    body = bytes(found.value)
    size = len(body)
    status = 200
    headers = [
        ("ETag", found.etag),
        ("Last-Modified", found.last_modified_RFC1123),
        ("Content-Type", "binary/octet-stream"),
        ("Accept-Ranges", "bytes"),
    ]
    if ranged := _RANGE.fullmatch(request.headers.get("range", "")):
        first, last = ranged.groups()
        begin = int(first) if first else max(0, size - int(last))
        end = min(int(last), size - 1) if first and last else size - 1
        if begin > end:
            raise AwsError("InvalidRange", "The requested range is not satisfiable", 416)
        body, status = body[begin : end + 1], 206
        headers.append(("Content-Range", f"bytes {begin}-{end}/{size}"))
    return Answer(status, headers, body)
