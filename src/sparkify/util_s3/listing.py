"""What is below an address: exact prefixes, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .addresses import Location, S3Object
from .failures import reported

if TYPE_CHECKING:
    from .access import Access


def folder(key: str) -> str:
    """Make a prefix of a key that matches what is in the folder and none of its neighbours."""
    return key if key.endswith("/") or not key else f"{key}/"


def list_objects(access: Access, location: Location) -> Iterator[S3Object]:
    """Yield the objects of a folder in the order of their keys, else the one object of that key.

    boto3 asks for keys in URL encoding and decodes them, so that they are exact whatever they
    hold (AmazonS3/latest/API/API_ListObjectsV2.html, EncodingType).
    Raises SourceError or SettingsError where the bucket cannot be listed.
    """
    empty = True
    for page in _pages(access, location, "list_objects_v2", Prefix=folder(location.key)):
        for found in page.get("Contents", ()):
            empty = False
            yield _object(location.bucket, found)
    if empty and location.key and not location.key.endswith("/"):
        # A key is the first one that begins with itself.
        with reported(access.asked(str(location))):
            answer = access.client.list_objects_v2(
                Bucket=location.bucket, Prefix=location.key, MaxKeys=1
            )
        for found in answer.get("Contents", ()):
            if found["Key"] == location.key:
                yield _object(location.bucket, found)


def list_versions(access: Access, location: Location) -> Iterator[dict[str, str]]:
    """Yield key and version of everything below an address, and at it: old versions too.

    Delete markers count. In a bucket without versions each object has the version `null`.
    """
    prefix = folder(location.key)
    for page in _pages(access, location, "list_object_versions", Prefix=prefix):
        for found in _versions(page):
            yield {"Key": found["Key"], "VersionId": found.get("VersionId") or "null"}
    if prefix == location.key:
        return
    for page in _pages(access, location, "list_object_versions", Prefix=location.key):
        for found in _versions(page):
            if found["Key"] == location.key:
                yield {"Key": found["Key"], "VersionId": found.get("VersionId") or "null"}
        if any(found["Key"] != location.key for found in _versions(page)):
            break  # those of the key itself came first


def _versions(page: dict[str, Any]) -> list[dict[str, Any]]:
    return [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]


def _pages(
    access: Access, location: Location, operation: str, **parameters: Any
) -> Iterator[dict[str, Any]]:
    with reported(access.asked(str(location))):
        pages = access.client.get_paginator(operation)
        yield from pages.paginate(Bucket=location.bucket, **parameters)


def _object(bucket: str, found: dict[str, Any]) -> S3Object:
    etag = found.get("ETag", "").strip('"')
    return S3Object(bucket, found["Key"], found["Size"], etag, found.get("LastModified"))
