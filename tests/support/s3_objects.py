"""Objects in a folder that a real server shows as a bucket."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sparkify.config import Settings
from sparkify.util_s3 import S3, S3Object

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


def s3(**settings: Any) -> S3:
    return S3(Settings(**settings), REGION)


def put(bucket: Path, contents: dict[str, bytes]) -> None:
    for key, content in contents.items():
        path = bucket / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def keys(bucket: Path, prefix: str = "") -> list[str]:
    return [one.key for one in s3().list(f"s3://{bucket.name}{prefix}")]


def contents(number: int) -> dict[str, bytes]:
    return {f"d/{n // 100}/{n:05}": f"content {n}\n".encode() * (n % 7) for n in range(number)}


def objects(bucket: Path, number: int = 20) -> list[S3Object]:
    put(bucket, contents(number))
    return list(s3().list(f"s3://{bucket.name}/d"))
