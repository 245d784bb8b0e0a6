"""Replace the Parquet files of an earlier export, one or more a table, once all are written.

An export that fails, is interrupted or killed leaves all files of the earlier one.
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
    """Yield a folder for `<table>.parquet`, `<table>.2.parquet`, ...

    At the end of the block they replace all files of the tables in `folder`, which is made if
    needed; other files stay.
    Raises UsageError when the folder cannot be made or written to, or has a folder of such a name.
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
