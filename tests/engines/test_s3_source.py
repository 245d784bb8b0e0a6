"""Loads from S3: row by row those of the same files in a folder, whatever happens on the way."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import boto3
import duckdb
import pytest
from moto.server import ThreadedMotoServer

from duckdb_warehouse import Place
from oracle import File
from s3_server import Fault, FaultProxy, fault_proxy, point_at, s3_server
from small_world import FIRST, SECOND, Row, event, log, play, song
from sparkify import etl, generate
from sparkify.config import Settings
from sparkify.errors import SourceError
from sparkify.sources import download
from sparkify.sources.files import SourceFiles
from sparkify.sources.jsonpaths import read_keys
from sparkify.sql_queries import TABLES
from sparkify.staging import rejects
from sparkify.staging.rules import EVENT_FIELDS, EVENT_KEYS
from sparkify.util_s3 import S3, S3Object
from sparkify.warehouse import StageReport
from sparkify.warehouse.duckdb import loader
from sparkify.warehouse.duckdb.loader import Stager

pytestmark = pytest.mark.sampled(of=3)
LEFT_OUT = {
    "etl_runs": ("started_at", "finished_at"),
    "loaded_files": ("fingerprint",),
    "rejected_records": ("fingerprint",),
}
"""What is not the same in two places."""


@dataclass(frozen=True)
class Remote(Place):
    """A folder that is a bucket, and the warehouse that is loaded from it through S3."""

    @property
    def root(self) -> str:
        """The address of the bucket."""
        return f"s3://{self.folder.name}"

    @property
    def settings(self) -> Settings:
        """As of a place, with addresses in S3."""
        local = super().settings
        return replace(
            local,
            database=self.folder.parent / f"{self.folder.name}.duckdb",
            log_data=f"{self.root}/log_data",
            song_data=f"{self.root}/song_data",
            log_jsonpath=f"{self.root}/log_json_path.json" if local.log_jsonpath else "",
        )


def state(place: Place) -> dict[str, list[Row]]:
    """Every row of every table, in order; files by their names below the source."""
    root = place.root if isinstance(place, Remote) else str(place.folder.resolve())
    whole = {}
    with duckdb.connect(str(place.settings.database), read_only=True) as connection:
        for name in TABLES:
            columns = f"* EXCLUDE ({', '.join(LEFT_OUT[name])})" if name in LEFT_OUT else "*"
            rows = connection.execute(f"SELECT {columns} FROM {name} ORDER BY ALL").fetchall()
            whole[name] = [tuple(_below(value, f"{root}/") for value in row) for row in rows]
    return whole


def _below(value: Any, root: str) -> Any:
    return value.removeprefix(root) if isinstance(value, str) else value


@pytest.fixture(scope="module")
def buckets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the server keeps its buckets."""
    return tmp_path_factory.mktemp("buckets")


@pytest.fixture(scope="module")
def server(buckets: Path) -> Iterator[str]:
    with s3_server(buckets) as url:
        yield url


@pytest.fixture
def remote(buckets: Path, server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Remote:
    point_at(monkeypatch, server)
    folder = buckets / f"b{tmp_path.name.replace('_', '-').lower()}"
    folder.mkdir()
    return Remote(folder)


@pytest.fixture
def proxy(remote: Remote, server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultProxy]:
    with fault_proxy(server) as made:
        point_at(monkeypatch, made.url)
        yield made


@pytest.fixture
def local(tmp_path: Path) -> Place:
    (tmp_path / "local").mkdir()
    return Place(tmp_path / "local")


def both(local: Place, remote: Remote, files: Sequence[File], version: int = 0) -> None:
    """Load the same files in both places, and compare."""
    for place in (local, remote):
        place.write(files, version)
    reports = [place.load() for place in (local, remote)]
    for report in reports:
        del report["seconds"]
    assert reports[0] == reports[1]
    assert state(local) == state(remote)


# The same tables


def test_loads_one_after_the_other_give_the_same_tables(local: Place, remote: Remote) -> None:
    both(local, remote, FIRST)
    both(local, remote, SECOND, version=1)
    assert remote.load()["files"] == {"new": 0, "changed": 0, "skipped": 10}
    assert remote.load(verify=True)["files"] == {"new": 0, "changed": 0, "skipped": 10}
    assert state(local)["rejected_records"]


def test_a_generated_world_gives_the_same_tables(local: Place, remote: Remote) -> None:
    options = generate.Options(songs=300, days=4)
    for place in (local, remote):
        generate.generate(place.folder, options)
        packed = sorted((place.folder / "log_data").rglob("*.json"))[1]
        packed.with_name("z.json.gz").write_bytes(gzip.compress(packed.read_bytes(), mtime=0))
        packed.unlink()
    both(local, remote, [])
    assert len(state(remote)["staging_songs"]) == 300


def test_odd_files_give_the_same_tables(local: Place, remote: Remote) -> None:
    several = b"\n".join(song(number).content for number in (21, 22))
    whole = gzip.compress(song(23).content, mtime=0)
    files = [
        log("nan", event(1, 0), event(1, 1, length=float("nan"))),
        File("log_data/packed.json.gz", "events", gzip.compress(play(2, 0), mtime=0)),
        File("log_data/damaged.json.gz", "events", gzip.compress(event(3, 0) * 99, mtime=0)[:60]),
        File("log_data/no gzip.json.gz", "events", event(4, 0)),
        File("log_data/empty.json", "events", b""),
        File("log_data/bytes.json", "events", b"\x89PNG\0\1"),
        File("log_data/star*[x]{y}?.json", "events", event(5, 0)),
        File("log_data/nul.json", "events", event(6, 0) + b"\n\0\n" + event(6, 1)),
        File("song_data/empty.json", "songs", b""),
        File("song_data/two.json", "songs", several),
        File("song_data/packed.json.gz", "songs", whole),
        File("song_data/damaged.json.gz", "songs", whole[:-9]),
        File("song_data/lines.json", "songs", song(24).content.replace(b",", b",\n")),
        song(25),
    ]
    both(local, remote, files)
    assert len(state(remote)["rejected_records"]) >= 6


def test_a_source_in_s3_goes_with_one_in_a_folder(local: Place, remote: Remote) -> None:
    for place in (local, remote):
        place.write(FIRST)
    local.load()
    settings = replace(remote.settings, song_data=local.settings.song_data)
    etl.load(settings, answers=False)
    for table in ("staging_events", "staging_songs", "songplays", "songs", "artists", "users"):
        assert state(remote)[table] == state(local)[table]
    assert etl.load(settings, answers=False).plan.skipped == 5


def test_paths_of_the_fields_are_read_from_s3(local: Place, remote: Remote) -> None:
    keys = [field.key for field in EVENT_FIELDS if field.key != "method"]
    text = f'{{"jsonpaths": [{", ".join(f"{chr(34)}$.{key}{chr(34)}" for key in keys)}]}}'
    for place in (local, remote):
        (place.folder / "log_json_path.json").write_text(text)
    assert read_keys(remote.settings, EVENT_KEYS) == read_keys(local.settings, EVENT_KEYS)
    both(local, remote, FIRST)
    (remote.folder / "log_json_path.json").unlink()
    gone = replace(remote.settings, log_jsonpath=f"{remote.root}/log_json_path.json")
    with pytest.raises(SourceError, match=r"log_json_path\.json does not exist"):
        read_keys(gone, EVENT_KEYS)


ODD = [
    "a b",
    "a//b",
    "../../../../up",
    "a/../b",
    "100%",
    "a%2Fb+c",
    "é/日本",
    "*[x]?",
    "\x01\x7f",
    "~'\"",
]


def test_keys_may_hold_anything(
    local: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And decide nothing about where a download goes."""
    lines = [play(number, 0) for number in range(len(ODD))]
    logs = [b"\n".join((line, b"{broken")) for line in lines]
    songs = [song(number).content for number in range(len(ODD))]
    local.write(File(f"log_data/{n}.json", "events", text) for n, text in enumerate(logs))
    local.write(File(f"song_data/{n}.json", "songs", text) for n, text in enumerate(songs))
    local.load()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        point_at(monkeypatch, "http://{}:{}".format(*server.get_host_and_port()))
        (tmp_path / "odd-keys").mkdir()
        remote = Remote(tmp_path / "odd-keys")
        boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="odd-keys")
        s3 = S3(remote.settings, "us-east-1")
        named = [f"{remote.root}/log_data/{key}.json" for key in ODD]
        named += [f"{remote.root}/song_data/{key}.json" for key in ODD]
        s3.upload_many(list(zip(named, logs + songs, strict=True)))
        before = sorted(tmp_path.rglob("*"))
        report = remote.load()
    finally:
        server.stop()
    assert sorted(tmp_path.rglob("*")) == sorted([*before, remote.settings.database])
    assert report["events"] == {
        "read": 20, "staged": 10, "duplicates": 0, "rejected": 10, "mended": 0
    }  # fmt: skip
    for table in ("staging_events", "staging_songs", "songplays", "songs", "artists", "time"):
        assert state(remote)[table] == state(local)[table]
    with duckdb.connect(str(remote.settings.database), read_only=True) as connection:
        uris = connection.execute("SELECT uri FROM loaded_files").fetchall()
        rejected = connection.execute("SELECT DISTINCT uri FROM rejected_records").fetchall()
    assert sorted(uri for (uri,) in uris) == sorted(named)
    assert sorted(uri for (uri,) in rejected) == sorted(named[: len(ODD)])


# Within bounds


def test_downloads_are_few_at_a_time_and_removed(
    local: Place, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when records that lost their key are looked for again."""
    monkeypatch.setattr(download, "GROUP_FILES", 2)
    monkeypatch.setattr(download, "GROUP_BYTES", 2_000)
    groups: list[list[Path]] = []
    download_many = S3.download_many

    def watched(s3: S3, objects: Sequence[tuple[S3Object, Path]]) -> None:
        paths = [path for _, path in objects]
        there = [path for path in paths[0].parent.iterdir() if path.name.startswith("download-")]
        assert there == []  # of the group before
        groups.append(paths)
        download_many(s3, objects)
        assert all(path.exists() for path in paths)

    monkeypatch.setattr(S3, "download_many", watched)
    clash = log("8", play(1, 1, song="Another"), *(event(9, n) for n in range(40)))
    logs = [log(str(n), event(n, 0), event(n, 1)) for n in range(20, 25)]
    both(local, remote, [*FIRST, clash, *logs, song(2, year=2001, title="Zoo")])
    sizes = [len(group) for group in groups]
    assert sizes == [2, 2, 2, 1, 1, 1]  # logs, a large one alone; then one with a loser
    names = [path.name for group in groups for path in group]
    assert len(set(names)) == len(names)
    assert state(remote)["rejected_records"]


def test_songs_are_read_together(remote: Remote, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    read = S3.read_many

    def counted(s3: S3, objects: Sequence[S3Object]) -> Iterator[bytes]:
        calls.append(len(objects))
        return read(s3, objects)

    monkeypatch.setattr(S3, "read_many", counted)
    remote.write([log("1", event(1, 0)), *(song(number) for number in range(600))])
    assert remote.load()["songs"]["staged"] == 600
    assert calls == [600]


# What goes wrong


@pytest.mark.parametrize("name", ["log_data/1.json", "song_data/3.json"])
@pytest.mark.parametrize("what", ["vanished", "changed"])
def test_a_file_that_is_not_as_listed_spoils_the_load(
    name: str, what: str, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote.write(FIRST)
    stage = Stager.stage

    def late(stager: Stager, files: SourceFiles) -> StageReport:
        path = remote.folder / name
        if what == "changed":
            path.write_bytes(path.read_bytes().swapcase())
        else:
            path.unlink()
        return stage(stager, files)

    monkeypatch.setattr(Stager, "stage", late)
    with pytest.raises(SourceError, match=f"{name} (changed|does not exist)") as caught:
        remote.load()
    assert f"{remote.root}/{name}" in caught.value.reason
    assert remote.published() == 0
    monkeypatch.undo()


def test_a_file_that_changes_before_its_losers_are_found_spoils_the_load(
    remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote.write([*FIRST, log("8", play(1, 1, song="Another"))])
    reject = rejects.reject_losers

    def late(*arguments: Any) -> None:
        for path in (remote.folder / "log_data").iterdir():
            path.write_bytes(path.read_bytes() + b"\n")
        reject(*arguments)

    monkeypatch.setattr(loader, "reject_losers", late)
    with pytest.raises(SourceError, match=r"log_data/\d.json changed while it was read"):
        remote.load()
    assert remote.published() == 0


@pytest.mark.parametrize("kind", ["error", "reset", "cut", "silent"])
def test_what_passes_is_survived(
    kind: str, local: Place, remote: Remote, proxy: FaultProxy
) -> None:
    proxy.faults = [Fault(kind, "list-type", 1), Fault(kind, r"/log_data/", 2)]
    proxy.faults.append(Fault(kind, r"/song_data/", 3))
    both(local, remote, [*FIRST, *(song(number) for number in range(10, 40))])
    assert [fault.times for fault in proxy.faults] == [0, 0, 0]


def test_a_load_after_one_that_failed_loads_all(
    local: Place, remote: Remote, proxy: FaultProxy
) -> None:
    proxy.faults = [Fault("error", r"/song_data/3.json", status=403, code="InvalidObjectState")]
    remote.write(FIRST)
    with pytest.raises(SourceError, match=r"song_data/3.json is archived"):
        remote.load()
    assert remote.published() == 0
    proxy.faults = []
    both(local, remote, FIRST)


def test_nothing_below_the_prefix_is_told(remote: Remote) -> None:
    remote.write([song(1), File("log_data2/1.json", "events", event(1, 0))])
    with pytest.raises(SourceError, match=r"/log_data holds no \.json file .* to read events"):
        remote.load()
    assert not remote.settings.database.exists()


def test_what_is_passed_over_is_noted(remote: Remote) -> None:
    remote.write([*FIRST, File("log_data/notes.txt", "events", b"x")])
    (note,) = [one for one in remote.load()["notes"] if "do not end in .json" in one]
    assert f"{remote.root}/log_data/notes.txt" in note
