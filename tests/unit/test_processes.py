"""Processes that read beside this one: without room for them, and when one of them is ended."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import pytest

from sparkify import processes
from sparkify.errors import SourceError


@pytest.fixture(autouse=True)
def ended() -> Iterator[None]:
    with processes.ended():
        yield


def numbers() -> set[int]:
    """The processes that do the work."""
    return {number for _, number in processes.each(own_number, range(9))}


def own_number(_: object) -> int:
    return os.getpid()


def end_itself(_: object) -> None:
    os._exit(9)


def test_work_is_done_there_once_they_are_started() -> None:
    assert numbers() == {os.getpid()}
    processes.start()
    assert os.getpid() not in numbers()
    processes.end()
    assert numbers() == {os.getpid()}


@pytest.mark.parametrize("call", ["__init__", "submit"])
def test_without_room_for_them_work_is_done_here(
    call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(ProcessPoolExecutor, call, refuse)
    processes.start()
    assert numbers() == {os.getpid()}


def test_one_that_is_ended_from_outside_is_told_of() -> None:
    processes.start()
    with pytest.raises(SourceError, match="was ended from outside; nothing was loaded"):
        list(processes.each(end_itself, range(9)))
