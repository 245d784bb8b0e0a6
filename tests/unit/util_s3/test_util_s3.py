"""S3: addresses, listing, reading by every way, what goes wrong, writing and deleting."""

from __future__ import annotations

import hashlib
import os
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import boto3
import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.server import ThreadedMotoServer

from s3_server import (
    KEY,
    SECRET,
    Fault,
    FaultProxy,
    fault_proxy,
    make_certificate,
    point_at,
    s3_server,
)
from sparkify.config import Settings
from sparkify.errors import SettingsError, SourceError, SparkifyError
from sparkify.util_s3 import (
    S3,
    Location,
    S3Object,
    access,
    careful,
    parse,
    reading,
    signing,
    store,
    wire,
)
from sparkify.util_s3.failures import MissedError
from sparkify.util_s3.store import ObjectStores
from sparkify.util_s3.threads import in_order
from sparkify.util_s3.wire import Wires

REGION = "us-west-2"
ODD_KEYS = [
    "plain.json",
    "a b.json",
    "a//b.json",
    "/lead.json",
    "a/../b.json",
    "../../up.json",
    "..",
    "./here.json",
    "100%.json",
    "a%2Fb.json",
    "a+b.json",
    "naïve é.json",
    "日本語/歌😀.json",
    "star*[x]{y}?.json",
    "a#b&c=d;e,f:g@h.json",
    "quote\"'`.json",
    "back\\slash.json",
    "tab\t\x01\x7f.json",
    "<xml>&amp;.json",
    "~^|$!().json",
    "/etc/passwd",
    "x" * 900,
]


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
    monkeypatch.setattr(access, "ATTEMPTS", 2)
    monkeypatch.setattr(store, "_MOST_RETRIES", 1)
    monkeypatch.setattr(careful, "_FIRST_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(careful, "ATTEMPTS", 3)


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


def s3(**settings: Any) -> S3:
    return S3(Settings(**settings), REGION)


def put(bucket: Path, contents: dict[str, bytes]) -> None:
    for key, content in contents.items():
        path = bucket / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def keys(bucket: Path, prefix: str = "") -> list[str]:
    return [one.key for one in s3().list(f"s3://{bucket.name}{prefix}")]


WAYS = ("wire", "obstore", "boto3")


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """One way of reading alone, the others barred."""
    name: str = request.param
    only(monkeypatch, name)
    return name


def only(patch: pytest.MonkeyPatch, name: str) -> None:
    def barred(*_: object) -> bytes:
        raise MissedError

    if name != "wire":
        patch.setattr(Wires, "read_part", barred)
    if name == "boto3":
        patch.setattr(ObjectStores, "read_part", barred)
    if name == "wire":
        patch.setattr(ObjectStores, "read_part", barred)


# Addresses


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
    with pytest.raises(SettingsError, match="is no address in S3"):
        parse(address)


# Listing


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


# Reading


def contents(number: int) -> dict[str, bytes]:
    return {f"d/{n // 100}/{n:05}": f"content {n}\n".encode() * (n % 7) for n in range(number)}


def test_many_objects_come_in_order(bucket: Path, way: str) -> None:
    made = contents(300 if way == "boto3" else 1_000)
    put(bucket, made)
    found = list(s3().list(f"s3://{bucket.name}/d"))
    assert list(s3().read_many(found)) == list(made.values())
    assert list(s3().read_many(found[::-1])) == list(made.values())[::-1]
    assert list(s3().read_many([])) == []


def test_connections_are_kept(proxy: FaultProxy, bucket: Path, monkeypatch: Any) -> None:
    made: list[object] = []
    new = Wires._new

    def counted(*arguments: Any) -> Any:
        made.append(arguments)
        return new(*arguments)

    monkeypatch.setattr(Wires, "_new", counted)
    put(bucket, contents(500))
    assert len(list(s3().read_many(list(s3().list(f"s3://{bucket.name}/d"))))) == 500
    assert 0 < len(made) <= access.THREADS


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
    monkeypatch.setattr(reading, "PART_BYTES", 1_000)
    made = {"empty": b"", "one": os.urandom(1_000), "more": os.urandom(12_345), "two": b"x" * 2000}
    put(bucket, made)
    found = {one.key: one for one in s3().list(f"s3://{bucket.name}")}
    done: list[int] = []
    s3().download_many([(found[key], tmp_path / key) for key in made], done.append)
    assert {key: (tmp_path / key).read_bytes() for key in made} == made
    assert sum(done) == sum(map(len, made.values()))
    assert len(done) == 1 + 1 + 13 + 2


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
    s3().download_many(list(zip(found, paths, strict=True)), lambda _: None)
    assert [path.read_bytes() for path in paths] == [made[one.key] for one in found]


@pytest.mark.parametrize("key", [*ODD_KEYS, "line\nbreak.json"])
def test_the_wire_asks_for_what_boto3_asks_for(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    point_at(monkeypatch, "http://127.0.0.1:1")
    made = access.connect(Settings(), REGION)
    sent: list[str] = []

    def catch(request: Any, **_: Any) -> None:
        sent.append(request.url)
        raise InterruptedError

    made.client.meta.events.register("before-send.s3.GetObject", catch)
    with pytest.raises(InterruptedError):
        made.client.get_object(Bucket="bucket", Key=key)
    wires = Wires(made)
    wanted = S3Object("bucket", key, 5, "abc")
    request = wires._request(wires._place("bucket"), wanted, 0, 5)
    assert request.startswith(
        f"GET {sent[0].removeprefix('http://127.0.0.1:1')} HTTP/1.1\r\n".encode()
    )


@pytest.mark.parametrize("key", ODD_KEYS)
def test_obstore_is_asked_for_no_key_that_it_would_change(
    key: str, odd: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it leaves to boto3 it cannot express; what it takes it reads."""
    only(monkeypatch, "obstore")
    s3().upload_many([(f"s3://{odd}/{key}", b"here")])
    found = list(s3().list(f"s3://{odd}"))
    assert list(s3().read_many(found)) == [b"here"]


# Signing


def test_requests_are_signed_as_boto3_signs_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for number, key in enumerate([*ODD_KEYS, "line\nbreak"]):
        token = "token/+=" if number % 2 else None
        credentials = Credentials("AKID", "secret/+", token)
        path = quote(f"/bucket/{key}")
        request = AWSRequest("GET", f"http://127.0.0.1:99{path}", headers={})
        S3SigV4Auth(credentials, "s3", REGION).add_auth(request)
        moment = request.headers["X-Amz-Date"]
        monkeypatch.setattr(signing, "_moment", lambda _, moment=moment: moment)
        lines = signing.signed_headers(credentials, REGION, "127.0.0.1:99", path)
        ours = dict(line.split(": ", 1) for line in lines.splitlines())
        assert ours == {name.lower(): value for name, value in request.headers.items()}


class Changing:
    """Credentials that are renewed for every request."""

    def __init__(self) -> None:
        self.given = 0

    def get_frozen_credentials(self) -> Any:
        self.given += 1
        return Credentials(KEY, SECRET, f"token{self.given}").get_frozen_credentials()


@pytest.mark.parametrize("name", ["wire", "obstore"])
def test_credentials_are_renewed(
    name: str, proxy: FaultProxy, bucket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    only(monkeypatch, name)
    # Not even until now: whether a moment is over depends on when obstore looks at its clock.
    monkeypatch.setattr(store, "_CREDENTIALS_LAST", timedelta(hours=-1))
    put(bucket, {"a": b"a", "b": b"b"})
    found = list(s3().list(f"s3://{bucket.name}"))
    proxy.requests.clear()
    made = access.connect(Settings(), REGION)
    changing: Any = Changing()
    with_changing = access.Access(made.client, changing, REGION)
    with closing(reading.Reader(with_changing)) as reader:
        # One after the other: obstore lets requests that come together share their credentials.
        read = [reader.part(one, 0, one.size, threading.Event()) for one in found]
    assert read == [b"a", b"b"]
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
    proxy: FaultProxy, bucket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which the wire cannot; obstore and boto3 can."""
    put(bucket, {"a": b"a"})
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert not access.connect(Settings(), REGION).proxied
    monkeypatch.delenv("no_proxy")
    assert access.connect(Settings(), REGION).proxied


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
    assert access.connect(Settings(), REGION).base(name) == base


# What goes wrong


def objects(bucket: Path, number: int = 20) -> list[S3Object]:
    put(bucket, contents(number))
    return list(s3().list(f"s3://{bucket.name}/d"))


@pytest.mark.parametrize("kind", ["error", "reset", "cut", "silent"])
@pytest.mark.parametrize("name", WAYS)
def test_what_passes_is_survived(
    kind: str,
    name: str,
    proxy: FaultProxy,
    bucket: Path,
    monkeypatch: pytest.MonkeyPatch,
    quick: None,
) -> None:
    monkeypatch.setattr(store, "_MOST_RETRIES", 5)
    if name != "wire":
        only(monkeypatch, name)
    found = objects(bucket)
    proxy.faults = [Fault(kind, r"GET /.*/d/", times=1)]
    assert list(s3().read_many(found)) == list(contents(20).values())
    assert proxy.faults[0].times == 0


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
        s3().download_many([(found[13], tmp_path / "x")], lambda _: None)


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
        s3().download_many([(one, tmp_path / str(n)) for n, one in enumerate(found)], print)


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


def test_a_server_that_takes_if_match_letter_by_letter_is_read(
    proxy: FaultProxy, bucket: Path, way: str
) -> None:
    """It compares the quotes, too: what it says of every object is that it changed."""
    found = objects(bucket)
    proxy.faults = [Fault("error", having="if-match", status=412, code="PreconditionFailed")]
    assert list(s3().read_many(found)) == list(contents(20).values())
    put(bucket, {"d/0/00013": contents(20)["d/0/00013"].swapcase()})
    with pytest.raises(SourceError, match="d/0/00013 changed"):
        list(s3().read_many(found))


def test_the_wire_reads_from_a_server_of_http_1_0(
    proxy: FaultProxy, bucket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = objects(bucket)
    only(monkeypatch, "wire")
    monkeypatch.setattr(careful, "read_part", lambda *_: pytest.fail("the wire could not"))
    proxy.old = True
    assert list(s3().read_many(found)) == list(contents(20).values())


def test_a_vanished_object_is_noticed(bucket: Path, way: str, tmp_path: Path) -> None:
    found = objects(bucket)
    (bucket / "d" / "0" / "00013").unlink()
    with pytest.raises(SourceError, match="d/0/00013 is not there"):
        list(s3().read_many(found))
    with pytest.raises(SourceError, match="d/0/00013 is not there"):
        s3().download_many([(one, tmp_path / str(n)) for n, one in enumerate(found)], print)
    with pytest.raises(SourceError, match="d/0/00013 is not there"):
        s3().read(found[13].address)


REFUSALS: list[tuple[int, str, type[SparkifyError], str, str]] = [
    (403, "AccessDenied", SettingsError, "access is denied", "s3:GetObject"),
    (403, "InvalidAccessKeyId", SettingsError, "does not accept the credentials", r"\[AWS\]"),
    (403, "SignatureDoesNotMatch", SettingsError, "does not accept the credentials", "SECRET"),
    (400, "ExpiredToken", SettingsError, "credentials have expired", "aws sso login"),
    (403, "RequestTimeTooSkewed", SettingsError, "clock is wrong", "Set the clock"),
    (404, "NoSuchBucket", SourceError, "there is no bucket", "Correct the address"),
    (403, "InvalidObjectState", SourceError, "archived", "restore-object"),
    (503, "SlowDown", SourceError, "busy or in trouble", "later"),
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


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_wire_does_not_wait_for_ever(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "READ_SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as mute:  # it takes connections and says nothing
        point_at(monkeypatch, f"{scheme}://127.0.0.1:{mute.getsockname()[1]}")
        wires = Wires(access.connect(Settings(), REGION))
        with pytest.raises(MissedError) as caught:
            wires.read_part(S3Object("bucket", "key", 5, "abc"), 0, 5)
    assert isinstance(caught.value.__cause__, OSError)


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


# Threads


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


# Writing and deleting


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


def test_more_is_deleted_than_one_request_takes(odd: str) -> None:
    s3().upload_many([(f"s3://{odd}/many/{n}", b"") for n in range(1_001)])
    s3().upload_many([(f"s3://{odd}/more", b"")])
    assert s3().delete_all(f"s3://{odd}/many") == 1_001
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


def test_where_one_object_at_a_time_is_deleted(proxy: FaultProxy, bucket: Path) -> None:
    put(bucket, {"out/a": b"", "out/b/c": b"", "out.bak": b""})
    proxy.faults = [Fault("error", "POST .*delete", status=501, code="NotImplemented")]
    assert s3().delete_all(f"s3://{bucket.name}/out") == 2
    assert keys(bucket) == ["out.bak"]
