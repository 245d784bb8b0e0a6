"""Two generated months as three loads, with rejects, conflicts, a changed file and late songs."""

from __future__ import annotations

import json
import tempfile
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from oracle import File
from oracle_fields import Kind
from sparkify import generate

BAD_LINES = (
    b"no record",
    b'{"ts": 1541105830796, "page": "Home"',
    b'{"ts": 1541105830796, "sessionId": "7", "itemInSession": 0, "page": "Home"}',
    b'{"ts": -1, "sessionId": 7, "itemInSession": 0, "page": "Home"}',
    b'{"ts": 1541105830796, "itemInSession": 0, "page": "Home", "x": "\xff"}',
)


@cache
def batches() -> tuple[tuple[File, ...], ...]:
    """The files of each load, in their order. A later version of a file has the same uri."""
    random = Random("months")
    with tempfile.TemporaryDirectory() as name:
        options = generate.Options(songs=40, users=4, days=60, match_share=0.4)
        generate.generate(Path(name), options)
        logs = _every_few_days(_files(Path(name), "log_data", "events"))
        songs = _files(Path(name), "song_data", "songs")
    random.shuffle(songs)
    first, second, third = logs[:10], logs[10:15], logs[15:]
    changed = File(first[3].uri, "events", first[3].content + b"\n" + first[4].content)
    loads = (
        [*_spoiled(first, random), *songs[:20]],
        [*_spoiled(second, random), *songs[20:30], _again("second", first, random), changed],
        [*third, *songs[30:], _again("third", logs[:45], random), *_other_songs(songs, random)],
    )
    return tuple(tuple(files) for files in loads)


def _files(root: Path, folder: str, kind: Kind) -> list[File]:
    paths = sorted((root / folder).rglob("*.json"))
    return [File(str(path.relative_to(root)), kind, path.read_bytes()) for path in paths]


def _every_few_days(files: list[File]) -> list[File]:
    """One file for three days each: a load of fewer files is a quicker one."""
    groups = [files[n : n + 3] for n in range(0, len(files), 3)]
    return [
        File(some[0].uri, "events", b"\n".join(f.content.strip() for f in some)) for some in groups
    ]


def _spoiled(files: list[File], random: Random) -> list[File]:
    """The files, some with a bad line among the others."""
    made = []
    for file in files:
        lines = file.content.split(b"\n")
        if random.random() < 0.5:
            lines.insert(random.randrange(len(lines) + 1), random.choice(BAD_LINES))
        made.append(File(file.uri, "events", b"\n".join(lines)))
    return made


def _again(name: str, files: list[File], random: Random) -> File:
    """Events that came before: some as they were, some earlier, some later, some elsewhere."""
    lines = [line for file in files for line in file.content.split(b"\n")]
    records: list[dict[str, Any]] = [json.loads(line) for line in random.sample(lines, 30)]
    for number, record in enumerate(records):
        record["ts"] += (-1, 1, 0, 0)[number % 4]
        record["location"] = (record.get("location"), "Elsewhere")[number % 3 == 0]
    content = b"\n".join(json.dumps(record).encode() for record in records)
    return File(f"log_data/again/{name}.json", "events", content)


def _other_songs(songs: list[File], random: Random) -> list[File]:
    """Songs that came before, under the same keys, with another year, title or place."""
    made = []
    for number, file in enumerate(random.sample(songs, 6)):
        record = json.loads(file.content)
        record |= ({"year": 1999}, {"title": "Another"}, {"artist_location": "Prague"})[number % 3]
        made.append(File(f"song_data/again/{number}.json", "songs", json.dumps(record).encode()))
    return made
