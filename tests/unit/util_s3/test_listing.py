"""Addresses in S3, and what is listed below one."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from s3_objects import keys, put, s3
from s3_server import FaultProxy
from sparkify.errors import SettingsError
from sparkify.util_s3 import Location, parse


def test_objects_are_listed_exactly(bucket: Path) -> None:
    put(bucket, {"log_data/2018/a.json": b"one", "log_data/b.json": b"", "c.json": b"three\n"})
    found = list(s3().list(f"s3://{bucket.name}/log_data"))
    assert [(one.bucket, one.key, one.size, one.etag) for one in found] == [
        (bucket.name, "log_data/2018/a.json", 3, hashlib.md5(b"one").hexdigest()),
        (bucket.name, "log_data/b.json", 0, hashlib.md5(b"").hexdigest()),
    ]
    assert all(one.modified and one.modified.tzinfo for one in found)
    assert found[0].address == f"s3://{bucket.name}/log_data/2018/a.json"


def test_a_prefix_matches_no_neighbour(bucket: Path) -> None:
    names = ("log_data/a", "log_data2/a", "log_data.bak", "log_dat", "log_json_path.json")
    put(bucket, dict.fromkeys(names, b"x"))
    assert keys(bucket, "/log_data") == keys(bucket, "/log_data/") == ["log_data/a"]
    assert keys(bucket, "/log") == keys(bucket, "/log_data2/b") == []
    assert keys(bucket, "/log_json_path.json") == ["log_json_path.json"]
    assert keys(bucket) == keys(bucket, "/") == sorted(names)


def test_a_listing_goes_over_pages(bucket: Path) -> None:
    put(bucket, {f"many/{number:04}": b"" for number in range(2_345)})
    put(bucket, {"many.json": b"", "more": b""})
    assert keys(bucket, "/many") == [f"many/{number:04}" for number in range(2_345)]


def test_a_listing_is_read_page_by_page(proxy: FaultProxy, bucket: Path) -> None:
    put(bucket, {f"many/{number:04}": b"" for number in range(2_001)})
    found = iter(s3().list(f"s3://{bucket.name}/many"))
    assert next(found).key == "many/0000"
    assert len(proxy.requests) == 1
    assert sum(1 for _ in found) == 2_000
    assert len(proxy.requests) == 3


@pytest.mark.parametrize(
    ("address", "bucket", "key"),
    [
        ("s3://udacity-dend/log_data", "udacity-dend", "log_data"),
        ("s3://udacity-dend", "udacity-dend", ""),
        ("s3://my.bucket-1/a//b/", "my.bucket-1", "a//b/"),
        ("s3://bucket/a b%20+?#*/../x", "bucket", "a b%20+?#*/../x"),
        ("s3://bucket//lead", "bucket", "/lead"),
    ],
)
def test_address_is_taken_apart_and_put_together(address: str, bucket: str, key: str) -> None:
    assert parse(address) == Location(bucket, key)
    assert str(parse(address)) == address


@pytest.mark.parametrize(
    "address",
    [
        *("", "udacity-dend/log_data", "s3:/x/y", "s3://", "s3:///key", "s3://ab", "s3://a b/c"),
        *("s3://../x", "s3://a..b/x", "s3://bücket/x", "https://s3.amazonaws.com/x", "s3://-ab/x"),
        "s3://bucket\n/x",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(SettingsError, match="is not an S3 address"):
        parse(address)
