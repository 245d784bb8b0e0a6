"""What goes wrong with S3, and what is said of it."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import Any

import pytest

from s3_objects import contents, objects, put, s3
from s3_server import (
    SECRET,
    Fault,
    FaultProxy,
    fault_proxy,
    point_at,
    s3_server,
)
from sparkify import aws
from sparkify.errors import SettingsError, SourceError, SparkifyError
from sparkify.util_s3 import S3Object, client

pytestmark = pytest.mark.sampled(of=3)


@pytest.mark.parametrize("kind", ["error", "reset", "cut", "silent"])
def test_what_passes_is_survived(
    kind: str,
    way: str,
    proxy: FaultProxy,
    bucket: Path,
    monkeypatch: pytest.MonkeyPatch,
    quick: None,
) -> None:
    monkeypatch.setattr(client, "OBSTORE_RETRIES", 5)
    found = objects(bucket)
    proxy.faults = [Fault(kind, r"GET /.*/d/", times=1)]
    assert list(s3().read_many(found)) == list(contents(20).values())
    assert proxy.faults[0].times == 0


def test_a_mute_server_is_not_waited_for_for_ever(
    way: str, monkeypatch: pytest.MonkeyPatch, quick: None
) -> None:
    monkeypatch.setattr(aws, "READ_SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as mute:  # it takes connections and says nothing
        point_at(monkeypatch, f"http://127.0.0.1:{mute.getsockname()[1]}")
        with pytest.raises(SourceError, match="cannot be reached: Read timeout"):
            list(s3().read_many([S3Object("bucket", "key", 5, "abc")]))


@pytest.mark.parametrize(
    ("status", "code"), [(503, "SlowDown"), (500, "InternalError"), (503, "ServiceUnavailable")]
)
def test_a_busy_server_is_asked_again(
    status: int, code: str, proxy: FaultProxy, bucket: Path
) -> None:
    found = objects(bucket)
    proxy.faults = [Fault("error", times=40, status=status, code=code)]
    assert list(s3().read_many(found)) == list(contents(20).values())
    proxy.faults = [Fault("error", "list-type", times=2, status=status, code=code)]
    assert list(s3().list(f"s3://{bucket.name}/d")) == found
    assert proxy.faults[0].times == 0


def test_a_broken_listing_is_asked_again(proxy: FaultProxy, bucket: Path) -> None:
    found = objects(bucket)
    for kind in ("reset", "cut", "silent"):
        proxy.faults = [Fault(kind, "list-type", times=1)]
        assert list(s3().list(f"s3://{bucket.name}/d")) == found
        assert proxy.faults[0].times == 0


@pytest.mark.parametrize("kind", ["reset", "cut", "silent"])
def test_what_stays_broken_is_told(
    kind: str, proxy: FaultProxy, bucket: Path, tmp_path: Path, quick: None
) -> None:
    found = objects(bucket)
    proxy.faults = [Fault(kind, "/00013")]
    words = "connection broke" if kind == "cut" else "cannot be reached"
    with pytest.raises(SourceError, match=words) as caught:
        list(s3().read_many(found))
    assert found[13].address in caught.value.reason
    assert "network" in caught.value.next_step
    with pytest.raises(SourceError, match=words):
        s3().download_many([(found[13], tmp_path / "x")])


def test_a_body_of_another_length_is_a_change(
    proxy: FaultProxy, bucket: Path, way: str, quick: None
) -> None:
    found = objects(bucket)
    proxy.faults = [Fault("longer", "/00013")]
    with pytest.raises(SourceError, match="00013 changed while it was read"):
        list(s3().read_many(found))


def test_a_changed_object_is_noticed(bucket: Path, way: str, tmp_path: Path) -> None:
    found = objects(bucket)
    put(bucket, {"d/0/00013": contents(20)["d/0/00013"].swapcase()})  # as long as before
    with pytest.raises(
        SourceError, match=r"d/0/00013 changed while it was read; nothing"
    ) as caught:
        list(s3().read_many(found))
    assert caught.value.details["uri"] == found[13].address
    with pytest.raises(SourceError, match="d/0/00013 changed"):
        s3().download_many([(one, tmp_path / str(n)) for n, one in enumerate(found)])


def test_a_change_is_noticed_though_the_server_ignores_if_match(
    tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = tmp_path / "open"
    with s3_server(tmp_path, public=True) as url, fault_proxy(url) as proxy:
        point_at(monkeypatch, proxy.url, key="")
        found = objects(bucket)
        put(bucket, {"d/0/00013": contents(20)["d/0/00013"].swapcase()})
        proxy.dropped.add("if-match")
        with pytest.raises(SourceError, match="d/0/00013 changed"):
            list(s3().read_many(found))


def test_a_vanished_object_is_noticed(bucket: Path, way: str, tmp_path: Path) -> None:
    found = objects(bucket)
    (bucket / "d" / "0" / "00013").unlink()
    with pytest.raises(SourceError, match="d/0/00013 does not exist"):
        list(s3().read_many(found))
    with pytest.raises(SourceError, match="d/0/00013 does not exist"):
        s3().download_many([(one, tmp_path / str(n)) for n, one in enumerate(found)])
    with pytest.raises(SourceError, match="d/0/00013 does not exist"):
        s3().read(found[13].address)


REFUSALS: list[tuple[int, str, type[SparkifyError], str, str]] = [
    (403, "AccessDenied", SettingsError, "access is denied", "s3:GetObject"),
    (403, "InvalidAccessKeyId", SettingsError, "does not accept the credentials", r"\[AWS\]"),
    (403, "SignatureDoesNotMatch", SettingsError, "does not accept the credentials", "SECRET"),
    (400, "ExpiredToken", SettingsError, "credentials have expired", "aws sso login"),
    (403, "RequestTimeTooSkewed", SettingsError, "clock is wrong", "Set the clock"),
    (404, "NoSuchBucket", SourceError, "there is no bucket", "Correct the address"),
    (403, "InvalidObjectState", SourceError, "archived", "restore-object"),
    (503, "SlowDown", SourceError, "busy or failing", "later"),
    (405, "MethodNotAllowed", SourceError, "answered MethodNotAllowed", "address"),
]


@pytest.mark.parametrize(
    ("status", "code", "kind", "reason", "next_step"), REFUSALS, ids=[one[1] for one in REFUSALS]
)
def test_a_refusal_says_what_to_do(
    status: int,
    code: str,
    kind: type[SparkifyError],
    reason: str,
    next_step: str,
    proxy: FaultProxy,
    bucket: Path,
    quick: None,
) -> None:
    found = objects(bucket)
    proxy.faults = [Fault("error", status=status, code=code)]
    for ask in (
        lambda: list(s3().list(f"s3://{bucket.name}/d")),
        lambda: list(s3().read_many(found)),
        lambda: s3().read(found[0].address),
    ):
        with pytest.raises(kind, match=reason) as caught:
            ask()
        assert f"s3://{bucket.name}/d" in caught.value.reason
        assert SECRET not in caught.value.reason + caught.value.next_step
        assert re.search(next_step, caught.value.next_step)


def test_who_has_no_credentials_is_told_so(proxy: FaultProxy, monkeypatch: Any) -> None:
    point_at(monkeypatch, proxy.url, key="")
    proxy.faults = [Fault("error", status=403, code="AccessDenied")]
    with pytest.raises(SettingsError, match="denied, and there are no AWS credentials") as caught:
        list(s3().list("s3://bucket/log_data"))
    assert "aws configure" in caught.value.next_step


@pytest.mark.parametrize(
    ("status", "code", "headers", "extra"),
    [
        (301, "PermanentRedirect", {"x-amz-bucket-region": "eu-west-1"}, ""),
        (400, "AuthorizationHeaderMalformed", {}, "<Region>eu-west-1</Region>"),
        (307, "TemporaryRedirect", {"x-amz-bucket-region": "eu-west-1"}, ""),
    ],
)
def test_a_wrong_region_is_told(
    status: int,
    code: str,
    headers: dict[str, str],
    extra: str,
    proxy: FaultProxy,
    bucket: Path,
    quick: None,
) -> None:
    """boto3 alone would go to the other Region without a word."""
    found = objects(bucket)
    proxy.faults = [Fault("error", status=status, code=code, headers=headers, extra=extra)]
    for ask in (
        lambda: list(s3().list(f"s3://{bucket.name}")),
        lambda: list(s3().read_many(found)),
    ):
        proxy.requests.clear()
        with pytest.raises(
            SettingsError, match="the bucket is in eu-west-1, not in us-west-2"
        ) as e:
            ask()
        assert "Set REGION in [S3] to eu-west-1" in e.value.next_step
        assert not any(request.startswith("HEAD") for request, _ in proxy.requests)


def test_no_network_is_told(monkeypatch: pytest.MonkeyPatch, quick: None) -> None:
    point_at(monkeypatch, "http://127.0.0.1:1")
    for ask in (
        lambda: list(s3().list("s3://bucket/log_data")),
        lambda: list(s3().read_many([S3Object("bucket", "key", 1, "abc")])),
    ):
        with pytest.raises(SourceError, match="S3 cannot be reached") as caught:
            ask()
        assert "AWS_ENDPOINT_URL" in caught.value.next_step


def test_a_profile_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    point_at(monkeypatch, "http://127.0.0.1:1", key="")
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(SettingsError, match="profile \\(nobody\\)") as caught:
        list(s3().list("s3://bucket/log_data"))
    assert "AWS_PROFILE" in caught.value.next_step


def test_credentials_that_cannot_be_fetched_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    point_at(monkeypatch, "http://127.0.0.1:1", key="")
    config = tmp_path / "config"
    config.write_text("[default]\ncredential_process = false\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    with pytest.raises(SettingsError, match="no AWS credentials could be fetched"):
        list(s3().list("s3://bucket/log_data"))
