"""Records that COPY would stage otherwise than the rules say: they go the compact way.

COPY turns any value into text and any number in quotes into a number, and nobody says how it
writes a number where a text belongs. Some of it shows afterwards in what was staged; all of it
shows in the records, of which the beginnings of some files are looked at before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from ...errors import SourceError
from ...sources.download import object_of
from ...sources.files import SourceFile
from ...staging.mend import SIGN
from ...staging.rules import Field, Type
from ...staging.split import Found, blocks, records_of
from ...staging.validate import Record, Rejection, Unreadable, accept, decode

if TYPE_CHECKING:
    from ...util_s3 import S3

HEAD_FILES = 8
HEAD_BYTES = 64 << 10
"""Of so many files so much is looked at, before COPY takes them."""

_NUMBER = "-?[0-9]+"
_ODD_NUMBER = f"{_NUMBER}[.][0-9]+|{_NUMBER}([.][0-9]+)?[eE][+-]?[0-9]+|-0|-?[0-9]{{16,}}"
_NO_TEXT = 'true|false|[{] *(["{-]|[0-9]|true|false|null).*[}]|[{] *[}]'
ODD_NAME = f"[|]({_ODD_NUMBER}|{_NO_TEXT})[|]"
"""Matches names, with `|` around each and braces for brackets, if one of them may have been no
text. A whole number may stand for a name, and has one spelling."""
ODD_TEXT = f"[|]({_NUMBER}|{_ODD_NUMBER}|{_NO_TEXT})[|]"
"""Matches other texts likewise; for those no number may stand."""
ENCODED_TWICE = "[Â-ô][^ -~À-\ufffd]"
"""Matches text with the sign of being encoded twice, and some that is as rare: the characters that
the sign ends in are controls, which no literal holds."""
NEXT_STEP = (
    "Correct the record, or set COPY_MODE = auto: all is then put together first, bad records go "
    "to the rejects, and the others are loaded."
)
NOTHING = "^[|]$"
"""Matches no names, for there are several."""


def unfit(record: bytes, fields: Sequence[Field]) -> Record | Rejection:
    """Judge a record for COPY: a Rejection says why COPY would not stage it as the rules say."""
    try:
        values = decode(record, fields)
        accepted = accept(values, fields)
    except Rejection as why:
        return why
    for field in fields:
        value = values.get(field.key) if field.key else None
        if field.type is Type.TEXT_OR_NUMBER and not isinstance(value, str | None):
            what = "a number, which COPY may write otherwise"
        elif field.mends and isinstance(value, str) and SIGN.search(value):
            what = "text that was encoded twice, which COPY does not mend"
        elif field.type is Type.USER_ID and isinstance(value, float):
            what = "a number with a point, which COPY may write otherwise"
        else:
            continue
        return Rejection("type", f"field '{field.key}' holds {what}")
    return accepted


def first_unfit(
    file: SourceFile, data: bytes, fields: Sequence[Field], *, whole: bool = True
) -> tuple[int, str] | None:
    """Return the line of the first record that is not for COPY, and why; None if there is none.

    data: the content of the file. whole: whether it is all of it; else its end is not judged.
    """
    found: Iterable[Found[Record]] = records_of(
        file.kind, blocks(file, [], data), partial(unfit, fields=fields)
    )
    if not whole:
        found = list(found)
        if found and isinstance(found[-1][-1], Unreadable):
            found.pop()
    for line, _, _, outcome in found:
        if isinstance(outcome, Rejection):
            return line, outcome.message
    return None


def first_unfit_head(
    s3: S3, files: Sequence[SourceFile], fields: Sequence[Field]
) -> tuple[str, int, str] | None:
    """Look at how some files begin: uri, line and reason of the first record not for COPY."""
    for file in files[:: -(-len(files) // HEAD_FILES)]:
        data = b""
        with suppress(SourceError):  # if it is gone, COPY does not meet it either
            data = s3.read_head(object_of(file), HEAD_BYTES)
        if bad := first_unfit(file, data, fields, whole=len(data) >= file.size):
            return file.uri, *bad
    return None
