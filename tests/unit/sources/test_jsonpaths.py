"""The JSONPaths file: which key each column is taken from, and what cannot be followed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sparkify import util_s3
from sparkify.config import Settings
from sparkify.errors import SourceError
from sparkify.sources.jsonpaths import read_keys
from sparkify.staging.rules import EVENT_FIELDS, EVENT_KEYS, Field

KEYS = tuple(field.key for field in EVENT_FIELDS)


def parsed(address: str) -> tuple[str, ...]:
    return read_keys(Settings(log_jsonpath=address), EVENT_KEYS)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def put(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def written(folder: Path, paths: object) -> str:
    return str(put(folder / "log_json_path.json", json.dumps({"jsonpaths": paths})))


def quoted(keys: tuple[str, ...]) -> list[str]:
    return [f"$['{key}']" for key in keys]


def test_no_file_means_the_keys_of_the_app() -> None:
    assert parsed("") == KEYS


def test_order_of_the_paths_is_free(folder: Path) -> None:
    assert parsed(written(folder, quoted(KEYS))) == KEYS
    assert parsed(written(folder, quoted(KEYS[::-1]))) == KEYS


def test_key_is_taken_in_the_case_of_the_path(folder: Path) -> None:
    shouted = tuple(key.upper() for key in KEYS)
    assert parsed(written(folder, quoted(shouted))) == shouted


@pytest.mark.parametrize("form", ["$.{}", '$["{}"]', "$['{}']", "$[ '{}' ]", '$[\t"{}"]'])
def test_forms_of_a_path(folder: Path, form: str) -> None:
    assert parsed(written(folder, [form.format(key) for key in KEYS])) == KEYS


def test_byte_order_mark_is_no_matter(folder: Path) -> None:
    path = Path(written(folder, quoted(KEYS)))
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert parsed(str(path)) == KEYS


@pytest.mark.parametrize("field", EVENT_FIELDS, ids=KEYS)
def test_path_that_is_left_out(folder: Path, field: Field) -> None:
    address = written(folder, quoted(tuple(key for key in KEYS if key != field.key)))
    if field.required:
        with pytest.raises(SourceError, match=f"no path for '{field.key}'"):
            parsed(address)
    else:
        assert parsed(address) == tuple("" if key == field.key else key for key in KEYS)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda paths: [*paths, "$['artist']"], "names a field twice"),
        (lambda paths: [*paths, "$['ARTIST']"], "names a field twice"),
        (lambda paths: [*paths, "$['mood']"], "names no field of a log event"),
        (lambda paths: [*paths, "$['ts'][0]"], "names no field"),
        (lambda paths: [*paths, "$[0]"], "names no field"),
        (lambda paths: [*paths, "$.ts.x"], "names no field"),
        (lambda paths: [*paths, "$"], "names no field"),
        (lambda paths: [*paths, "ts"], "names no field"),
        (lambda paths: [*paths, "$['ts\"]"], "names no field"),
        (lambda paths: [*paths, ""], "names no field"),
        (lambda paths: [*paths, 7], "names no field"),
        (lambda paths: [*paths, None], "names no field"),
        (lambda paths: [], "no path for 'itemInSession'"),
        (lambda paths: {"ts": "$.ts"}, "is no JSONPaths file"),
        (lambda paths: "$.ts", "is no JSONPaths file"),
        (lambda paths: None, "is no JSONPaths file"),
    ],
)
def test_paths_that_cannot_be_followed(
    folder: Path, change: Callable[[list[str]], object], words: str
) -> None:
    address = written(folder, change(quoted(KEYS)))
    with pytest.raises(SourceError, match=words) as caught:
        parsed(address)
    assert "LOG_JSONPATH" in caught.value.next_step


@pytest.mark.parametrize("text", ["", "not json", "[]", "7", "null", '{"paths": []}', "[" * 5000])
def test_file_that_is_no_jsonpaths_file(folder: Path, text: str) -> None:
    with pytest.raises(SourceError, match="is no JSONPaths file"):
        parsed(str(put(folder / "paths.json", text)))


def test_jsonpaths_file_that_cannot_be_read(folder: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read: No such file"):
        parsed(str(folder / "nothing.json"))
    with pytest.raises(SourceError, match="cannot be read: Is a directory"):
        parsed(str(folder))
    path = folder / "paths.json"
    path.write_bytes(b"\xff")
    with pytest.raises(SourceError, match="is no JSONPaths file"):
        parsed(str(path))


def test_file_in_s3_is_read_in_its_region(monkeypatch: pytest.MonkeyPatch) -> None:
    class Bucket:
        def __init__(self, settings: Settings, region: str) -> None:
            assert (settings, region) == (configured, "us-west-2")

        def read(self, address: str) -> bytes:
            assert address == "s3://bucket/paths.json"
            return json.dumps({"jsonpaths": quoted(KEYS[::-1])}).encode()

    configured = Settings(log_jsonpath="s3://bucket/paths.json", s3_region="us-west-2")
    monkeypatch.setattr(util_s3, "S3", Bucket)
    assert read_keys(configured, EVENT_KEYS) == KEYS
