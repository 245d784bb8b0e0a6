"""Addresses in S3."""

from __future__ import annotations

import pytest

from sparkify.errors import SettingsError
from sparkify.util_s3 import Location, parse


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
