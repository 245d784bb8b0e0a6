"""Addresses in S3: `s3://bucket/key`, and the objects that a listing finds there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from ..errors import SettingsError

SCHEME = "s3://"
# Also the names that us-east-1 allowed before 2018: up to 255 characters, capitals, underscores
# (AmazonS3/latest/userguide/bucketnamingrules.html).
_BUCKET = re.compile(r"(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]", re.ASCII)


class Location(NamedTuple):
    """A place in S3. key: of an object, or a prefix; "" is the whole bucket."""

    bucket: str
    key: str

    def __str__(self) -> str:
        return f"{SCHEME}{self.bucket}/{self.key}" if self.key else SCHEME + self.bucket


@dataclass(frozen=True, slots=True)
class S3Object:
    """One version of one object.

    key: exactly as S3 has it; it may hold anything. size: in bytes. etag: without quotes.
    modified: when it was written, in UTC, where the listing told.
    """

    bucket: str
    key: str
    size: int
    etag: str
    modified: datetime | None = None

    @property
    def address(self) -> str:
        """Its address, `s3://bucket/key`."""
        return f"{SCHEME}{self.bucket}/{self.key}"


def parse(address: str) -> Location:
    """Return the bucket and key of an address; the key is left as it is, with blanks, `%` and all.

    Raises SettingsError when it is no s3:// address, or its bucket cannot exist.
    """
    bucket, _, key = address.removeprefix(SCHEME).partition("/")
    if not address.startswith(SCHEME) or not _BUCKET.fullmatch(bucket):
        raise SettingsError(
            f"{address!r} is not an S3 address",
            "Write it as s3://bucket/prefix; a bucket's name has 3 to 63 of a-z, 0-9, '.' and '-'.",
        )
    return Location(bucket, key)
