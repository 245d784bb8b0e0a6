"""The warehouse as `serve` reads it: a private copy of the DuckDB file, or Redshift.

No reader opens a file that a load holds, and no load waits for one that a reader holds: pages read
a copy, made after each publication while no load runs. Where there is no room for a copy the
file itself is read, briefly, and answers are kept. On Redshift answers are kept by run and filter.
"""

from __future__ import annotations

import json
import logging
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar, cast

from .. import status, warehouse
from ..config import Settings
from ..errors import BusyError, SparkifyError, UsageError
from ..progress import Progress, silent
from ..table import Table
from ..warehouse import Reader

T = TypeVar("T")
MAX_ROWS = 10_000
"""How many rows of own SQL are shown."""
MAX_SECONDS = 30.0
"""How long own SQL may take."""
_LOG = logging.getLogger(__name__)
_LOOK_SECONDS = {"duckdb": 1.0, "redshift": 60.0}
"""How long what was seen of the warehouse counts. On Redshift each look costs money."""
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d:\d\d(\.\d+)?)?")
_MOST_KEPT = 2000
_ROOM = 2.5
"""How much space a copy needs while names are taken out, in sizes of the database."""


@dataclass
class Snapshot:
    """The warehouse as one publication left it, with what was read from it.

    settings: to open it with. private: whether it is a copy, which nobody else opens.
    state: as `status.status` returns it. mark: what tells it from the next one.
    """

    settings: Settings
    private: bool
    state: dict[str, Any]
    mark: Hashable
    kept: dict[Hashable, Future[Any]] = field(default_factory=dict, repr=False)
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    reading: threading.Lock = field(default_factory=threading.Lock, repr=False)
    open: ExitStack = field(default_factory=ExitStack, repr=False)
    reader: Reader | None = field(default=None, repr=False)

    @property
    def run(self) -> dict[str, Any]:
        """The newest run that published something; empty before the first."""
        runs = self.state["runs"]
        return next((run for run in runs if run["status"] != "refused"), {})

    def get(self, key: Hashable, read: Callable[[Reader], T]) -> T:
        """Return what `read` returns, which is called once for each key, if it does not fail.

        Raises what `read` raises, and BusyError where a load holds the only file.
        """
        with self.lock:
            future = self.kept.get(key)
            first = future is None
            if future is None:
                future = self.kept[key] = Future()
            if len(self.kept) > _MOST_KEPT:
                del self.kept[next(iter(self.kept))]
        if first:
            try:
                with self._opened() as reader:
                    future.set_result(read(reader))
            except BaseException as error:
                with self.lock:
                    self.kept.pop(key, None)
                future.set_exception(error)
        return cast(T, future.result())

    @contextmanager
    def _opened(self) -> Iterator[Reader]:
        """Yield a reader: of a private copy one that stays open, so that its blocks stay cached."""
        if not self.private:
            with warehouse.open_reader(self.settings, wait=0) as reader:
                yield reader
            return
        with self.reading:
            if self.reader is None:
                self.reader = self.open.enter_context(warehouse.open_reader(self.settings, wait=0))
            yield self.reader

    def close(self) -> None:
        """Close the copy, which whoever still asks this snapshot opens again."""
        with self.reading:
            self.open.close()
            self.reader = None


class Live:
    """The newest snapshot, and the next one when a load was published.

    folder: for copies, which others may not read. names: whether listeners may be named; if not,
    a copy holds no names. loading: whether a load was running at the last look.
    """

    def __init__(
        self,
        settings: Settings,
        folder: Path,
        *,
        names: bool = False,
        wait: float = 60.0,
        progress: Progress = silent,
    ) -> None:
        """Take the first snapshot. Raises what `warehouse.open_reader` raises."""
        self.settings = settings
        self.names = names
        self.loading = False
        self._folder = folder
        self._copies = 0
        self._looked = time.monotonic()
        self._renewing = threading.Lock()
        self.snapshot = self._taken(wait, progress)

    def look(self, *, asked: bool = True) -> Snapshot:
        """Return the newest snapshot; where there is a newer publication, take it meanwhile.

        asked: whether somebody asked for a page, which is worth a look at Redshift.
        """
        due = time.monotonic() - self._looked >= _LOOK_SECONDS[self.settings.engine]
        if due and (asked or self.settings.engine == "duckdb"):
            threading.Thread(target=self.renew, daemon=True).start()
        return self.snapshot

    def renew(self) -> None:
        """Take a new snapshot if there is something new, and no load runs."""
        if not self._renewing.acquire(blocking=False):
            return
        try:
            if self.settings.engine == "redshift" or self._mark() != self.snapshot.mark:
                taken = self._taken(0, silent)
                if taken.mark != self.snapshot.mark:
                    former, self.snapshot = self.snapshot, taken
                    former.close()
            self.loading = False
        except BusyError:
            self.loading = True
        except SparkifyError as error:
            _LOG.warning("no new snapshot: %s", error.code)
        finally:
            self._looked = time.monotonic()
            self._renewing.release()

    def close(self) -> None:
        """Wait for the snapshot that is being taken, if one is, and take no more."""
        self._renewing.acquire()
        self.snapshot.close()

    def _mark(self) -> Hashable:
        """Return what changes when the database does."""
        found = []
        for file in _files(self.settings.database):
            with suppress(FileNotFoundError):
                seen = file.stat()
                found.append((seen.st_ino, seen.st_size, seen.st_mtime_ns))
        return tuple(found)

    def _taken(self, wait: float, progress: Progress) -> Snapshot:
        settings, mark, private = self.settings, self._mark(), False
        if settings.engine == "duckdb":
            settings, private = self._copied(wait, progress)
        with warehouse.open_reader(settings, wait=wait, progress=progress) as reader:
            state = status.status(reader)
        if settings.engine == "redshift":
            mark = state["runs"][0]["run_id"] if state["runs"] else 0
        return Snapshot(settings, private, state, mark)

    def _copied(self, wait: float, progress: Progress) -> tuple[Settings, bool]:
        """Return settings that name a new copy, and whether there was room for one."""
        database = self.settings.database
        size = sum(file.stat().st_size for file in _files(database) if file.exists())
        if shutil.disk_usage(self._folder).free < _ROOM * size:
            return self.settings, False
        self._copies += 1
        copy = self._folder / f"{self._copies}.duckdb"
        settings = warehouse.copy_database(
            self.settings, copy, names=self.names, wait=wait, progress=progress
        )
        for file in _files(self._folder / f"{self._copies - 2}.duckdb"):
            file.unlink(missing_ok=True)  # the one before this may still be read
        return settings, True


def _files(database: Path) -> tuple[Path, Path]:
    return database, database.with_name(f"{database.name}.wal")


# Own SQL


class OwnSql:
    """SQL that a user writes, which runs on the newest snapshot and can only read.

    command: words of a command that reads SQL from its input and writes the rows as JSON. It is a
    process of its own, so that whatever the statement does it can be stopped, and hurts nobody.
    """

    def __init__(self, live: Live, command: Sequence[str]) -> None:
        self._live = live
        self._command = command
        self._one = threading.Lock()

    @property
    def refusal(self) -> str:
        """Why there is no own SQL; "" where there is."""
        if self._live.names or self._live.snapshot.private:
            return ""
        return "Its tables would name listeners: `sparkify serve --names` allows that."

    def rows(self, text: str) -> Table:
        """Return the rows of a SELECT, at most MAX_ROWS and one more.

        Raises UsageError when it is none, wrong or too slow, BusyError while another one runs.
        """
        if self.refusal:
            raise UsageError("there is no own SQL here", self.refusal)
        if not self._one.acquire(timeout=1):
            raise BusyError("another statement is running", "Try again when it has ended.")
        try:
            snapshot = self._live.look()
            copy = ["--database", str(snapshot.settings.database)] if snapshot.private else []
            words = [*self._command, *copy, "--limit", str(MAX_ROWS + 1)]
            return _rows(_output(words, text.encode("utf-8", "replace")))
        finally:
            self._one.release()


def _output(command: Sequence[str], text: bytes) -> bytes:
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL) as process:  # noqa: S603
        try:
            return process.communicate(text, timeout=MAX_SECONDS)[0]
        except subprocess.TimeoutExpired:
            raise UsageError(
                f"the statement took longer than {MAX_SECONDS:.0f} seconds and was stopped",
                "Ask for less: a shorter period, fewer rows, no join without a condition.",
            ) from None
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process, which on Redshift cancels its statement first."""
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _rows(out: bytes) -> Table:
    """Return the rows that `query --json` wrote. Raises UsageError with what it says went wrong."""
    try:
        found = json.loads(out)
    except ValueError:
        raise UsageError("the statement failed", "Ask for less.") from None
    if "error" in found:
        raise UsageError(found["error"]["reason"], found["error"]["next_step"])
    names: list[str] = []
    for name in found["columns"]:  # which may repeat; an answer's may not
        again = sum(other.partition(" #")[0] == name for other in ("tied", *names))
        names.append(f"{name} #{again + 1}" if again else name)
    columns = [_typed([row[n] for row in found["rows"]]) for n in range(len(names))]
    return Table(tuple(names), list(zip(*columns, strict=True)))


def _typed(values: list[Any]) -> list[Any]:
    """Return days and moments as such where a column holds nothing else, lists as their text."""
    given = [value for value in values if value is not None]
    if given and all(isinstance(one, str) and _MOMENT.fullmatch(one) for one in given):
        read = datetime.fromisoformat if len(given[0]) > 10 else date.fromisoformat
        return [value and read(value) for value in values]
    nested = (list, dict)
    return [json.dumps(one) if isinstance(one, nested) else one for one in values]
