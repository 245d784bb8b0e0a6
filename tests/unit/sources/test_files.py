"""Source files as columns: what goes in comes out, in little memory."""

from __future__ import annotations

import pickle
import tracemalloc
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sparkify.sources.files import Kind, SourceFile, SourceFiles

KINDS: tuple[Kind, ...] = get_args(Kind)
names = st.text(st.characters(codec=None).filter(lambda one: one != "\0"))
files = st.builds(
    SourceFile, st.sampled_from(KINDS), names, st.integers(0, 2**62), names, names | st.just("\0")
)


files_in_plenty = st.lists(files, max_size=4).map(lambda some: some * 150)


def song_path(number: int) -> str:
    return f"/lake/song_data/A/B/C/TR{number:016}.json"


def songs(count: int) -> list[SourceFile]:
    """Song files of a folder, in the order of their names."""
    paths = enumerate(map(song_path, range(count)))
    return [SourceFile("songs", path, 200 + n % 90, f"{n}-{n * 7}", path) for n, path in paths]


@given(st.lists(files | files_in_plenty, max_size=4), st.lists(files, max_size=6))
def test_files_come_out_as_they_went_in(
    some: list[SourceFile | list[SourceFile]], more: list[SourceFile]
) -> None:
    expected = [file for one in some for file in (one if isinstance(one, list) else [one])]
    kept = SourceFiles(expected)
    one_by_one = SourceFiles()
    for file in expected:
        one_by_one.append(file)
    kept.extend(SourceFiles(more))
    one_by_one.extend(more)
    expected += more
    for found in (kept, one_by_one, SourceFiles(expected), pickle.loads(pickle.dumps(kept))):
        assert len(found) == len(expected)
        assert found == expected
        assert (found != expected[1:]) == bool(expected)
        assert [found[n] for n in range(len(found))] == found[:] == expected
        assert [found[-n - 1] for n in range(len(expected))] == expected[::-1]
        for bounds in ((1, 300), (255, 257), (None, None, 2), (4, 600, 7), (5, 2), (-3, 9)):
            assert found[slice(*bounds)] == expected[slice(*bounds)]
        assert found.kinds == Counter(file.kind for file in expected)
        assert found.bytes == sum(file.size for file in expected)
        for kind in KINDS:
            assert list(found.numbered(kind)) == [
                (n, file) for n, file in enumerate(expected) if file.kind == kind
            ]


@given(st.lists(files, max_size=9).map(lambda some: some * 40), st.lists(files, max_size=3))
def test_sorted_files_stand_in_order_and_once(
    some: list[SourceFile], more: list[SourceFile]
) -> None:
    kept = SourceFiles(some)
    kept.extend(SourceFiles(more))
    once = {(file.kind, file.uri): file for file in some + more}
    expected = [once[key] for key in sorted(once)]
    assert kept.sorted() == expected
    joined = SourceFiles(expected[:1])
    joined.extend(SourceFiles(expected[1:]))
    assert joined.sorted() is joined


def test_file_that_comes_again_at_the_edge_of_a_block_stands_once() -> None:
    some = songs(600)
    for edge in range(255, 258):
        again = [*some[:edge], some[edge - 1], *some[edge:]]
        assert SourceFiles(again).sorted() == some


def test_file_of_an_index_that_is_not_there() -> None:
    for kept in (SourceFiles(), SourceFiles(songs(1))):
        for position in (len(kept), -len(kept) - 1):
            with pytest.raises(IndexError):
                kept[position]


def test_several_threads_may_read() -> None:
    kept = SourceFiles(songs(20_000))
    order = Random(1).sample(range(20_000), 4_000)
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(kept.__getitem__, order))
    assert [file.uri for file in found] == [song_path(n) for n in order]


def test_many_files_take_little_memory() -> None:
    tracemalloc.start()
    try:
        kept = SourceFiles(file for _ in range(40) for file in songs(500))
        blocks_take, _ = tracemalloc.get_traced_memory()
        as_objects = list(kept)
        both_take, _ = tracemalloc.get_traced_memory()
        objects_take = both_take - blocks_take
        assert len(as_objects) == 20_000
        del as_objects
        afterwards, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert blocks_take < objects_take / 8
    assert afterwards < objects_take / 4


def test_half_a_surrogate_pair_comes_out_as_it_went_in() -> None:
    file = SourceFile("songs", "\ud83c", 1, "\udcff", "\udcff.json")
    kept = SourceFiles([file] * 300)
    assert kept[0] == kept[299] == file
