"""Contents of objects, read by obstore and by boto3."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest

from s3_objects import ODD_KEYS, contents, put, s3
from s3_server import (
    FaultProxy,
)
from sparkify.util_s3 import client, transfer
from sparkify.util_s3.transfer import in_order


def test_many_objects_come_in_order(bucket: Path, way: str) -> None:
    made = contents(300 if way == "boto3" else 1_000)
    put(bucket, made)
    found = list(s3().list(f"s3://{bucket.name}/d"))
    assert list(s3().read_many(found)) == list(made.values())
    assert list(s3().read_many(found[::-1])) == list(made.values())[::-1]
    assert list(s3().read_many([])) == []


def test_connections_are_kept(proxy: FaultProxy, bucket: Path) -> None:
    put(bucket, contents(500))
    found = list(s3().list(f"s3://{bucket.name}/d"))
    before = proxy.connections
    assert len(list(s3().read_many(found))) == 500
    assert 0 < proxy.connections - before <= 2 * client.THREADS


def test_large_and_small_objects_together(bucket: Path) -> None:
    large = os.urandom(3_000_000)
    made = {"d/a": b"", "d/b": large, "d/c": b"c", "d/d": large[::-1]}
    put(bucket, made)
    found = list(s3().list(f"s3://{bucket.name}/d"))
    assert list(s3().read_many(found)) == list(made.values())


def test_one_object_is_read_whole_or_its_head(bucket: Path) -> None:
    put(bucket, {"paths.json": b"0123456789"})
    (one,) = s3().list(f"s3://{bucket.name}/paths.json")
    assert s3().read(f"s3://{bucket.name}/paths.json") == b"0123456789"
    assert s3().read_head(one, 4) == b"0123"
    assert s3().read_head(one, 400) == b"0123456789"


def test_objects_are_downloaded_in_parts(
    bucket: Path, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer, "PART_BYTES", 1_000)
    made = {"empty": b"", "one": os.urandom(1_000), "more": os.urandom(12_345), "two": b"x" * 2000}
    put(bucket, made)
    found = {one.key: one for one in s3().list(f"s3://{bucket.name}")}
    files = [(found[key], tmp_path / key) for key in made]
    s3().download_many(files)
    assert {key: (tmp_path / key).read_bytes() for key in made} == made
    sizes = [size for _, size in transfer.parts(files)]
    assert sum(sizes) == sum(map(len, made.values()))
    assert len(sizes) == 1 + 1 + 13 + 2


def test_keys_may_hold_anything(odd: str, tmp_path: Path) -> None:
    made = {key: f"content of {key!r}".encode() for key in ODD_KEYS}
    s3().upload_many([(f"s3://{odd}/{key}", content) for key, content in made.items()])
    found = list(s3().list(f"s3://{odd}"))
    assert [one.key for one in found] == sorted(ODD_KEYS, key=lambda key: key.encode())
    read = dict(zip((one.key for one in found), s3().read_many(found), strict=True))
    assert read == made
    for key in ODD_KEYS:
        assert s3().read(f"s3://{odd}/{key}") == made[key]
    paths = [tmp_path / str(number) for number in range(len(found))]
    s3().download_many(list(zip(found, paths, strict=True)))
    assert [path.read_bytes() for path in paths] == [made[one.key] for one in found]


@pytest.mark.parametrize("key", ODD_KEYS)
def test_obstore_is_asked_for_no_key_that_it_would_change(
    key: str, odd: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it leaves to boto3 it cannot express; what it takes it reads."""
    taken: list[bytes | None] = []
    read = transfer.read_by_obstore

    def noted(*arguments: Any) -> bytes | None:
        taken.append(read(*arguments))
        return taken[-1]

    monkeypatch.setattr(transfer, "read_by_obstore", noted)
    s3().upload_many([(f"s3://{odd}/{key}", b"here")])
    found = list(s3().list(f"s3://{odd}"))
    assert list(s3().read_many(found)) == [b"here"]
    assert taken in ([], [b"here"])


def test_results_wait_within_a_budget() -> None:
    """Whoever takes slowly is not overwhelmed."""
    begun: list[int] = []

    def work(item: int, _: threading.Event) -> int:
        begun.append(item)
        return item

    results = in_order(work, ((n, 10) for n in range(100)), threads=4, budget=35)
    for number in range(100):
        assert next(results) == number
        assert len(begun) <= number + 4
    assert list(results) == []


def test_an_item_over_the_budget_goes_alone() -> None:
    weights = [5, 1_000, 5, 5]
    results = in_order(lambda n, _: n, enumerate(weights), threads=4, budget=10)
    assert list(results) == [0, 1, 2, 3]


def test_whoever_leaves_early_ends_the_work() -> None:
    told = threading.Event()

    def work(item: int, gone: threading.Event) -> int:
        if item and gone.wait(600):
            told.set()
        return item

    results = in_order(work, ((n, 0) for n in range(1_000)), threads=2, budget=0)
    assert next(results) == 0
    results.close()  # type: ignore[attr-defined]
    assert told.is_set()


def test_the_first_failure_is_raised() -> None:
    def work(item: int, _: threading.Event) -> int:
        return 1 // item

    results = in_order(work, ((n, 1) for n in (1, 1, 0, 1)), threads=2, budget=100)
    assert [next(results), next(results)] == [1, 1]
    with pytest.raises(ZeroDivisionError):
        next(results)
