"""A real server of S3, and one that takes any key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from s3_server import FaultProxy, fault_proxy, point_at, s3_server
from sparkify.util_s3 import client, transfer


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server keeps its buckets."""
    return tmp_path_factory.mktemp("buckets")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[str]:
    with s3_server(folder) as url:
        yield url


@pytest.fixture
def bucket(folder: Path, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty bucket of the server that the environment points at."""
    point_at(monkeypatch, server)
    path = folder / tmp_path.name.replace("_", "-").lower()
    path.mkdir()
    return path


@pytest.fixture
def proxy(bucket: Path, server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultProxy]:
    """A proxy before the server, which the environment points at."""
    with fault_proxy(server) as made:
        point_at(monkeypatch, made.url)
        yield made


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up soon."""
    monkeypatch.setattr(client, "ATTEMPTS", 2)
    monkeypatch.setattr(client, "OBSTORE_RETRIES", 1)
    monkeypatch.setattr(transfer, "FIRST_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(transfer, "READ_ATTEMPTS", 3)


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    """A server that takes any key, and knows versions."""
    made = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    made.start()
    try:
        yield "http://{}:{}".format(*made.get_host_and_port())
    finally:
        made.stop()


@pytest.fixture
def odd(moto: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A bucket of that server."""
    point_at(monkeypatch, moto)
    name = f"odd-{tmp_path.name.replace('_', '-').lower()}"
    boto3.client("s3", region_name="us-east-1").create_bucket(Bucket=name)
    return name


@pytest.fixture(params=["obstore", "boto3"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """One way of reading; boto3 alone reads what obstore cannot."""
    if request.param == "boto3":
        monkeypatch.setattr(transfer, "read_by_obstore", lambda *_: None)
    name: str = request.param
    return name
