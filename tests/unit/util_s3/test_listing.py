"""What is listed below an address."""

from __future__ import annotations

import hashlib
from pathlib import Path

from s3_objects import keys, put, s3
from s3_server import (
    FaultProxy,
)


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
