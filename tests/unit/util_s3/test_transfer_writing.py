"""Objects written and deleted."""

from __future__ import annotations

import os
from pathlib import Path

import boto3
import pytest

from s3_objects import keys, put, s3
from s3_server import (
    fault_proxy,
    point_at,
    s3_server,
)
from sparkify.errors import SourceError
from sparkify.util_s3 import transfer


def test_contents_and_files_are_uploaded(bucket: Path, tmp_path: Path) -> None:
    large = os.urandom(9_000_000)  # boto3 sends it in parts
    path = tmp_path / "large"
    path.write_bytes(large)
    root = f"s3://{bucket.name}/up"
    s3().upload_many([(f"{root}/a", b"a"), (f"{root}/large", path), (f"{root}/empty", b"")])
    assert {one.name: one.read_bytes() for one in (bucket / "up").iterdir()} == {
        "a": b"a",
        "large": large,
        "empty": b"",
    }


def test_an_upload_that_is_refused_is_told(bucket: Path, tmp_path: Path, quick: None) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x")
    for content in (b"x", path):
        with pytest.raises(SourceError, match="there is no bucket nowhere"):
            s3().upload_many([("s3://nowhere/x", content)])


def test_everything_below_an_address_is_deleted_in_all_versions(odd: str) -> None:
    client = boto3.client("s3", region_name="us-east-1")
    names = ["out", "out/a", "out/b//c", "out/../d", "out2/a", "out.bak"]
    s3().upload_many([(f"s3://{odd}/{name}", b"1") for name in names])
    client.put_bucket_versioning(Bucket=odd, VersioningConfiguration={"Status": "Enabled"})
    s3().upload_many([(f"s3://{odd}/{name}", b"2") for name in names])
    client.delete_object(Bucket=odd, Key="out/a")
    assert s3().delete_all(f"s3://{odd}/out") == 4 * 2 + 1
    assert keys(Path(odd)) == ["out.bak", "out2/a"]
    assert s3().delete_all(f"s3://{odd}/nothing") == 0
    assert s3().delete_all(f"s3://{odd}") == 4
    left = client.list_object_versions(Bucket=odd)
    assert not left.get("Versions") and not left.get("DeleteMarkers")
    assert s3().delete_all(f"s3://{odd}") == 0
    client.delete_bucket(Bucket=odd)
    assert s3().delete_all(f"s3://{odd}") == 0


def test_more_is_deleted_than_one_request_takes(
    odd: str, monkeypatch: pytest.MonkeyPatch, seed: int | None
) -> None:
    """With --all as many as AWS takes; else as if it took fewer."""
    if seed is not None:
        monkeypatch.setattr(transfer, "_DELETED_AT_ONCE", 10)
    number = transfer._DELETED_AT_ONCE + 1
    s3().upload_many([(f"s3://{odd}/many/{n}", b"") for n in range(number)])
    s3().upload_many([(f"s3://{odd}/more", b"")])
    assert s3().delete_all(f"s3://{odd}/many") == number
    assert keys(Path(odd)) == ["more"]


def test_where_there_are_no_versions_objects_are_deleted(bucket: Path) -> None:
    put(bucket, {"out/a": b"", "out/b": b"", "out2": b""})
    assert s3().delete_all(f"s3://{bucket.name}/out") == 2
    assert keys(bucket) == ["out2"]


def test_where_versions_are_asked_for_in_vain_objects_are_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that does not know the word lists the objects, as if it had not been there."""
    with s3_server(tmp_path, public=True) as url, fault_proxy(url) as proxy:
        point_at(monkeypatch, proxy.url, key="")
        put(tmp_path / "open", {"out/a": b"", "out/b/c": b"", "out.bak": b""})
        proxy.deaf = r"versions&?"
        assert s3().delete_all("s3://open/out") == 2
        assert keys(tmp_path / "open") == ["out.bak"]
        assert s3().delete_all("s3://open") == 1
