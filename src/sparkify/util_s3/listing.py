"""Addresses in S3, `s3://bucket/key`, and what is below one: exact prefixes, page by page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import SettingsError

if TYPE_CHECKING:
    from .client import Client

SCHEME = "s3://"
# Also the names that us-east-1 allowed before 2018: up to 255 characters, capitals, underscores
# (AmazonS3/latest/userguide/bucketnamingrules.html).
_BUCKET = re.compile(r"(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]", re.ASCII)


class Location(NamedTuple):
    """A place in S3. key: of an object, or a prefix; "" is the whole bucket."""

    bucket: str
    key: str

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.key}" if self.key else SCHEME + self.bucket


@dataclass(frozen=True, slots=True)
class S3Object:
    """One version of one object.

    key: exactly as S3 has it; it may hold anything. size: in bytes. etag: without quotes.
    modified: when it was written, in UTC, where the listing told.
    """

    bucket: str
    key: str
    size: int
    etag: str
    modified: datetime | None = None

    @property
    def address(self) -> str:
        """Its address, `s3://bucket/key`."""
        return f"{SCHEME}{self.bucket}/{self.key}"


def parse(address: str) -> Location:
    """Return the bucket and key of an address; the key is left as it is, with blanks, `%` and all.

    Raises SettingsError when it is no s3:// address, or its bucket cannot exist.
    """
    bucket, _, key = address.removeprefix(SCHEME).partition("/")
    if not address.startswith(SCHEME) or not _BUCKET.fullmatch(bucket):
        raise SettingsError(
            f"{address!r} is not an S3 address",
            "Write it as s3://bucket/prefix; a bucket's name has 3 to 63 of a-z, 0-9, '.' and '-'.",
        )
    return Location(bucket, key)


def folder(key: str) -> str:
    """Return the prefix that matches what is in a folder and none of its neighbours."""
    return key if key.endswith("/") or not key else f"{key}/"


def list_objects(client: Client, location: Location) -> Iterator[S3Object]:
    """Yield the objects of a folder in the order of their keys, else the one object of that key.

    boto3 asks for keys in URL encoding and decodes them, so that they are exact whatever they
    hold (AmazonS3/latest/API/API_ListObjectsV2.html, EncodingType).
    Raises SourceError or SettingsError where the bucket cannot be listed.
    """
    empty = True
    for page in _pages(client, location, "list_objects_v2", Prefix=folder(location.key)):
        for found in page.get("Contents", ()):
            empty = False
            yield _object(location.bucket, found)
    if empty and location.key and not location.key.endswith("/"):
        # Of all keys that begin with it, the key itself comes first.
        with client.errors(str(location)):
            answer = client.boto3.list_objects_v2(
                Bucket=location.bucket, Prefix=location.key, MaxKeys=1
            )
        for found in answer.get("Contents", ()):
            if found["Key"] == location.key:
                yield _object(location.bucket, found)


def list_versions(client: Client, location: Location) -> Iterator[dict[str, str]]:
    """Yield key and version of everything below an address, and at it: old versions too.

    Delete markers count. In a bucket without versions each object has the version `null`.
    """
    below = folder(location.key)
    for prefix in dict.fromkeys((below, location.key)):
        for page in _pages(client, location, "list_object_versions", Prefix=prefix):
            found = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
            wanted = [one for one in found if prefix == below or one["Key"] == location.key]
            for one in wanted:
                yield {"Key": one["Key"], "VersionId": one.get("VersionId") or "null"}
            if len(wanted) < len(found):
                break  # those of the key itself come first


def _pages(
    client: Client, location: Location, operation: str, **parameters: Any
) -> Iterator[dict[str, Any]]:
    with client.errors(str(location)):
        pages = client.boto3.get_paginator(operation)
        yield from pages.paginate(Bucket=location.bucket, **parameters)


def _object(bucket: str, found: dict[str, Any]) -> S3Object:
    etag = found.get("ETag", "").strip('"')
    return S3Object(bucket, found["Key"], found["Size"], etag, found.get("LastModified"))
