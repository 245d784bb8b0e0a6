"""Files staged by a Stager on a database in memory, and what must come of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from bulk_and_strict import KEYS, line
from sparkify.config import Settings
from sparkify.progress import Progress, silent
from sparkify.sources.files import Kind, SourceFile, SourceFiles
from sparkify.staging import validate
from sparkify.staging.rules import FIELDS, Field, fields_of
from sparkify.staging.split import no_log, records_of
from sparkify.staging.validate import Record, Rejection, accept, as_staged, judge
from sparkify.warehouse.duckdb.loader import Stager

Row = tuple[Any, ...]
Reject = tuple[int, str]
"""Line number and reason."""


@dataclass
class Staged:
    """What became of files, by name. judged: how many records the validator judged."""

    rows: dict[str, Counter[Row]]
    rejects: dict[str, list[Reject]]
    raw_texts: dict[str, list[str]]
    messages: dict[str, list[str]]
    weights: dict[str, int]
    read: dict[str, int]
    unknown: Counter[str]
    judged: int
    told: list[tuple[str, int, int | None, str]]


def log(session: int, items: int = 5) -> list[bytes]:
    """The lines of a good log, each with a key of its own."""
    return [line("events", sessionId=session, itemInSession=item) for item in range(items)]


def songs(count: int, first: int = 0) -> dict[str, bytes]:
    """Good song files."""
    return {
        f"TR{number:05}.json": line("songs", song_id=f"SO{number}")
        for number in range(first, first + count)
    }


def source_files(folder: Path, kind: Kind, contents: Mapping[str, bytes]) -> list[SourceFile]:
    """Write files and describe them, in the order of their names."""
    files = []
    for name in sorted(contents):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(contents[name])
        status = path.stat()
        fingerprint = f"{status.st_size}-{status.st_mtime_ns}"
        files.append(SourceFile(kind, str(path), status.st_size, fingerprint, str(path)))
    return files


def stage(
    folder: Path,
    events: Mapping[str, bytes] | None = None,
    songs: Mapping[str, bytes] | None = None,
    keys: Sequence[str] = KEYS,
) -> Staged:
    """Stage files, given as name -> content."""
    files = source_files(folder / "log_data", "events", events or {})
    files += source_files(folder / "song_data", "songs", songs or {})
    return stage_files(folder, files, keys)


def stage_files(
    folder: Path,
    files: Sequence[SourceFile],
    keys: Sequence[str] = KEYS,
    progress: Progress = silent,
) -> Staged:
    """Stage files that are there."""
    workspace = folder / "workspace"
    workspace.mkdir()
    judged = 0
    told: list[tuple[str, int, int | None, str]] = []

    def count(record: Mapping[str, Any], fields: Sequence[Field]) -> dict[str, Any]:
        nonlocal judged
        judged += 1
        return accept(record, fields)

    def tell(step: str, done: int, total: int | None, unit: str) -> None:
        told.append((step, done, total, unit))
        progress(step, done, total, unit)

    with duckdb.connect(config={"threads": 1}) as connection, pytest.MonkeyPatch.context() as patch:
        patch.setattr(validate, "accept", count)
        stager = Stager(connection, keys, workspace, tell, Settings())
        with closing(stager.rejects):
            report = stager.stage(SourceFiles(files))
        names = [Path(file.path).name for file in files]
        rows: dict[str, Counter[Row]] = {name: Counter() for name in names}
        for kind in FIELDS:
            beside = ["doubt", "is_mended"] + ["event_ms"] * (kind == "events")
            found = connection.execute(
                f"SELECT * EXCLUDE ({', '.join(beside)}) FROM new_{kind}"
            ).fetchall()
            for *row, number in found:
                rows[names[number]][tuple(row)] += 1
    rejects: dict[str, list[Reject]] = {}
    raw_texts: dict[str, list[str]] = {}
    messages: dict[str, list[str]] = {}
    for text in stager.rejects.path.read_text().splitlines():
        reject = json.loads(text)
        name = names[reject["source_file"]]
        rejects.setdefault(name, []).append((reject["line_number"], reject["reason"]))
        raw_texts.setdefault(name, []).append(reject["raw_text"])
        messages.setdefault(name, []).append(reject["message"])
    weights = {names[number]: weight for number, weight in stager.rejects.weights.items()}
    read = {name: stager.records_read[number] for number, name in enumerate(names)}
    for name in names:  # the reconciliation
        assert read[name] == rows[name].total() + len(rejects.get(name, ()))
    return Staged(rows, rejects, raw_texts, messages, weights, read, report.unknown, judged, told)


def expected(
    kind: Kind, content: bytes, keys: Sequence[str] = KEYS
) -> tuple[Counter[Row], list[Reject]]:
    """What the validator makes of the content of a file, record by record."""
    fields = fields_of(kind, keys)

    def judge_record(record: bytes) -> Record | Rejection:
        return judge(record, fields)

    if why := no_log(lambda: [content], kind, judge_record):
        return Counter(), [(1, why.reason)]
    rows: Counter[Row] = Counter()
    rejects = []
    for number, _, _, outcome in records_of(kind, [content], judge_record):
        if isinstance(outcome, Rejection):
            rejects.append((number, outcome.reason))
        else:
            rows[as_staged(outcome, fields)] += 1
    return rows, rejects


def check(staged: Staged, kind: Kind, contents: Mapping[str, bytes]) -> None:
    """Every file was staged as the careful way says."""
    for name, content in contents.items():
        rows, rejects = expected(kind, content)
        assert staged.rejects.get(name, []) == rejects, name
        assert staged.rows[name] == rows, name
