"""The stand-in's S3 behaves as S3 does where it matters: Regions, versions, strangers, faults."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError, IncompleteReadError

from cloud.standin import StandIn, standin


@pytest.fixture
def aws() -> Iterator[StandIn]:
    with standin() as one:
        yield one


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def body(s3: Any, bucket: str, key: str, **options: Any) -> bytes:
    return bytes(s3.get_object(Bucket=bucket, Key=key, **options)["Body"].read())


def test_a_bucket_is_in_its_region(aws: StandIn) -> None:
    aws.put("lake", "a/b c+é", b"x", "us-west-2")
    far = aws.client("s3", "us-west-2")
    assert body(far, "lake", "a/b c+é") == b"x"
    for ask in ("head_object", "get_object"):
        with pytest.raises(ClientError) as error:
            getattr(aws.client("s3", s3={"us_east_1_regional_endpoint": "regional"}), ask)(
                Bucket="nowhere", Key="a"
            )
        assert code(error) in ("404", "NoSuchBucket")
    near = aws.client("s3")
    assert near.get_bucket_location(Bucket="lake")["LocationConstraint"] == "us-west-2"
    before = len(aws.calls)
    assert body(near, "lake", "a/b c+é") == b"x"  # boto3 follows, at the price of more calls
    assert [one.operation for one in aws.calls[before:]][-1] == "GetObject"
    assert len(aws.calls) - before > 1


def test_strangers_see_public_buckets_only(aws: StandIn) -> None:
    aws.put("open", "a", b"x", public=True)
    aws.put("closed", "a", b"x")
    s3 = boto3.client(
        "s3",
        region_name="us-east-1",
        endpoint_url=aws.url,
        config=Config(signature_version=UNSIGNED),
    )
    assert body(s3, "open", "a") == b"x"
    assert s3.list_objects_v2(Bucket="open")["KeyCount"] == 1
    for ask in (lambda: body(s3, "closed", "a"), lambda: s3.list_objects_v2(Bucket="closed")):
        with pytest.raises(ClientError) as error:
            ask()
        assert code(error) == "AccessDenied"


def test_ranges_and_conditions(aws: StandIn) -> None:
    aws.put("lake", "a", b"0123456789")
    s3 = aws.client("s3")
    assert body(s3, "lake", "a", Range="bytes=2-4") == b"234"
    assert body(s3, "lake", "a", Range="bytes=7-") == b"789"
    assert body(s3, "lake", "a", Range="bytes=-2") == b"89"
    with pytest.raises(ClientError) as error:
        body(s3, "lake", "a", Range="bytes=10-12")
    assert code(error) == "InvalidRange"
    etag = s3.head_object(Bucket="lake", Key="a")["ETag"]
    assert s3.list_objects_v2(Bucket="lake")["Contents"][0]["ETag"] == etag
    assert body(s3, "lake", "a", IfMatch=etag) == b"0123456789"
    aws.put("lake", "a", b"changed")
    with pytest.raises(ClientError) as error:
        body(s3, "lake", "a", IfMatch=etag)
    assert code(error) == "PreconditionFailed"
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 412
    with pytest.raises(ClientError) as error:
        body(s3, "lake", "b")
    assert code(error) == "NoSuchKey"


def test_a_folder_is_listed_in_pages(aws: StandIn, tmp_path: Path) -> None:
    for name in ("log_data/a b.json", "log_data/é.json", "log_data2/x", "log_data.bak"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)
    assert aws.fill("lake", tmp_path, prefix="in/") == 4
    s3 = aws.client("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket="lake", Prefix="in/log_data", PaginationConfig={"PageSize": 3}
    )
    found = [[(one["Key"], one["Size"]) for one in page["Contents"]] for page in pages]
    assert found == [
        [("in/log_data.bak", 12), ("in/log_data/a b.json", 17), ("in/log_data/é.json", 16)],
        [("in/log_data2/x", 11)],
    ]
    assert body(s3, "lake", "in/log_data/é.json").decode() == "log_data/é.json"
    folders = s3.list_objects_v2(Bucket="lake", Prefix="in/", Delimiter="/")
    assert [one["Prefix"] for one in folders["CommonPrefixes"]] == ["in/log_data/", "in/log_data2/"]
    assert s3.list_objects_v2(Bucket="lake", Prefix="none")["KeyCount"] == 0
    after = s3.list_objects_v2(Bucket="lake", StartAfter="in/log_data/a b.json")
    assert after["KeyCount"] == 2


def test_who_dies_while_it_writes_has_written_nothing(aws: StandIn) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="work")
    url = s3.generate_presigned_url("put_object", Params={"Bucket": "work", "Key": "a"})
    path = url.removeprefix(aws.url)
    port = int(aws.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(f"PUT {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345".encode())
        line.shutdown(socket.SHUT_WR)
        assert line.recv(100) == b""
    assert "Contents" not in s3.list_objects_v2(Bucket="work")


def test_signed_addresses_are_read(aws: StandIn) -> None:
    aws.put("lake", "a b", b"content", "us-west-2")
    for region, status in (("us-west-2", 200), ("us-east-1", 301)):
        url = aws.client("s3", region, signature_version="s3v4").generate_presigned_url(
            "get_object", Params={"Bucket": "lake", "Key": "a b"}
        )
        answer = requests.get(url, allow_redirects=False, timeout=600)
        assert answer.status_code == status
        assert (answer.content == b"content") == (status == 200)


def test_many_pages(aws: StandIn) -> None:
    names = [f"k/{n:05}" for n in range(2500)]
    for name in names:
        aws.put("lake", name, b"x")
    s3 = aws.client("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="lake", Prefix="k/")
    assert [one["Key"] for page in pages for one in page["Contents"]] == names
    assert sum(one.operation == "ListObjectsV2" for one in aws.calls) == 3


def test_versions_stay_behind(aws: StandIn) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="work")
    s3.put_bucket_versioning(Bucket="work", VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket="work", Key="a", Body=b"1")["VersionId"]
    s3.put_object(Bucket="work", Key="a", Body=b"2")
    assert body(s3, "work", "a") == b"2"
    assert body(s3, "work", "a", VersionId=first) == b"1"
    s3.delete_object(Bucket="work", Key="a")
    assert "Contents" not in s3.list_objects_v2(Bucket="work")
    versions = s3.list_object_versions(Bucket="work")
    assert (len(versions["Versions"]), len(versions["DeleteMarkers"])) == (2, 1)
    with pytest.raises(ClientError) as error:
        s3.delete_bucket(Bucket="work")
    assert code(error) == "BucketNotEmpty"


def test_large_bodies_both_ways(aws: StandIn, tmp_path: Path) -> None:
    content = bytes(range(256)) * 80_000
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="work")
    path = tmp_path / "part"
    path.write_bytes(content)
    s3.upload_file(str(path), "work", "part")  # in several parts
    assert body(s3, "work", "part") == content
    s3.put_object(Bucket="work", Key="whole", Body=content)
    assert body(s3, "work", "whole") == content


def test_faults_of_s3(aws: StandIn) -> None:
    aws.put("lake", "a", b"x" * 1000)
    aws.put("lake", "b", b"y")
    s3 = aws.client("s3")
    aws.fault("throttle", "s3.GetObject", match='"Key": "a"')
    assert body(s3, "lake", "b") == b"y"
    with pytest.raises(ClientError) as error:
        body(s3, "lake", "a")
    assert code(error) == "SlowDown"
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    aws.fault("cut_body", "s3.GetObject")
    with pytest.raises((IncompleteReadError, HTTPClientError)):
        body(s3, "lake", "a")
    aws.fault("drop_before", "s3.*", count=2)
    for ask in (s3.list_buckets, lambda: body(s3, "lake", "a")):
        with pytest.raises(HTTPClientError):
            ask()
    aws.fault("expired_token", "s3.ListObjectsV2")
    with pytest.raises(ClientError) as error:
        s3.list_objects_v2(Bucket="lake")
    assert code(error) == "ExpiredToken"
    patient = aws.client("s3", retries={"mode": "standard", "max_attempts": 3})
    aws.fault("throttle", "s3.GetObject", count=2)
    assert len(body(patient, "lake", "a")) == 1000


def test_objects_change_behind_a_listing(aws: StandIn) -> None:
    aws.put("lake", "a", b"1")
    aws.put("lake", "b", b"1")
    s3 = aws.client("s3")
    aws.fault("replace_object", "s3.ListObjectsV2", address="s3://lake/a", message="22")
    aws.fault("delete_object", "s3.ListObjectsV2", address="s3://lake/b")
    listed = s3.list_objects_v2(Bucket="lake")["Contents"]
    assert [(one["Key"], one["Size"]) for one in listed] == [("a", 1), ("b", 1)]
    assert body(s3, "lake", "a") == b"22"
    with pytest.raises(ClientError):
        body(s3, "lake", "a", IfMatch=listed[0]["ETag"])
    with pytest.raises(ClientError):
        body(s3, "lake", "b")


def test_other_services_answer_at_the_same_address(aws: StandIn) -> None:
    identity = aws.client("sts").get_caller_identity()
    assert identity["Account"] == "123456789012"
    assert aws.client("iam").list_roles()["Roles"] == []
    assert aws.client("cloudformation").list_stacks()["StackSummaries"] == []
    assert aws.client("ec2").describe_vpcs()["Vpcs"]
    assert [(one.service, one.operation) for one in aws.calls] == [
        ("sts", "GetCallerIdentity"),
        ("iam", "ListRoles"),
        ("cloudformation", "ListStacks"),
        ("ec2", "DescribeVpcs"),
    ]
    for service in ("sts", "iam", "cloudformation", "ec2"):
        aws.fault("throttle", f"{service}.*")
    for ask in (aws.client("sts").get_caller_identity, aws.client("ec2").describe_vpcs):
        with pytest.raises(ClientError) as error:
            ask()
        assert code(error) == "Throttling"


def test_nothing_of_it_stays(aws: StandIn) -> None:
    aws.put("lake", "a", b"1")
    aws.client("iam").create_user(UserName="x")
    aws.stop()
    with standin() as other:
        assert other.client("s3").list_buckets()["Buckets"] == []
        assert other.client("iam").list_users()["Users"] == []
    aws.stop = lambda: None  # type: ignore[method-assign]


def test_the_environment_points_at_it(aws: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    aws.put("lake", "a", b"1")
    for name, value in aws.environment().items():
        monkeypatch.setenv(name, value)
    assert body(boto3.Session().client("s3"), "lake", "a") == b"1"
    assert boto3.Session().client("redshift-data").list_statements()["Statements"] == []
