"""What `sparkify inspect` finds in folders and in S3, and how it shows it."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from s3_server import Fault, fault_proxy, point_at, s3_server
from sparkify.cli import application
from sparkify.config import Settings
from sparkify.console import stream
from sparkify.console.results import show_inspected
from sparkify.errors import SettingsError, SourceError
from sparkify.sources.inspect import Inspected, inspect

LINES = [b'{"n": 1}', b'{"n": 2, "x": "\xc3\xa9"}', b"no \xff text", b'{"n": 4}']
SONG = {"song_id": "SO1", "title": "One"}


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with sources that is a bucket, too."""
    root = tmp_path_factory.mktemp("buckets").resolve() / "world"
    contents = {
        "log_data/2018/a.json": b"\n".join(LINES),
        "log_data/2018/b.json.gz": gzip.compress(b"\n".join(LINES) * 9_000),
        "log_data/notes.txt": b"x",
        "log_data/more.txt": b"x",
        "log_data/README": b"x",
        "log_data/.hidden/x.json": b"x",
        "song_data/1.json": json.dumps(SONG).encode(),
        "song_data/2.json": json.dumps(SONG, indent=1).encode(),
        "song_data/3.json": b"\n\n" + json.dumps(SONG).encode() + b"\n",
        "song_data/4.json": b"",
        "packed/1.json.gz": gzip.compress(b"\n".join(LINES) * 9_000),
        "no gzip/1.json.gz": b"one\ntwo",
        "odd/x.txt": b"x",
        "log_data2/a.json": b"{}",
    }
    for number, (name, content) in enumerate(contents.items()):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (1_541_000_000 + number, 1_541_000_000 + number))
    return root


@pytest.fixture(scope="module")
def server(bucket: Path) -> Iterator[str]:
    with s3_server(bucket.parent) as url:
        yield url


@pytest.fixture(params=["folder", "s3"])
def root(
    request: pytest.FixtureRequest, bucket: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> str:
    """The same sources in a folder and in S3."""
    point_at(monkeypatch, server)
    return "s3://world" if request.param == "s3" else str(bucket)


def test_figures_of_a_source(root: str, bucket: Path) -> None:
    (found,) = inspect(Settings(), [f"{root}/log_data"])
    small, large = "log_data/2018/a.json", "log_data/2018/b.json.gz"
    sizes = [(bucket / name).stat().st_size for name in (small, large)]
    expected = Inspected(
        f"{root}/log_data",
        files=2,
        bytes=sum(sizes),
        oldest=datetime.fromtimestamp(1_541_000_000, UTC),
        newest=datetime.fromtimestamp(1_541_000_001, UTC),
        records=['{"n": 1}', '{"n": 2, "x": "é"}', "no \\xff text"],
    )
    assert found.passed_over == {".txt": 2, "none": 1, "hidden": 1}
    assert (found.smallest, found.largest) == (
        (f"{root}/{small}", sizes[0]),
        (f"{root}/{large}", sizes[1]),
    )
    assert replace(found, smallest=None, largest=None, passed_over=expected.passed_over) == expected


def test_records_are_shown_as_they_are(root: str) -> None:
    names = ("song_data", "packed", "no gzip", "odd")
    songs, packed, no_gzip, odd = inspect(Settings(), [f"{root}/{name}" for name in names])
    assert [json.loads(record) for record in songs.records] == [SONG] * 3
    assert packed.records == ['{"n": 1}', '{"n": 2, "x": "é"}', "no \\xff text"]
    assert no_gzip.records == ["one", "two"]
    assert (odd.files, odd.records, odd.passed_over) == (0, [], {".txt": 1})


def test_without_addresses_the_settings_are_looked_at(root: str) -> None:
    settings = Settings(log_data=f"{root}/log_data", song_data=f"{root}/song_data")
    assert [one.source for one in inspect(settings)] == [settings.log_data, settings.song_data]


def test_long_record_only_begins(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"x" * 100_000)
    (found,) = inspect(Settings(), [str(tmp_path)])
    assert found.records == ["x" * 4_000]


@pytest.mark.parametrize("name", ["log_dat", "nothing"])
def test_nothing_at_an_address_is_an_error(root: str, name: str) -> None:
    with pytest.raises(SourceError, match=rf"there is (nothing|no folder or file).*/{name}"):
        inspect(Settings(), [f"{root}/{name}"])


def test_refusal_is_an_error(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with fault_proxy(server) as proxy:
        point_at(monkeypatch, proxy.url)
        proxy.faults = [Fault("error", status=403, code="AccessDenied")]
        with pytest.raises(SettingsError, match="access is denied"):
            inspect(Settings(), ["s3://world/log_data"])


def test_listing_tells_of_its_progress(
    bucket: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(2_001):
        path = bucket / "many" / str(number % 9) / f"{number}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"{}")
    point_at(monkeypatch, server)
    told: list[Any] = []
    inspect(Settings(), ["s3://world/many"], lambda *state: told.append(state))
    assert told == [("listing s3://world/many", n, None, "objects") for n in (1_000, 2_000)]


# The command


def run(*words: str) -> Result:
    return CliRunner().invoke(application, ["inspect", *words])


def test_command_shows_figures_and_records(root: str) -> None:
    done = run(f"{root}/log_data", f"{root}/odd")
    lines = done.stdout.splitlines()
    assert done.exit_code == 0
    assert lines[0] == f"{root}/log_data"
    assert lines[1].startswith("  2 files, ")
    assert "  written from 2018-10-31 15:33 to 2018-10-31 15:33 UTC" in lines
    assert "  passed over: 2 .txt, 1 hidden, 1 none" in lines
    assert '    {"n": 1}' in lines
    assert lines[-2:] == ["  0 files, 0 bytes", "  passed over: 1 .txt"]
    assert "etl --dry-run" in done.stderr


def test_command_answers_in_json(root: str) -> None:
    (found,) = json.loads(run(f"{root}/log_data", "--json").stdout)
    assert [*found] == [
        *("source", "files", "bytes", "smallest", "largest"),
        *("oldest", "newest", "passed_over", "records"),
    ]
    assert found["smallest"]["uri"] == f"{root}/log_data/2018/a.json"
    assert found["oldest"] == "2018-10-31T15:33:20+00:00"
    failed = run(f"{root}/nothing", "--json")
    assert failed.exit_code == 4
    assert json.loads(failed.stdout)["error"]["code"] == "source"


def test_records_are_cut_to_the_width_of_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(stream, "is_terminal", lambda _: True)
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("NO_COLOR", "1")
    show_inspected([Inspected("here", records=["x" * 36, "y" * 37, "\x1b[2J"])])
    lines = capsys.readouterr().out.splitlines()
    assert lines[-3:] == ["    " + "x" * 36, "    " + "y" * 33 + "...", "    \\x1b[2J"]
