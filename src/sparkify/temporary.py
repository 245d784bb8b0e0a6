"""Temporary files and folders that are removed even if a signal interrupts making or removing them.

`tempfile` notes a name after making it and forgets it before removing it: an interrupt in between
leaves the file behind.
"""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .errors import WarehouseError


@contextmanager
def temporary_folder(inside: Path | None = None, prefix: str = "sparkify-") -> Iterator[Path]:
    """Make a folder for this user alone; remove it with its content at the end of the block.

    inside: its parent; without it, the folder for temporary files (TMPDIR).
    Raises OSError when it cannot be made; not being able to remove it is no error.
    """
    folder = (inside or Path(tempfile.gettempdir())) / f"{prefix}{secrets.token_hex(8)}"
    try:
        folder.mkdir(mode=0o700)
        yield folder
    finally:
        try:
            shutil.rmtree(folder, ignore_errors=True)
        except KeyboardInterrupt:  # signals that come together are one, so this is the last
            shutil.rmtree(folder, ignore_errors=True)
            raise


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Yield a draft beside `path` to write to; it replaces `path` at the end of the block.

    So no reader sees half a file; when the block fails, `path` stays as it was.
    Raises OSError when it cannot be replaced.
    """
    draft = path.with_name(f".sparkify-{secrets.token_hex(8)}")
    try:
        yield draft
        draft.replace(path)
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


@contextmanager
def writing(what: str) -> Iterator[None]:
    """Turn an OSError about temporary files into a WarehouseError that begins with `what`."""
    try:
        yield
    except OSError as error:
        raise WarehouseError(
            f"{what}: {error.strerror}" + (f": {error.filename}" if error.filename else ""),
            "Check the free space and the permissions of the folder for temporary files (TMPDIR).",
        ) from None
