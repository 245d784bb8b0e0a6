"""The parts that COPY reads: what is in them, what is said of them, and who lost a key."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bulk_and_strict import BASE, KEYS, line
from sparkify.config import Settings
from sparkify.errors import SourceError, WarehouseError
from sparkify.ledger import Plan
from sparkify.progress import silent
from sparkify.staging.rules import fields_of
from sparkify.staging.validate import accept, as_staged, decode
from sparkify.warehouse.duckdb import copy_files
from sparkify.warehouse.duckdb.copy_files import Parts, stage_parts
from staged_files import source_files

SETTINGS = Settings(threads=1)


def event(item: int, **other: Any) -> bytes:
    return line("events", itemInSession=item, **other)


def records(files: list[Path]) -> list[dict[str, Any]]:
    return [
        json.loads(one) for path in files for one in gzip.decompress(path.read_bytes()).splitlines()
    ]


def rejected(made: Parts) -> list[tuple[int, int, str, str]]:
    rows = map(json.loads, made.rejects.path.read_text().splitlines())
    names = "source_file", "line_number", "reason", "raw_text"
    return [(row[names[0]], row[names[1]], row[names[2]], row[names[3]]) for row in rows]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    path = tmp_path / "workspace"
    path.mkdir()
    return path


def test_parts_hold_what_is_accepted(tmp_path: Path, workspace: Path) -> None:
    logs = {
        "a.json": b"\n".join([event(1), b"{", event(2)]),
        "b.json": line("events", {"mood": "1"}, itemInSession=3),
    }
    files = source_files(tmp_path / "log_data", "events", logs)
    files += source_files(tmp_path / "song_data", "songs", {"s.json": line("songs")})
    with stage_parts(SETTINGS, Plan(new=files), KEYS, workspace, silent) as made:
        assert made.files.keys() == {"events", "songs"}
        events = records(made.files["events"])
        (song,) = records(made.files["songs"])
        assert sorted((row["iteminsession"], row["source_file"]) for row in events) == [
            (1, 0),
            (2, 0),
            (3, 1),
        ]
        assert {row["ts"] for row in events} == {BASE["events"]["ts"]}
        assert song == {**BASE["songs"], "source_file": 2}
        assert made.records_read == [3, 1, 1]
        assert made.report.read == {"events": 4, "songs": 1}
        assert made.report.rejected == {"events": 1}
        assert made.report.unknown == {"mood": 1}
        assert rejected(made) == [(0, 2, "not_json", "{")]
    with pytest.raises(ValueError, match="closed file"):
        made.rejects.flush()


def test_no_part_of_what_is_all_rejected(tmp_path: Path, workspace: Path) -> None:
    files = source_files(tmp_path, "events", {"a.json": b"{"})
    with stage_parts(SETTINGS, Plan(changed=files), KEYS, workspace, silent) as made:
        assert made.files == {}
        assert made.report.rejected == {"events": 1}


def test_parts_are_about_as_large_as_they_shall_be(
    tmp_path: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 1 << 20 <= copy_files.PART_BYTES <= 1 << 30  # what COPY likes
    monkeypatch.setattr(copy_files, "PART_BYTES", 64 << 10)
    random = Random(3)
    lines = [event(item, artist=random.randbytes(60).hex()) for item in range(10_000)]
    files = source_files(tmp_path, "events", {"a.json": b"\n".join(lines)})
    with stage_parts(SETTINGS, Plan(new=files), KEYS, workspace, silent) as made:
        several = made.files["events"]
        assert len(several) > 1
        assert several == sorted(several)
        found = Counter(row["iteminsession"] for row in records(several))
        assert found == Counter(range(10_000))


def test_losers_of_a_key_are_rejected_at_their_places(tmp_path: Path, workspace: Path) -> None:
    lines = [event(1, artist="B"), event(1, artist="A")]
    files = source_files(tmp_path, "events", {"a.json": b"\n".join(lines)})
    fields = fields_of("events", KEYS)
    row = as_staged(accept(decode(lines[1], fields), fields), fields)
    with stage_parts(SETTINGS, Plan(new=files), KEYS, workspace, silent) as made:
        made.reject_conflicts("events", [])
        assert rejected(made) == []
        made.reject_conflicts("events", [(*row, 0, "conflict")])
        made.rejects.flush()
        assert rejected(made) == [(0, 2, "conflict", lines[1].decode())]


def test_source_that_vanishes_makes_no_parts(tmp_path: Path, workspace: Path) -> None:
    files = source_files(tmp_path, "events", {"a.json": event(1)})
    (tmp_path / "a.json").unlink()
    staged = stage_parts(SETTINGS, Plan(new=files), KEYS, workspace, silent)
    with pytest.raises(SourceError, match=r"a\.json cannot be read"), staged:
        pass


def test_settings_of_the_engine_hold_for_parts(tmp_path: Path, workspace: Path) -> None:
    settings = Settings(memory_limit="little")
    files = source_files(tmp_path, "events", {"a.json": event(1)})
    staged = stage_parts(settings, Plan(new=files), KEYS, workspace, silent)
    with pytest.raises(WarehouseError, match=r"^preparing the parts: .*Memory"), staged:
        pass
