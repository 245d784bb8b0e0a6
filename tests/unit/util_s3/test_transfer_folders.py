"""Folders of S3 copied, queried, and the policy of their bucket."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import boto3
import pytest

from s3_objects import put, s3
from s3_server import point_at
from sparkify.errors import SourceError


def test_a_folder_is_copied_under_the_same_names(bucket: Path, tmp_path: Path) -> None:
    made = {"d/a": b"1", "d/b/c d.json": b"22", "d/b/é.gz": b"", "d2/other": b"x"}
    put(bucket, made)
    told: list[tuple[Any, ...]] = []
    paths = s3().download(f"s3://{bucket.name}/d", tmp_path / "to", lambda *it: told.append(it))
    found = {f"d/{path.relative_to(tmp_path / 'to')}": path.read_bytes() for path in paths}
    assert found == {key: content for key, content in made.items() if key.startswith("d/")}
    assert told[-1] == ("downloading", 3, 3, "bytes")


def test_one_object_is_copied_under_its_last_name(bucket: Path, tmp_path: Path) -> None:
    put(bucket, {"d/a.json": b"1"})
    [path] = s3().download(f"s3://{bucket.name}/d/a.json", tmp_path)
    assert path == tmp_path / "a.json"


@pytest.mark.parametrize("key", ["d/../up", "d/./a", "d//a", "d/tab\t", "d/folder/"])
def test_a_key_that_is_no_path_is_refused(moto: str, tmp_path: Path, key: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        point_at(patch, moto)
        client = boto3.client("s3", region_name="us-west-2")
        name = f"odd-{abs(hash(key))}"
        where = {"LocationConstraint": "us-west-2"}
        client.create_bucket(Bucket=name, CreateBucketConfiguration=where)
        client.put_object(Bucket=name, Key=key, Body=b"{}")
        with pytest.raises(SourceError, match="its key is not a path"):
            s3().download(f"s3://{name}/d", tmp_path / "to")
        assert not (tmp_path / "to").exists()


def test_records_are_queried(bucket: Path) -> None:
    lines = b'{"page":"Home","n":1}\n{"page":"NextSong","n":2}\n'
    put(bucket, {"d/[1].json": lines, "d/more.json.gz": gzip.compress(b'{"page":"Home","n":40}\n')})
    counts = "sum(n)::INTEGER AS n, count(DISTINCT filename) AS files"
    sql = f"SELECT page, {counts} FROM records GROUP BY page"
    table = s3().query(f"s3://{bucket.name}/d", f"{sql} ORDER BY 1")
    assert table.columns == ("page", "n", "files")
    assert table.rows == [("Home", 41, 2), ("NextSong", 2, 1)]
    with pytest.raises(SourceError, match="holds nothing"):
        s3().query(f"s3://{bucket.name}/none", sql)


def test_the_policy_of_a_bucket_is_returned(moto: str, monkeypatch: pytest.MonkeyPatch) -> None:
    point_at(monkeypatch, moto)
    client = boto3.client("s3", region_name="us-west-2")
    where = {"LocationConstraint": "us-west-2"}
    client.create_bucket(Bucket="with-policy", CreateBucketConfiguration=where)
    assert s3().policy("s3://with-policy/log_data") is None
    policy = {"Version": "2012-10-17", "Statement": []}
    client.put_bucket_policy(Bucket="with-policy", Policy=json.dumps(policy))
    assert s3().policy("s3://with-policy") == policy
    with pytest.raises(SourceError, match="no-such"):
        s3().policy("s3://no-such-bucket")
