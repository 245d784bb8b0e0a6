"""Temporary files and folders: nothing is left of them, whatever ends their use."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sparkify.temporary import temporary_folder, written_whole


def interrupted_behind(call: Callable[..., object]) -> Callable[..., object]:
    """The same call, with Ctrl-C right behind its first."""
    times = 0

    def and_then(*args: Any, **options: Any) -> object:
        nonlocal times
        times += 1
        made = call(*args, **options)
        if times == 1:
            raise KeyboardInterrupt
        return made

    return and_then


def test_a_folder_is_there_and_then_gone(tmp_path: Path) -> None:
    with temporary_folder(tmp_path, ".some-") as folder:
        assert folder.parent == tmp_path
        assert folder.name.startswith(".some-")
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        (folder / "within").mkdir()
        (folder / "within" / "file").write_text("text")
    assert list(tmp_path.iterdir()) == []


def test_it_lies_where_temporary_files_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with temporary_folder() as one, temporary_folder() as other:
        assert {one.parent, other.parent} == {tmp_path}
        assert one != other


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), temporary_folder(tmp_path / "nothing"):
        pytest.fail("there is no folder")


def test_an_error_within_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), temporary_folder(tmp_path):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_while_it_is_made_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "mkdir", interrupted_behind(os.mkdir))
    with pytest.raises(KeyboardInterrupt), temporary_folder(tmp_path):
        pytest.fail("the interrupt was lost")
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_while_it_is_removed_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(KeyboardInterrupt), temporary_folder(tmp_path) as folder:
        for name in ("one", "other"):
            (folder / name).write_text("text")
        monkeypatch.setattr(os, "unlink", interrupted_behind(os.unlink))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_was_removed_meanwhile_is_no_error(tmp_path: Path) -> None:
    with temporary_folder(tmp_path) as folder:
        shutil.rmtree(folder)


def test_a_file_takes_its_place_whole(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text("old")
    with written_whole(path) as draft:
        draft.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_file_that_was_not_finished_takes_no_place(
    tmp_path: Path, error: type[BaseException]
) -> None:
    path = tmp_path / "page.html"
    path.write_text("old")
    with pytest.raises(error), written_whole(path) as draft:
        draft.write_text("half")
        raise error
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_put_there_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "page.html").mkdir()
    with pytest.raises(IsADirectoryError), written_whole(tmp_path / "page.html") as draft:
        draft.write_text("new")
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
