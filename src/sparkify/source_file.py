"""What is known of a source file before it is read."""

from __future__ import annotations

from typing import NamedTuple

from .staging.rules import Kind


class SourceFile(NamedTuple):
    """One version of one file.

    uri: how the ledger knows it; a local file by its absolute real path, one in S3 by its address.
    size: in bytes. fingerprint: what tells this version from another; in S3 the ETag.
    path: where to open it (differs from uri where a file's name is no UTF-8, or holds U+0000).
    """

    kind: Kind
    uri: str
    size: int
    fingerprint: str
    path: str
