"""How S3 is reached: credentials, endpoints, certificates, proxies."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.credentials import Credentials

from s3_objects import REGION, put, s3
from s3_server import (
    KEY,
    SECRET,
    FaultProxy,
    fault_proxy,
    make_certificate,
    point_at,
    s3_server,
)
from sparkify.config import Settings
from sparkify.errors import SourceError
from sparkify.util_s3 import client, transfer


class Changing:
    """Credentials that are renewed for every request."""

    def __init__(self) -> None:
        self.given = 0

    def get_frozen_credentials(self) -> Any:
        self.given += 1
        return Credentials(KEY, SECRET, f"token{self.given}").get_frozen_credentials()


def test_credentials_are_renewed(
    proxy: FaultProxy, bucket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Not even until now: whether a moment is over depends on when obstore looks at its clock.
    monkeypatch.setattr(client, "CREDENTIALS_LAST", timedelta(hours=-1))
    put(bucket, {"a": b"a", "b": b"b"})
    found = list(s3().list(f"s3://{bucket.name}"))
    proxy.requests.clear()
    changing: Any = Changing()
    made = replace(client.connect(Settings(), REGION), credentials=changing)
    # One after the other: obstore lets requests that come together share their credentials.
    assert [transfer.read_by_obstore(made, one, 0, one.size) for one in found] == [b"a", b"b"]
    tokens = {headers["x-amz-security-token"] for _, headers in proxy.requests}
    assert len(tokens) == 2


def test_keys_of_the_settings_win(proxy: FaultProxy, bucket: Path, monkeypatch: Any) -> None:
    point_at(monkeypatch, proxy.url, "AKIAOTHER", "other")
    put(bucket, {"a": b"a"})
    mine = s3(aws_key=KEY, aws_secret=SECRET)
    assert list(mine.read_many(list(mine.list(f"s3://{bucket.name}")))) == [b"a"]
    assert mine.read(f"s3://{bucket.name}/a") == b"a"
    for _, headers in proxy.requests:
        assert f"Credential={KEY}/" in headers["authorization"]
        assert f"/{REGION}/s3/" in headers["authorization"]


def test_without_credentials_nothing_is_signed(
    tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "open", {"a": b"a", "b": b"b"})
    with s3_server(tmp_path, public=True) as url, fault_proxy(url) as proxy:
        point_at(monkeypatch, proxy.url, key="")
        assert list(s3().read_many(list(s3().list("s3://open")))) == [b"a", b"b"]
    assert len(proxy.requests) == 3
    assert not any("authorization" in headers for _, headers in proxy.requests)


def test_the_endpoint_of_one_service_wins(bucket: Path, way: str, monkeypatch: Any) -> None:
    url = os.environ["AWS_ENDPOINT_URL"]
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", url)
    put(bucket, {"a": b"a"})
    assert list(s3().read_many(list(s3().list(f"s3://{bucket.name}")))) == [b"a"]


def test_servers_are_trusted_as_boto3_trusts_them(
    tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch, quick: None
) -> None:
    """AWS itself speaks TLS only."""
    certificate = tmp_path / "certificate.pem"
    make_certificate(certificate)
    made = {"d/a": b"a" * 100, "d/b": os.urandom(100_000), "d/c": b""}
    put(tmp_path / "root" / "safe", made)
    with s3_server(tmp_path / "root", certificate=certificate) as url:
        assert url.startswith("https://")
        point_at(monkeypatch, url)
        monkeypatch.setenv("AWS_CA_BUNDLE", str(certificate))
        found = list(s3().list("s3://safe/d"))
        assert list(s3().read_many(found)) == list(made.values())
        other = tmp_path / "other.pem"
        make_certificate(other)
        monkeypatch.setenv("AWS_CA_BUNDLE", str(other))
        with pytest.raises(SourceError, match=r"S3 cannot be reached.*SSL"):
            list(s3().read_many(found))


def test_requests_go_through_a_proxy(
    server: str, bucket: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(bucket, {"a": b"a", "b": b"b"})
    with fault_proxy(server) as between:
        monkeypatch.setenv("http_proxy", between.url)
        found = list(s3().list(f"s3://{bucket.name}"))
        assert list(s3().read_many(found)) == [b"a", b"b"]
        assert [request.startswith("GET http://") for request, _ in between.requests] == [True] * 3
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        assert list(s3().read_many(found)) == [b"a", b"b"]
        assert len(between.requests) == 3


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("plain", "https://plain.s3.us-west-2.amazonaws.com"),
        ("with.dots", "https://s3.us-west-2.amazonaws.com/with.dots"),
    ],
)
@pytest.mark.parametrize("key", [KEY, ""])
def test_a_bucket_of_aws_is_addressed_as_boto3_does(
    name: str, base: str, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    point_at(monkeypatch, "http://127.0.0.1:1", key)
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    assert client.connect(Settings(), REGION).base(name) == base
