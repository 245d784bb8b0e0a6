"""What is new, changed, or loaded already."""

from __future__ import annotations

from sparkify.ledger import SHOWN_FILES, Ledger, LoadedVersion, Plan, plan
from sparkify.sources.files import SourceFile


def file(name: str, fingerprint: str = "7-100") -> SourceFile:
    size = int(fingerprint.split("-")[0])
    return SourceFile("events", f"/logs/{name}", size, fingerprint, f"/logs/{name}")


def versions(*fingerprints: str) -> list[LoadedVersion]:
    return [("", fingerprint, 1) for fingerprint in fingerprints]


def test_all_is_new_at_first() -> None:
    files = [file("a"), file("b", "9-100")]
    found = plan(files, {})
    assert (found.new, found.changed, found.skipped) == (files, [], 0)
    assert found.files == files
    assert found.files.bytes == 16


def test_nothing_to_do() -> None:
    found = plan([file("a")], {"/logs/a": versions("7-100")})
    assert (list(found.files), found.skipped, found.files.bytes) == ([], 1, 0)


def test_other_size_or_time_is_a_change() -> None:
    known = {"/logs/a": versions("7-100"), "/logs/b": versions("7-100")}
    files = [file("a", "8-100"), file("b", "7-101"), file("c")]
    found = plan(files, known)
    assert (found.new, found.changed, found.skipped) == (files[2:], files[:2], 0)
    assert found.files == [files[2], files[0], files[1]]


def test_any_version_that_was_loaded_counts() -> None:
    known = {"/logs/a": versions("7-100", "8-200")}
    assert plan([file("a", "7-100")], known).skipped == 1
    assert plan([file("a", "8-200")], known).skipped == 1
    assert plan([file("a", "8-100")], known).changed


def test_another_file_of_the_same_look_is_new() -> None:
    assert plan([file("b")], {"/logs/a": versions("7-100")}).new


def hashed(one: SourceFile) -> SourceFile:
    return one._replace(fingerprint=f"{one.fingerprint}-abc")


def test_without_verify_a_hash_in_the_ledger_is_no_matter() -> None:
    known = {"/logs/a": versions("7-100-abc")}
    assert plan([file("a", "7-100")], known).skipped == 1
    assert plan([file("a", "7-101")], known).changed


def test_verify_goes_by_the_content_alone() -> None:
    touched = plan([file("a", "7-101")], {"/logs/a": versions("7-100-abc")}, verify=hashed)
    assert touched.skipped == 1
    other = plan([file("a", "7-100")], {"/logs/a": versions("7-100-xyz")}, verify=hashed)
    assert [one.fingerprint for one in other.changed] == ["7-100-abc"]
    longer = plan([file("a", "8-100")], {"/logs/a": versions("7-100-abc")}, verify=hashed)
    assert longer.changed
    back = plan([file("a")], {"/logs/a": versions("7-1-abc", "7-2-xyz")}, verify=hashed)
    assert back.skipped == 1


def test_verify_does_not_trust_a_version_that_was_not_hashed() -> None:
    found = plan([file("a")], {"/logs/a": versions("7-100")}, verify=hashed)
    assert [one.fingerprint for one in found.changed] == ["7-100-abc"]
    assert plan([file("b")], {}, verify=hashed).new[0].fingerprint == "7-100-abc"


def test_plan_in_json_names_some_files_and_counts_all() -> None:
    many = [file(f"{number:03}") for number in range(SHOWN_FILES + 5)]
    found = plan(
        [*many, file("a", "9-1"), file("b")],
        {
            "/logs/a": versions("7-100"),
            "/logs/b": versions("7-100"),
        },
    )
    found.ignored = ["/logs/notes.txt"]
    assert found.as_json() == {
        "files": {"new": SHOWN_FILES + 5, "changed": 1, "skipped": 1, "ignored": 1},
        "bytes": 7 * (SHOWN_FILES + 5) + 9,
        "new": [one.uri for one in many[:SHOWN_FILES]],
        "changed": ["/logs/a"],
        "ignored": ["/logs/notes.txt"],
        "migrates_from": None,
    }


def test_every_group_of_a_plan_in_json_names_twenty_files() -> None:
    many = [file(f"{number:03}") for number in range(30)]
    found = plan(many, {one.uri: versions("9-1") for one in many})
    found.ignored = [f"/logs/{number}.txt" for number in range(30)]
    shown = found.as_json()
    assert shown["changed"] == [one.uri for one in many[:20]]
    assert shown["ignored"] == found.ignored[:20]


def test_ledger_gives_the_versions_of_a_file_oldest_first() -> None:
    rows = [("/a", "1-1", 1), ("/b", "2-2", None), ("/a", "1-3", 4), ("/a", "1-2", 5)]
    ledger = Ledger(iter(rows))
    assert ledger == {
        "/a": (("/a", "1-1", 1), ("/a", "1-3", 4), ("/a", "1-2", 5)),
        "/b": (("/b", "2-2", None),),
    }
    assert (len(ledger), sorted(ledger)) == (2, ["/a", "/b"])
    assert ("/a" in ledger, "/c" in ledger, ledger.get("/c")) == (True, False, None)
    assert Ledger() == {}


def test_ledger_knows_each_version_of_a_file() -> None:
    ledger = Ledger([("/logs/a", "1-1", 1), ("/logs/b", "2-2", 1), ("/logs/a", "1-2", 1)])
    files = [file("c"), file("b", "2-2"), file("a", "1-1"), file("a", "1-2"), file("b", "2-3")]
    found = plan(files, ledger)
    assert found.loaded == ["/logs/b", "/logs/a", "/logs/a"]
    assert (found.new, found.changed) == (files[:1], files[4:])


def test_empty_ledger_knows_no_file() -> None:
    files = [file("b"), file("a")]
    found = plan(files, Ledger())
    assert (found.new, found.loaded) == (files, [])
    assert Ledger().migrates_from == found.migrates_from == 0


def test_kinds_of_a_plan() -> None:
    song = file("s")._replace(kind="songs")
    assert Plan().kinds == set()
    assert Plan(new=[song]).kinds == Plan(changed=[song]).kinds == {"songs"}
    assert Plan([file("a")], [song]).kinds == {"events", "songs"}
    assert list(Plan([file("a")], [song]).files) == [file("a"), song]
