"""Source files as columns: what goes in comes out, in little memory."""

from __future__ import annotations

import pickle
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkify.sources.files import Kind, SourceFile, SourceFiles, Texts

KINDS: tuple[Kind, ...] = get_args(Kind)
names = st.text(st.characters(codec=None).filter(lambda one: one != "\0"))
few_or_many = st.lists(names, max_size=5) | st.lists(names, max_size=5).map(lambda some: some * 150)
files = st.builds(
    SourceFile, st.sampled_from(KINDS), names, st.integers(0, 2**62), names, names | st.just("\0")
)


def songs(count: int) -> list[SourceFile]:
    """Song files of a folder, in the order of their names."""
    paths = enumerate(f"/lake/song_data/A/B/C/TR{number:016}.json" for number in range(count))
    return [SourceFile("songs", path, 200 + n % 90, f"{n}-{n * 7}", path) for n, path in paths]


@given(st.lists(few_or_many, max_size=4))
def test_texts_come_out_as_they_went_in(parts: list[list[str]]) -> None:
    together, one_by_one = Texts(), Texts()
    expected = [text for part in parts for text in part]
    for part in parts:
        together.extend(Texts(part))
        for text in part:
            one_by_one.append(text)
    for texts in (together, one_by_one, Texts(expected), pickle.loads(pickle.dumps(together))):
        assert len(texts) == len(expected)
        assert list(texts) == expected
        assert [texts[n] for n in range(len(expected))] == expected
        assert [texts[-n - 1] for n in range(len(expected))] == expected[::-1]
        for bounds in ((1, 300), (255, 257), (None, None, 2), (4, 600, 7), (5, 2), (-3, 9)):
            assert texts[slice(*bounds)] == expected[slice(*bounds)]


@given(st.lists(files, max_size=6), st.lists(files, max_size=6))
def test_files_come_out_as_they_went_in(some: list[SourceFile], more: list[SourceFile]) -> None:
    kept = SourceFiles(some)
    kept.extend(SourceFiles(more))
    expected = some + more
    assert kept == expected
    assert kept == SourceFiles(expected)
    assert (kept != expected[1:]) == bool(expected)
    assert [kept[n] for n in range(len(kept))] == kept[:] == expected
    assert kept.kinds == {file.kind for file in expected}
    assert kept.kinds_of(slice(1, 4)) == [file.kind for file in expected[1:4]]
    assert list(kept.sizes) == [file.size for file in expected]
    for kind in KINDS:
        found = kept.of_kind(kind)
        assert list(found) == [n for n, file in enumerate(expected) if file.kind == kind]
        assert kept.paths(found) == [file.path for file in expected if file.kind == kind]
    chosen = kept.in_order(range(0, len(kept), 2))
    assert chosen == sorted(expected[::2], key=lambda file: (file.kind, file.uri))


def test_texts_of_an_index_that_is_not_there() -> None:
    for texts in (Texts(), Texts(["one"])):
        for position in (len(texts), -len(texts) - 1):
            with pytest.raises(IndexError):
                texts[position]


def test_files_that_are_columns_already_are_not_copied() -> None:
    kept = SourceFiles(songs(3))
    assert SourceFiles.of(kept) is kept
    assert SourceFiles.of(songs(3)) == kept


def test_files_made_of_columns() -> None:
    odd = SourceFile("songs", "/lake/\\xff.json", 7, "7-1", "/lake/\udcff.json")
    expected = [*songs(300), odd]
    columns = zip(*expected, strict=True)
    kinds, uris, sizes, fingerprints, paths = map(list, columns)
    assert set(kinds) == {"songs"}
    assert SourceFiles.of_columns("songs", uris, sizes, fingerprints, paths) == expected
    with pytest.raises(ValueError, match="longer"):
        SourceFiles.of_columns("songs", uris, sizes, fingerprints, paths[:-1])


def test_files_of_a_kind_are_found_by_a_range_where_they_are_in_a_row() -> None:
    event = SourceFile("events", "/lake/1.json", 1, "1-1", "/lake/1.json")
    in_a_row = SourceFiles([event, *songs(3), event._replace(uri="/lake/2.json")])
    assert in_a_row.of_kind("songs") == range(1, 4)
    assert list(in_a_row.of_kind("events")) == [0, 4]
    assert list(SourceFiles().of_kind("events")) == []


def test_several_threads_may_read() -> None:
    kept = Texts(map(str, range(20_000)))
    order = Random(1).sample(range(20_000), 4_000)
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(kept.__getitem__, order)) == [str(n) for n in order]


def test_many_files_take_little_memory() -> None:
    tracemalloc.start()
    try:
        kept = SourceFiles(file for _ in range(40) for file in songs(500))
        columns_take, _ = tracemalloc.get_traced_memory()
        as_objects = list(kept)
        both_take, _ = tracemalloc.get_traced_memory()
        objects_take = both_take - columns_take
        assert len(as_objects) == 20_000
        del as_objects
        afterwards, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert columns_take < objects_take / 8
    assert afterwards < objects_take / 4


def test_half_a_surrogate_pair_comes_out_as_it_went_in() -> None:
    assert list(Texts(["\ud83c", "\udcff.json"])) == ["\ud83c", "\udcff.json"]
