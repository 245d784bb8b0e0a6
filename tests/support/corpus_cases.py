"""The cases of tests/corpus (its README.md describes them), and how their files are made."""

from __future__ import annotations

import base64
import gzip
import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oracle import File
from oracle_fields import Kind

CORPUS = Path(__file__).parents[1] / "corpus"
BASE = [
    File(
        "log_data/good.json",
        "events",
        b'{"artist":"Elena","itemInSession":5,"length":269.58322,"level":"paid","page":"NextSong",'
        b'"sessionId":818,"song":"Setanta matins","ts":1542837407796,"userId":"15"}\n',
    ),
    File(
        "song_data/good.json",
        "songs",
        b'{"artist_id":"AR5KOSW1187FB35FF4","artist_name":"Elena","duration":269.58322,'
        b'"song_id":"SOZCTXZ12AB0182364","title":"Setanta matins","year":0}\n',
    ),
]
BASE_KEYS = {(818, 5), ("SOZCTXZ12AB0182364",)}


@dataclass(frozen=True)
class Case:
    """One case. path: of its expectations; says: their content."""

    path: Path
    says: dict[str, Any]

    @property
    def name(self) -> str:
        return self.path.name.removesuffix(".expect.json")

    @property
    def kind(self) -> Kind:
        return "songs" if self.path.parent.name == "songs" else "events"

    def file(self) -> File:
        """The one file of a case that is a file."""
        folder = "song_data" if self.kind == "songs" else "log_data"
        if "parts" in self.says:
            return File(f"{folder}/{self.name}.json", self.kind, joined(self.says["parts"]))
        (path,) = (
            path
            for path in self.path.parent.glob(f"{self.name}.json*")
            if path.name in (f"{self.name}.json", f"{self.name}.json.gz")
        )
        return File(f"{folder}/{path.name}", self.kind, path.read_bytes())


def cases(folder: str) -> list[Case]:
    """The cases below a folder of the corpus, in the order of their paths."""
    return [
        Case(path, json.loads(path.read_text(encoding="utf-8")))
        for path in sorted((CORPUS / folder).rglob("*.expect.json"))
    ]


def joined(parts: list[Any]) -> bytes:
    """The bytes that a list of texts and [text, times] stands for."""
    text = ""
    for part in parts:
        if isinstance(part, str):
            text += part
        elif "{n}" in part[0]:
            text += "".join(part[0].replace("{n}", str(n)) for n in range(part[1]))
        else:
            text += part[0] * part[1]
    return text.encode("utf-8", "surrogateescape")


def make(path: Path, recipe: dict[str, Any]) -> None:
    """Make one file, link or folder, in the place of what is there; or remove that."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    match recipe:
        case {"text": text}:
            path.write_bytes(text.encode("utf-8", "surrogateescape"))
        case {"base64": text}:
            path.write_bytes(base64.b64decode(text))
        case {"gzip": text}:
            packed = bytearray(gzip.compress(text.encode(), mtime=0))
            if "spoil" in recipe:
                packed[recipe["spoil"]] ^= 0xFF
            path.write_bytes(packed[: recipe.get("keep")])
        case {"link": target}:
            path.symlink_to(target)
        case {"pipe": True}:
            os.mkfifo(path)
        case {"folder": True}:
            path.mkdir()
        case {"remove": True}:
            pass
        case _:
            raise ValueError(recipe)
