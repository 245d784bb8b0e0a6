"""Which files COPY may take from the source bucket itself, and by which prefixes."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import get_args

from ...boto3_sql_util.quoting import quote_literal
from ...config import Settings
from ...errors import SettingsError, SourceError
from ...ledger import Plan
from ...sources.files import Kind, SourceFile
from ...staging.rules import fields_of
from .batch import Direct, columns_of
from .prefixes import fewest_prefixes
from .vouching import NEXT_STEP, first_unfit_head

MOST_PREFIXES = 8
"""With more, COPY would be run too often: the files are put together first (compact)."""
LARGE_FILE_BYTES = 1 << 20
"""From this average on files are large enough for COPY to read one by one
(dg/c_best-practices-use-multiple-files: 1 MB to 1 GB)."""
MUCH_BYTES = 64 << 20
"""Below this sum the detour over this machine costs nothing worth saving."""


def choose(
    settings: Settings, plan: Plan, keys: Sequence[str], *, compact_only: bool
) -> dict[Kind, Direct]:
    """Choose the kinds of files that COPY takes itself; the others are put together first.

    Some beginnings of files are looked at: what the rules reject, or COPY may stage otherwise than
    they say, is not for COPY. keys: the JSON key of each column of staging_events. compact_only:
    choose none.
    Raises SettingsError when COPY_MODE asks for direct and the files are not in S3; SourceError
    when it does and they are not for COPY.
    """
    chosen: dict[Kind, Direct] = {}
    if compact_only or settings.copy_mode == "compact":
        return chosen
    for kind in get_args(Kind):
        files = [file for file in plan.files if file.kind == kind]
        address = source_of(settings, kind)
        if settings.copy_mode == "direct" and files and not address.startswith("s3://"):
            raise SettingsError(
                f"COPY_MODE = direct, but {address} is not in S3: COPY reads nothing else",
                "Set COPY_MODE = auto, which puts local files into the work bucket.",
            )
        if files and (settings.copy_mode == "direct" or _are_large(files)):
            source = _source(settings, plan, kind, files, address, keys)
            if source is not None and _begin_well(settings, kind, files, keys):
                chosen[kind] = source
    return chosen


def _begin_well(
    settings: Settings, kind: Kind, files: Sequence[SourceFile], keys: Sequence[str]
) -> bool:
    from ...util_s3 import S3

    fields = fields_of(kind, keys, mend_text=settings.mend_text)
    bad = first_unfit_head(S3(settings, settings.s3_region), files, fields)
    if bad and settings.copy_mode == "direct":
        uri, line, why = bad
        raise SourceError(
            f"{uri}, line {line}: {why}; nothing was loaded", NEXT_STEP, uri=uri, line=line
        )
    return bad is None


def source_of(settings: Settings, kind: Kind) -> str:
    """Say where the files of a kind are."""
    return settings.log_data if kind == "events" else settings.song_data


def _are_large(files: Sequence[SourceFile]) -> bool:
    size = sum(file.size for file in files)
    return size >= MUCH_BYTES and size >= LARGE_FILE_BYTES * len(files)


def _source(
    settings: Settings,
    plan: Plan,
    kind: Kind,
    files: Sequence[SourceFile],
    address: str,
    keys: Sequence[str],
) -> Direct | None:
    """Say how COPY takes these files, if it can."""
    root = address.rstrip("/") + "/"
    packed = {file.uri.endswith(".gz") for file in files}
    if len(packed) > 1 or not all(file.uri.startswith(root) for file in files):
        return None
    others = [uri for uri in (*plan.loaded, *plan.ignored) if uri.startswith(root)]
    others += [file.uri for file in plan.files if file.kind != kind and file.uri.startswith(root)]
    prefixes = fewest_prefixes([file.uri for file in files], others, root)
    if prefixes is None or len(prefixes) > MOST_PREFIXES or not all(map(_quotable, prefixes)):
        return None
    form, columns = "auto", columns_of(kind)
    if kind == "events":
        form, columns = _event_columns(settings, keys)
    return Direct(tuple(prefixes), settings.s3_region, form, columns, packed.pop())


def _event_columns(settings: Settings, keys: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """Name the JSON option of COPY, and the columns that it fills in its order.

    A JSONPaths file fills columns by position, so they are listed as its paths stand.
    """
    if not settings.log_jsonpath.startswith("s3://"):
        columns = columns_of("events")
        return "auto ignorecase", tuple(
            column for column, key in zip(columns, keys, strict=True) if key
        )
    from ...util_s3 import S3

    text = S3(settings, settings.s3_region).read(settings.log_jsonpath).decode("utf-8-sig")
    paths = json.loads(text)["jsonpaths"]  # jsonpaths.read_jsonpaths has judged it
    return settings.log_jsonpath, tuple(re.findall(r"\w+", path)[-1].lower() for path in paths)


def _quotable(text: str) -> bool:
    try:
        quote_literal(text)
    except ValueError:
        return False
    return True
