"""The objects of the stand-in's S3 (moto's), taken without HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.iam.models import iam_backends
from moto.s3.models import FakeDeleteMarker, S3Backend, s3_backends

ACCOUNT = DEFAULT_ACCOUNT_ID


def backend() -> S3Backend:
    """Moto's S3."""
    return s3_backends[ACCOUNT]["aws"]


def bucket(name: str) -> Any | None:
    """Moto's bucket, or None when there is none."""
    return backend().buckets.get(name)


def make_bucket(name: str, region: str) -> None:
    """Make a bucket in a Region, unless it exists."""
    if bucket(name) is None:
        backend().create_bucket(name, region)


def put(name: str, key: str, content: bytes) -> None:
    """Write an object; with versioning a new version."""
    backend().put_object(name, key, content, disable_notification=True)


def fill(name: str, folder: Path, prefix: str = "") -> int:
    """Write every file of a folder as an object; returns how many."""
    count = 0
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            put(name, prefix + path.relative_to(folder).as_posix(), path.read_bytes())
            count += 1
    return count


def delete(name: str, key: str) -> None:
    """Delete an object; with versioning a marker is put on top."""
    backend().delete_object(name, key)


def keys(name: str, prefix: str = "") -> list[str]:
    """The keys under a prefix, sorted by their bytes as S3 lists them."""
    found = bucket(name)
    if found is None:
        return []
    return sorted(
        (key for key in list(found.keys) if key.startswith(prefix) and _there(found, key)),
        key=str.encode,
    )


def get(name: str, key: str) -> bytes | None:
    """The content of an object, or None when there is none."""
    found = bucket(name)
    return bytes(found.keys[key].value) if found is not None and _there(found, key) else None


def newest(name: str, key: str) -> Any | None:
    """Moto's newest version of an object, or None when there is none."""
    found = bucket(name)
    return found.keys[key] if found is not None and _there(found, key) else None


def _there(found: Any, key: str) -> bool:
    return key in found.keys and not isinstance(found.keys[key], FakeDeleteMarker)


def region(name: str) -> str:
    """The Region of a bucket that exists."""
    found = bucket(name)
    assert found is not None
    return str(found.region_name)


def policy(name: str) -> dict[str, Any]:
    """The policy document of a bucket; empty when there is none."""
    found = bucket(name)
    text = getattr(found, "policy", None)
    return dict(json.loads(text)) if text else {}


def role(arn: str) -> Any | None:
    """Moto's role of that ARN, or None."""
    backend_of_iam = iam_backends[ACCOUNT]["aws"]
    return next((one for one in backend_of_iam.roles.values() if one.arn == arn), None)


def role_policies(arn: str) -> Iterator[dict[str, Any]]:
    """Every policy document of a role: those within it and those attached."""
    found = role(arn)
    assert found is not None
    for text in found.policies.values():
        yield _document(text)
    for attached in found.managed_policies.values():
        yield _document(attached.document)


def trust(arn: str) -> dict[str, Any]:
    """The document that says who may assume a role."""
    found = role(arn)
    assert found is not None
    return _document(found.assume_role_policy_document)


def _document(text: Any) -> dict[str, Any]:
    return dict(text if isinstance(text, dict) else json.loads(text))
