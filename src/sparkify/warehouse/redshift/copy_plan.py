"""Which files COPY reads from the source bucket itself, by which prefixes; the rest goes compact.

COPY turns any value into text and any quoted number into a number, and how it writes a number
where a text belongs is not documented. Some of that shows afterwards in what was staged; all of it
shows in the records, so the beginnings of some files are checked first.
"""

from __future__ import annotations

import json
import re
from bisect import bisect
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, get_args

from ...boto3_sql_util import quote_literal
from ...config import Settings
from ...errors import SettingsError, SourceError
from ...ledger import Plan
from ...sources.download import object_of
from ...sources.files import Kind, SourceFile
from ...staging.rules import FIELDS, Field, Type, fields_of
from ...staging.split import Found, blocks, records_of
from ...staging.validate import SIGN, Record, Rejection, Unreadable, accept, decode

if TYPE_CHECKING:
    from ...util_s3 import S3

MOST_PREFIXES = 8
"""With more, COPY would run too often: the files are merged first (compact)."""
LARGE_FILE_BYTES = 1 << 20
"""From this average on files are large enough for COPY to read one by one
(dg/c_best-practices-use-multiple-files: 1 MB to 1 GB)."""
MUCH_BYTES = 64 << 20
"""Below this sum the detour over this machine costs nothing worth saving."""
HEAD_FILES = 8
HEAD_BYTES = 64 << 10
"""The beginnings that are checked: of how many files, and how much of each."""

_NUMBER = "-?[0-9]+"
_ODD_NUMBER = f"{_NUMBER}[.][0-9]+|{_NUMBER}([.][0-9]+)?[eE][+-]?[0-9]+|-0|-?[0-9]{{16,}}"
_NO_TEXT = 'true|false|[{] *(["{-]|[0-9]|true|false|null).*[}]|[{] *[}]'
ODD_NAME = f"[|]({_ODD_NUMBER}|{_NO_TEXT})[|]"
"""Matches names, with `|` around each and braces for brackets, if one of them may not have been
text. A whole number may stand for a name, and has one spelling."""
ODD_TEXT = f"[|]({_NUMBER}|{_ODD_NUMBER}|{_NO_TEXT})[|]"
"""Matches other texts likewise; for those no number may stand."""
ENCODED_TWICE = "[Â-ô][^ -~À-\ufffd]"
"""Matches text with the sign of being encoded twice, and some that is as rare: the characters that
the sign ends in are controls, which no literal holds."""
NOTHING = "^[|]$"
"""Matches no names, for there are several."""
NEXT_STEP = (
    "Correct the record, or set COPY_MODE = auto: bad records then go to the rejects, and the "
    "others are loaded."
)


@dataclass(frozen=True)
class Direct:
    """How COPY takes the files of one kind from the source bucket itself.

    prefixes: s3:// addresses that begin the new files and nothing else. region: the bucket's.
    json: 'auto', 'auto ignorecase' or the s3:// address of a JSONPaths file. columns: what its
    paths fill, in their order. gzipped: whether the files are.
    """

    prefixes: tuple[str, ...]
    region: str
    json: str
    columns: tuple[str, ...]
    gzipped: bool = False

    @property
    def any_case(self) -> bool:
        """Whether COPY takes a key of any case for a column's."""
        return self.json == "auto ignorecase"


def choose(
    settings: Settings, plan: Plan, keys: Sequence[str], *, compact_only: bool
) -> dict[Kind, Direct]:
    """Return the kinds of files that COPY reads itself; the others are merged first.

    Kinds of which COPY might stage a record otherwise than the rules say are not among them.
    keys: the JSON key of each column of staging_events. compact_only: choose none.
    Raises SettingsError when COPY_MODE asks for direct and the files are not in S3; SourceError
    when it does and they are not for COPY.
    """
    chosen: dict[Kind, Direct] = {}
    if compact_only or settings.copy_mode == "compact":
        return chosen
    asked_for = settings.copy_mode == "direct"
    for kind in get_args(Kind):
        files = [file for file in plan.files if file.kind == kind]
        address = settings.log_data if kind == "events" else settings.song_data
        in_s3 = address.startswith("s3://")
        if asked_for and files and not in_s3:
            raise SettingsError(
                f"COPY_MODE = direct, but {address} is not in S3: COPY reads nothing else",
                "Set COPY_MODE = auto, which uploads local files to the work bucket.",
            )
        size = sum(file.size for file in files)
        large = size >= MUCH_BYTES and size >= LARGE_FILE_BYTES * len(files)
        if not files or not in_s3 or not (asked_for or large):
            continue
        direct = _direct(settings, plan, kind, files, address, keys)
        if direct is None:
            continue
        fields = fields_of(kind, keys, mend_text=settings.mend_text)
        unfit = first_unfit_head(source_bucket(settings), files, fields, direct.any_case)
        if unfit is None:
            chosen[kind] = direct
        elif asked_for:
            raise not_for_copy(*unfit)
    return chosen


def columns_of(kind: Kind) -> tuple[str, ...]:
    """Return the columns of a staging table in their order."""
    return tuple(field.column for field in FIELDS[kind])


def not_for_copy(uri: str, line: int, why: str, **details: str) -> SourceError:
    """Return the error of a record that COPY cannot take."""
    reason = f"{uri}, line {line}: {why}; nothing was loaded"
    return SourceError(reason, NEXT_STEP, **details, uri=uri, line=line)


def _direct(
    settings: Settings,
    plan: Plan,
    kind: Kind,
    files: Sequence[SourceFile],
    address: str,
    keys: Sequence[str],
) -> Direct | None:
    root = address.rstrip("/") + "/"
    gzipped = {file.uri.endswith(".gz") for file in files}
    if len(gzipped) > 1 or not all(file.uri.startswith(root) for file in files):
        return None
    others = [uri for uri in (*plan.loaded, *plan.ignored) if uri.startswith(root)]
    others += [file.uri for file in plan.files if file.kind != kind and file.uri.startswith(root)]
    prefixes = fewest_prefixes([file.uri for file in files], others, root)
    if prefixes is None or len(prefixes) > MOST_PREFIXES:
        return None
    try:
        for prefix in prefixes:
            quote_literal(prefix)
    except ValueError:
        return None
    form, columns = "auto", columns_of(kind)
    if kind == "events":
        form, columns = _event_columns(settings, keys)
    return Direct(tuple(prefixes), settings.s3_region, form, columns, gzipped.pop())


def _event_columns(settings: Settings, keys: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """Return the JSON option of COPY, and the columns that it fills in its order.

    A JSONPaths file fills columns by position, so they are listed as its paths stand.
    """
    if not settings.log_jsonpath.startswith("s3://"):
        columns = zip(columns_of("events"), keys, strict=True)
        return "auto ignorecase", tuple(column for column, key in columns if key)
    text = source_bucket(settings).read(settings.log_jsonpath).decode("utf-8-sig")
    paths = json.loads(text)["jsonpaths"]  # jsonpaths.read_keys has validated it
    return settings.log_jsonpath, tuple(re.findall(r"\w+", path)[-1].lower() for path in paths)


def source_bucket(settings: Settings) -> S3:
    """Return the client for the source bucket."""
    from ...util_s3 import S3

    return S3(settings, settings.s3_region)


# Prefixes


def fewest_prefixes(wanted: Collection[str], others: Iterable[str], root: str) -> list[str] | None:
    """Return the shortest list of prefixes that begin every wanted key and none of the others.

    COPY takes a prefix, not a folder (dg/copy-parameters-data-source-s3): it loads every key that
    begins with it. root: what every key begins with; no prefix is shorter than it.
    Returns None when there is no such list: a wanted key itself begins another key.
    """
    # In sorted order, what shares a prefix stands together: only the nearest others matter.
    sorted_others = sorted(others)
    prefixes: list[str] = []
    for key in sorted(wanted):
        if not (prefixes and key.startswith(prefixes[-1])):
            place = bisect(sorted_others, key)
            nearest = sorted_others[max(place - 1, 0) : place + 1]
            starts = (key[:end] for end in range(len(root), len(key) + 1))
            start = next((one for one in starts if not any(o.startswith(one) for o in nearest)), "")
            if not start:
                return None
            prefixes.append(start)
    return prefixes


# Records that are not for COPY


def first_unfit_head(
    s3: S3, files: Sequence[SourceFile], fields: Sequence[Field], any_case: bool
) -> tuple[str, int, str] | None:
    """Return uri, line and reason of the first record not for COPY in the beginnings of files."""
    for file in files[:: -(-len(files) // HEAD_FILES)]:
        data = b""
        with suppress(SourceError):  # if it is gone, COPY does not meet it either
            data = s3.read_head(object_of(file), HEAD_BYTES)
        if unfit := first_unfit(file, data, fields, any_case, whole=len(data) >= file.size):
            return file.uri, *unfit
    return None


def first_unfit(
    file: SourceFile, data: bytes, fields: Sequence[Field], any_case: bool, *, whole: bool = True
) -> tuple[int, str] | None:
    """Return line and reason of the first record that is not for COPY; None if there is none.

    data: the content of the file. any_case: as of Direct. whole: whether it is all of it; else its
    end is not checked.
    """
    found: Iterable[Found[Record]] = records_of(
        file.kind, blocks(file, [], data), partial(_checked, fields=fields, any_case=any_case)
    )
    if not whole:
        found = list(found)
        if found and isinstance(found[-1][-1], Unreadable):
            found.pop()
    unfit = ((line, why.message) for line, _, _, why in found if isinstance(why, Rejection))
    return next(unfit, None)


def _checked(record: bytes, fields: Sequence[Field], any_case: bool) -> Record | Rejection:
    """Return a record, or a Rejection that says why COPY would not stage it as the rules say."""
    try:
        values = decode(record, fields)
        accepted = accept(values, fields)
    except Rejection as why:
        return why
    known = {field.key.lower(): field.key for field in fields if field.key}
    for key in values if any_case else ():
        if known.get(key.lower(), key) != key:
            what = f"would be taken by COPY for '{known[key.lower()]}'"
            return Rejection("type", f"field '{key}' is none of the known ones, and {what}")
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
