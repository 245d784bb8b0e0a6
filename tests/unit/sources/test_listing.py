"""A folder or a prefix as a list of source files, and the hash of one."""

from __future__ import annotations

import errno
import hashlib
import multiprocessing
import os
import re
import socket
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sparkify import processes, util_s3
from sparkify.config import Settings
from sparkify.errors import SourceError
from sparkify.ledger import plan
from sparkify.sources import listing
from sparkify.sources.download import SourceFetch
from sparkify.sources.files import Kind, Numbered, SourceFile, hashed
from sparkify.sources.listing import (
    etag,
    list_folder,
    list_objects,
    list_source,
    list_sources,
)
from sparkify.util_s3 import S3Object


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder by its real path, so that it compares with a uri."""
    path = tmp_path.resolve() / "log_data"
    path.mkdir()
    return path


def put(path: Path, text: str = "{}\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def uris(folder: Path) -> list[str]:
    return [file.uri for file in list_folder(str(folder), "events").files]


# Folders


def test_files_are_listed_at_any_depth_and_sorted_by_uri(folder: Path) -> None:
    names = ["b.json", "a/c.json.gz", "a/b/c/d.json", "a.json", "B.json", "e.jsonl", "e.ndjson"]
    names += ["f.jsonl.gz", "f.ndjson.gz", "_day=1/x.json", "_level=free.json", "a_/b_c.json"]
    for name in names:
        put(folder / name)
    assert uris(folder) == [str(folder / name) for name in sorted(names)]


def test_file_is_described_by_size_and_time_of_change(folder: Path) -> None:
    path = put(folder / "day.json", "{}\n{}\n")
    os.utime(path, ns=(1, 1_541_105_830_796_000_123))
    (file,) = list_folder(str(folder), "songs").files
    assert (file.kind, file.uri, file.path) == ("songs", str(path), str(path))
    assert (file.size, file.fingerprint) == (6, "6-1541105830796000123")


@pytest.mark.parametrize(
    "name",
    [
        ".hidden.json",
        ".hidden/day.json",
        "day.json~",
        "day.json.swp",
        "#day.json#",
        "day.json.bak",
        "day.JSON",
        "day.JSONL",
        "day.gz",
        "day.jsonl.zst",
        "day.ndjson.",
        "_SUCCESS",
        "_temporary/0/part-0.json",
        "_delta_log/00000000000000000000.json",
        "_day.json",
        "_.json",
        ".x=1/day.json",
        ".../day.json",
        "day.txt",
        "day.gz",
        "json",
    ],
)
def test_other_names_are_passed_over_and_named(folder: Path, name: str) -> None:
    put(folder / "day.json")
    put(folder / name)
    listing = list_folder(str(folder), "events")
    assert [file.uri for file in listing.files] == [str(folder / "day.json")]
    assert listing.ignored == [str(folder / name.split("/")[0])]


def test_what_is_neither_file_nor_folder_is_passed_over(folder: Path) -> None:
    put(folder / "day.json")
    os.mkfifo(folder / "pipe.json")
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(folder)  # the path of a socket may not be long
        try:
            server.bind("socket.json")
        finally:
            os.chdir(here)
        listing = list_folder(str(folder), "events")
    assert [file.uri for file in listing.files] == [str(folder / "day.json")]
    assert listing.unread == [str(folder / "pipe.json"), str(folder / "socket.json")]
    assert listing.ignored == listing.unread


def test_folder_named_like_a_file_is_a_folder(folder: Path) -> None:
    path = put(folder / "2018.json" / "day.json")
    assert uris(folder) == [str(path)]


def test_prefix_does_not_pick_up_its_neighbours(folder: Path) -> None:
    path = put(folder / "day.json")
    put(folder.parent / "log_data2" / "other.json")
    put(folder.parent / "log_data.json")
    assert uris(folder) == [str(path)]


def test_one_file_is_a_source_too(folder: Path) -> None:
    path = put(folder / "day.txt")
    put(folder / "other.json")
    assert uris(path) == [str(path)]


def test_links_are_followed_and_a_file_is_listed_once(folder: Path) -> None:
    path = put(folder / "day.json")
    outside = put(folder.parent / "elsewhere" / "other.json")
    (folder / "again.json").symlink_to(path)
    (folder / "linked").symlink_to(outside.parent)
    (folder / "circle").symlink_to(folder)
    (folder.parent / "way").symlink_to(folder)
    expected = sorted([str(path), str(outside)])
    assert uris(folder) == expected
    assert uris(folder.parent / "way") == expected


def test_relative_folder_is_known_by_its_real_path(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(folder / "day.json")
    monkeypatch.chdir(folder.parent)
    assert uris(Path("log_data")) == [str(path)]
    assert uris(Path("log_data/../log_data/day.json")) == [str(path)]


def test_home_folder_may_be_written_as_a_tilde(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(folder / "day.json")
    monkeypatch.setenv("HOME", str(folder.parent))
    assert uris(Path("~/log_data")) == [str(path)]


def test_name_that_is_no_utf8_gets_a_uri_that_is(folder: Path) -> None:
    path = os.fsencode(folder) + b"/day \xff.json"
    put(Path(os.fsdecode(path)))
    (file,) = list_folder(str(folder), "events").files
    assert file.uri == f"{folder}/day \\xff.json"
    assert os.fsencode(file.path) == path
    assert hashed(file).fingerprint.startswith(file.fingerprint)


def test_names_that_make_one_uri_are_one_file(folder: Path) -> None:
    put(Path(os.fsdecode(os.fsencode(folder) + b"/day \xff.json")))
    put(folder / "day \\xff.json")
    assert uris(folder) == [f"{folder}/day \\xff.json"]


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ([], "holds no .json file"),
        ([".hidden.json", "notes.txt"], "holds no .json file"),
        (None, "there is no folder"),
    ],
)
def test_source_without_files_is_an_error(folder: Path, made: list[str] | None, words: str) -> None:
    for name in made or []:
        put(folder / name)
    if made is None:
        folder.rmdir()
    with pytest.raises(SourceError, match=words) as caught:
        list_source(Settings(song_data=str(folder)), "songs")
    assert str(folder) in caught.value.reason
    assert re.search(r"\bSONG_DATA\b", caught.value.next_step)


@pytest.mark.parametrize("name", ["gone.json", "gone", "gone.txt"])
@pytest.mark.parametrize("target", ["nothing", "/nowhere/at/all", "day.json/below", "x" * 300, "."])
def test_link_that_leads_nowhere_is_passed_over(folder: Path, name: str, target: str) -> None:
    put(folder / "day.json")
    (folder / name).symlink_to(folder / name if target == "." else target)
    listing = list_folder(str(folder), "events")
    assert [file.uri for file in listing.files] == [str(folder / "day.json")]
    assert listing.ignored == listing.unread == [str(folder / name)]


@pytest.mark.parametrize("target", [".", "..", "../.."])
def test_folder_in_a_circle_is_passed_over(folder: Path, target: str) -> None:
    path = put(folder / "2018" / "day.json")
    put(folder.parent / "other.json")
    (folder / "2018" / "circle").symlink_to(target)
    listing = list_folder(str(folder), "events")
    assert [file.uri for file in listing.files] == [str(path)]
    assert listing.ignored == listing.unread == [str(folder / "2018" / "circle")]


def test_folders_that_lead_to_each_other_are_listed_once(folder: Path) -> None:
    paths = [put(folder / name / "day.json") for name in ("a", "ab")]
    (folder / "a" / "x").symlink_to("../ab")
    (folder / "ab" / "x").symlink_to("../a")
    listing = list_folder(str(folder), "events")
    assert ([file.uri for file in listing.files], listing.ignored) == (list(map(str, paths)), [])


@pytest.mark.parametrize("name", ["day.json.gz", "day.jsonl"])
@pytest.mark.parametrize("target", ["blob", "blob.zst", "blob.json"])
def test_name_of_a_link_tells_how_to_open_the_file(folder: Path, name: str, target: str) -> None:
    path = put(folder.parent / "store" / target)
    (folder / name).symlink_to(path)
    (file,) = list_folder(str(folder), "events").files
    assert (file.uri, file.path) == (str(path), str(folder / name))


def refuse(monkeypatch: pytest.MonkeyPatch, ending: str, number: int) -> None:
    """Refuse to show what is in a folder: permissions do not bind root."""
    scan = os.scandir

    def scan_or_not(path: str) -> object:
        if str(path).endswith(ending):
            raise OSError(number, os.strerror(number), path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", scan_or_not)


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOTDIR])
def test_folder_that_may_not_be_read_is_passed_over(
    folder: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    path = put(folder / "day.json")
    secret = put(folder / "secret" / "day.json")
    with monkeypatch.context() as patch:
        refuse(patch, "secret", number)
        listing = list_folder(str(folder), "events")
    assert [file.uri for file in listing.files] == [str(path)]
    assert listing.ignored == listing.unread == [str(secret.parent)]
    assert uris(folder) == [str(path), str(secret)]


@pytest.mark.parametrize(
    ("name", "number", "words"),
    [
        ("log_data", errno.EACCES, "log_data cannot be read: Permission denied"),
        ("secret", errno.EIO, "secret cannot be read: Input/output error"),
    ],
)
def test_folder_that_must_be_readable(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, number: int, words: str
) -> None:
    """The source itself; and where it is not for lack of permission."""
    put(folder / "secret" / "day.json")
    refuse(monkeypatch, name, number)
    with pytest.raises(SourceError, match=words):
        list_folder(str(folder), "events")


def as_nobody(folder: Path) -> tuple[list[str], list[str]] | str:
    """List a folder in a process which permissions bind; returns the names, or the error."""
    receive, send = multiprocessing.Pipe(duplex=False)

    def child() -> None:
        if os.getuid() == 0:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
        try:
            listing = list_folder(str(folder), "events")
        except SourceError as error:
            send.send(error.reason)
        else:
            names = [file.uri for file in listing.files], listing.unread
            send.send(tuple([os.path.relpath(one, folder) for one in some] for some in names))

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    try:
        found: tuple[list[str], list[str]] | str = receive.recv()
    finally:
        process.join()
    return found


def test_permissions_bind_who_is_not_root() -> None:
    with tempfile.TemporaryDirectory() as made:  # where nobody may look into all folders above
        root = Path(made).resolve()
        root.chmod(0o755)
        folder = root / "log_data"
        for name in ("log_data/day.json", "log_data/lost+found/x.json", "secret/in/y.json"):
            put(root / name)
        (folder / "lost+found").chmod(0)
        (root / "secret").chmod(0)
        (folder / "link").symlink_to(root / "secret" / "in")
        try:
            assert as_nobody(folder) == (["day.json"], ["link", "lost+found"])
            (folder / "link.json").symlink_to(root / "secret" / "in" / "y.json")
            assert "link.json cannot be read: Permission denied" in as_nobody(folder)
            (folder / "link.json").unlink()
            folder.chmod(0)
            assert "log_data cannot be read: Permission denied" in as_nobody(folder)
        finally:
            for path in (folder, folder / "lost+found", root / "secret"):
                path.chmod(0o755)
        assert len(uris(folder)) == 3


def test_pipe_as_a_source_is_told_by_its_name(folder: Path) -> None:
    os.mkfifo(folder / "pipe.json")
    for address in (str(folder / "pipe.json"), "/dev/null"):
        with pytest.raises(SourceError, match="is a pipe, a socket or a device") as caught:
            list_folder(address, "events")
        assert address in caught.value.reason


def test_source_without_files_names_what_was_passed_over(folder: Path) -> None:
    for number in range(7):
        put(folder / f"{number}.txt")
    (folder / "link").symlink_to("nowhere")
    named = ", ".join(f"{folder}/{number}.txt" for number in range(5))
    with pytest.raises(SourceError) as caught:
        list_source(Settings(log_data=str(folder)), "events")
    assert f"; passed over: {named} and 3 more; the warehouse stays" in caught.value.reason


def test_many_folders_are_looked_into_by_several_processes(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(40):
        put(folder / f"{number:02}" / "deep" / "day.json")
        put(folder / f"{number:02}" / "notes.txt")
    (folder / "00" / "link").symlink_to("nowhere")
    alone = list_folder(str(folder), "events")
    monkeypatch.setattr(processes, "MANY_FILES", 1)
    started = Counter[str]()
    start = processes.start

    def count() -> None:
        started["calls"] += 1
        start()

    monkeypatch.setattr(processes, "start", count)
    with processes.ended():
        together = list_folder(str(folder), "events")
    assert (together.files, together.ignored) == (alone.files, alone.ignored)
    assert together.unread == alone.unread == [str(folder / "00" / "link")]
    assert started == {"calls": 1}
    assert (len(alone.files), len(alone.ignored)) == (40, 41)


def test_folder_that_is_reached_twice_hides_no_other(folder: Path) -> None:
    for name in ("one", "other"):
        put(folder / name / "day.json")
    one, other = str(folder / "one"), str(folder / "other")
    found, waiting = listing._walk([other, one, one], "events")
    assert [file.uri for file in found.files.sorted()] == [f"{one}/day.json", f"{other}/day.json"]
    assert waiting == []


def test_file_that_two_processes_reach_is_listed_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "MANY_FILES", 1)
    files = [put(folder / f"{number:02}" / "day.json") for number in range(40)]
    for number in (7, 9):
        put(folder / f"{number:02} link" / "other.json").unlink()
        (folder / f"{number:02} link" / "day.json").symlink_to(files[number])
    with processes.ended():
        assert uris(folder) == [str(file) for file in files]


def test_both_sources_are_listed_together(tmp_path: Path) -> None:
    root = tmp_path.resolve()
    for name in (
        "log_data/b.json",
        "log_data/a.json",
        "song_data/a.json",
        "song_data/~",
        "log_data/~",
    ):
        put(root / name)
    settings = Settings(log_data=str(root / "log_data"), song_data=str(root / "song_data"))
    listing = list_sources(settings)
    assert [(file.kind, file.uri) for file in listing.files] == [
        ("events", str(root / "log_data/a.json")),
        ("events", str(root / "log_data/b.json")),
        ("songs", str(root / "song_data/a.json")),
    ]
    assert listing.ignored == [str(root / "log_data/~"), str(root / "song_data/~")]


@pytest.mark.parametrize(("kind", "name"), [("events", "log_data"), ("songs", "song_data")])
def test_configured_folder_of_each_kind_is_listed(tmp_path: Path, kind: Kind, name: str) -> None:
    root = tmp_path.resolve()
    settings = Settings(log_data=str(root / "log_data"), song_data=str(root / "song_data"))
    put(root / "log_data" / "a.json")
    put(root / "song_data" / "a.json")
    (file,) = list_source(settings, kind).files
    assert (file.kind, file.uri) == (kind, str(root / name / "a.json"))


# S3

ROOT = "s3://bucket/log_data"


def thing(key: str, size: int = 3, etag: str = "abc") -> S3Object:
    return S3Object("bucket", key, size, etag, datetime(2018, 11, 1, tzinfo=UTC))


def listed(*keys: str, address: str = ROOT) -> tuple[list[str], list[str]]:
    listing = list_objects(map(thing, keys), address, "events")
    return [file.uri for file in listing.files], listing.ignored


def test_object_is_described_by_its_etag() -> None:
    (file,) = list_objects([thing("log_data/a b.json", 6, "abc-2")], ROOT, "songs").files
    address = "s3://bucket/log_data/a b.json"
    assert file == SourceFile("songs", address, 6, "abc-2", address)
    assert hashed(file) == file
    assert etag(file) == "abc-2"


@pytest.mark.parametrize("given", ["abc", "abc-2", "a-b-c", 'q"\\', "0x8D-7%2", ""])
def test_odd_etags_are_fingerprints_too(given: str) -> None:
    """Which the ledger takes apart at its dashes, and a load writes into JSON as they are."""
    (file,) = list_objects([thing("log_data/a.json", 6, given)], ROOT, "events").files
    assert re.fullmatch(r"[\w.%]+(-\w+)?", file.fingerprint)
    assert etag(file) == given
    known = {file.uri: [(file.uri, file.fingerprint, 1)]}
    for verify in (None, hashed):
        assert plan([file], known, verify=verify).loaded == [file.uri]
        other = file._replace(fingerprint=f"{file.fingerprint}0")
        assert plan([other], known, verify=verify).changed == [other]


@pytest.mark.parametrize(
    ("modified", "fingerprint"),
    [(datetime(2018, 11, 1, tzinfo=UTC), "no_etag_6-1541030400"), (None, "no_etag_6-0")],
)
def test_object_without_an_etag_is_described_by_size_and_time(
    modified: datetime | None, fingerprint: str
) -> None:
    one = S3Object("bucket", "log_data/a.json", 6, "", modified)
    (file,) = list_objects([one], ROOT, "events").files
    assert file.fingerprint == fingerprint
    assert etag(file) == ""


def test_objects_are_listed_by_the_rules_of_folders() -> None:
    names = ["a.json", "b/c.json.gz", "b//d.json", "b/../e.json", "é +%.json", "z.json"]
    names += ["a.jsonl", "a.ndjson", "a.jsonl.gz", "_x=1/a.ndjson.gz", "./_y=.json"]
    odd = [".hidden.json", "notes.txt", "a.JSON", "b/", ".json", "_SUCCESS", "_.json"]
    inside = {
        ".git/x.json": ".git",
        "b/.x/y/z.json": "b/.x",
        "b/_temporary/0/a.json": "b/_temporary",
    }
    inside |= {".../a.json": "...", ".git/y.json": ".git", "_delta_log/0.json": "_delta_log"}
    keys = [f"log_data/{name}" for name in (*names, *odd, *inside, "")]
    assert listed(*keys) == (
        sorted(f"{ROOT}/{name}" for name in names),
        sorted(f"{ROOT}/{name}" for name in {*odd, *inside.values(), ""}),
    )
    assert listed(*keys, address=f"{ROOT}/") == listed(*keys)


def test_one_object_is_a_source_too() -> None:
    assert listed("log_data/day.txt", address=f"{ROOT}/day.txt") == ([f"{ROOT}/day.txt"], [])


def test_whole_bucket_is_a_source_too() -> None:
    assert listed("a.json", ".b.json", address="s3://bucket") == (
        ["s3://bucket/a.json"],
        ["s3://bucket/.b.json"],
    )


def test_key_with_a_nul_gets_a_uri_without() -> None:
    (file,) = list_objects([thing("log_data/a\0.json")], ROOT, "events").files
    assert (file.uri, file.path) == (f"{ROOT}/a\\x00.json", f"{ROOT}/a\0.json")


def test_configured_address_is_listed_in_its_region(monkeypatch: pytest.MonkeyPatch) -> None:
    class Bucket:
        def __init__(self, settings: Settings, region: str) -> None:
            assert (settings, region) == (configured, "us-west-2")

        def list(self, address: str) -> list[S3Object]:
            assert address == ROOT
            return [thing("log_data/a.json")]

    configured = Settings(log_data=ROOT, s3_region="us-west-2")
    monkeypatch.setattr(util_s3, "S3", Bucket)
    (file,) = list_source(configured, "events").files
    assert file.uri == f"{ROOT}/a.json"


def test_prefix_without_files_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    keys: list[str] = []
    monkeypatch.setattr(util_s3.S3, "list", lambda *_: map(thing, keys))
    for more in ([], ["log_data/", "log_data/x.txt"]):
        keys += more
        with pytest.raises(
            SourceError, match=r"s3://bucket/log_data holds no \.json file"
        ) as caught:
            list_source(Settings(log_data=ROOT), "events")
        assert [f"{ROOT}/{key[9:]}" in caught.value.reason for key in keys] == [True] * len(keys)
        assert re.search(r"\bLOG_DATA\b", caught.value.next_step)


@pytest.mark.parametrize(
    ("key", "expected"),
    [("a.json", ".json"), ("a.json.gz", ".json.gz"), ("..", ".json"), ("x.gz", ".json.gz")],
)
def test_ending_decides_how_a_file_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, expected: str
) -> None:
    monkeypatch.setattr(util_s3.S3, "download_many", lambda *_: None)
    address = f"s3://bucket/{key}"
    one = Numbered(0, SourceFile("events", address, 1, "abc", address))
    local, downloaded = SourceFetch(Settings(), tmp_path).groups([one])
    assert not local
    assert [made.file.path for made in downloaded] == [str(tmp_path / f"download-0{expected}")]


def test_names_in_short() -> None:
    names = list("abcdefg")
    assert [listing.some(names[:count]) for count in (0, 1, 5, 6)] == [
        "",
        "a",
        "a, b, c, d, e",
        "a, b, c, d, e and 1 more",
    ]


# Hashes


def test_hash_is_of_the_content_alone(folder: Path) -> None:
    put(folder / "a.json", "one")
    put(folder / "b.json", "one")
    put(folder / "c.json", "two")
    a, b, c = (hashed(file) for file in list_folder(str(folder), "events").files)
    digest = hashlib.sha256(b"one").hexdigest()
    assert a.fingerprint.split("-")[2] == b.fingerprint.split("-")[2] == digest
    assert c.fingerprint.split("-")[2] != digest


def test_file_that_is_gone_cannot_be_hashed(folder: Path) -> None:
    path = put(folder / "day.json")
    (file,) = list_folder(str(folder), "events").files
    path.unlink()
    with pytest.raises(SourceError, match=r"day\.json cannot be read: No such file"):
        hashed(file)
