"""A folder of Parquet files, one or more a table, in which an export takes the place of another.

An export is written beside what is there, and takes its place when it is whole. So an export that
fails, is interrupted or killed leaves the files of the one before, all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ..errors import UsageError
from ..temporary import temporary_folder

_NEXT_STEP = "Name a folder that you may write to."


@contextmanager
def replacing(folder: Path, tables: Sequence[str]) -> Iterator[Path]:
    """Give a folder to write `<table>.parquet`, `<table>.2.parquet`, ... into.

    At the end of the block these files take the place of all files of the tables in `folder`,
    which is made if need be; what else lies there stays.
    Raises UsageError when the folder cannot be made or written to, or a folder stands in the way.
    """
    with _failures(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for path in _files(folder, tables):
            if path.is_dir():
                raise UsageError(f"{path} is a folder where a file is to be written", _NEXT_STEP)
    with ExitStack() as opened:
        with _failures(folder):
            made = opened.enter_context(temporary_folder(folder, ".sparkify-export-"))
        yield made
        with _failures(folder):
            _replace(folder, made, tables)


def _replace(folder: Path, made: Path, tables: Sequence[str]) -> None:
    new = {path.name for path in _files(made, tables)}
    for name in new:
        (made / name).replace(folder / name)
    for path in _files(folder, tables):
        if path.name not in new:
            path.unlink()


def _files(folder: Path, tables: Sequence[str]) -> list[Path]:
    names = re.compile(rf"({'|'.join(map(re.escape, tables))})(\.\d+)?\.parquet")
    return sorted(path for path in folder.iterdir() if names.fullmatch(path.name))


@contextmanager
def _failures(folder: Path) -> Iterator[None]:
    try:
        yield
    except FileExistsError:
        raise UsageError(f"{folder} is a file, and no folder", _NEXT_STEP) from None
    except OSError as error:
        where = error.filename or folder
        raise UsageError(f"{where} cannot be written: {error.strerror}", _NEXT_STEP) from None
