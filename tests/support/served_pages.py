"""The pages of `sparkify serve`, served to a test by a thread of this process."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from tempfile import TemporaryDirectory
from typing import Any

from command_line import PROGRAM
from sparkify.config import Settings
from sparkify.report.serve import serve
from sparkify.report.snapshot import Live

QUERY = (*PROGRAM, "query", "-", "--json", "--wait", "0")


@dataclass
class Reply:
    """What a server answered."""

    status: int
    headers: dict[str, str]
    text: str


@dataclass
class Served:
    """A running server; address: of its first page, with the token."""

    address: str
    live: Live

    def get(self, path: str = "", *, at: str = "", headers: dict[str, str] | None = None) -> Reply:
        """Ask for a path below the address, or at another one."""
        request = urllib.request.Request((at or self.address) + path, headers=headers or {})
        try:
            reply = urllib.request.urlopen(request, timeout=120)
        except urllib.error.HTTPError as error:
            reply = error
        with reply:
            found = {name.title(): value for name, value in reply.headers.items()}
            return Reply(reply.status, found, reply.read().decode())

    def json(self, path: str, **query: str) -> Any:
        """Return the data of a view, which must be there."""
        reply = self.get(f"api/{path}.json?{urllib.parse.urlencode(query)}")
        assert reply.status == 200, reply.text
        return json.loads(reply.text)


@contextmanager
def served(settings: Settings, *, names: bool = False) -> Iterator[Served]:
    """Serve a warehouse until the end of the block."""
    started: Queue[tuple[str, Callable[[], None]]] = Queue()
    with TemporaryDirectory() as folder:
        live = Live(settings, Path(folder), names=names, wait=0)
        thread = threading.Thread(
            target=serve,
            args=(live,),
            kwargs={"port": 0, "query": QUERY, "ready": lambda *told: started.put(told)},
        )
        thread.start()
        address, stop = started.get(timeout=60)
        try:
            yield Served(address, live)
        finally:
            stop()
            thread.join()
