"""Schedules of faults for loads from S3: drawn from a seed, and brought to bear on a load."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from threading import Thread

import child_loads
from oracle import File
from redshift_warehouse import SOURCE, Cloud
from sparkify import etl
from sparkify.config import Settings
from sparkify.errors import SparkifyError
from sparkify.progress import silent

DATA_API = "redshift-data.*"
BATCH = "redshift-data.BatchExecuteStatement"
SERIALIZATION = (
    "ERROR: 1023 DETAIL: Serializable isolation violation on table - 107890, transactions forming"
    " the cycle are: 10432, 10433"
)


@dataclass
class Scene:
    """One load that something happens to. files: the new ones; loaded: those of before."""

    cloud: Cloud
    settings: Settings
    random: Random
    files: list[File]
    loaded: list[File]

    def load(self) -> None:
        """Load; whatever a user would be told of ends it, and nothing else."""
        try:
            etl.load(self.settings, answers=False)
        except SparkifyError as error:
            assert error.reason
            assert error.next_step, error.reason

    def fault(self, kind: str, operation: str, **options: object) -> None:
        self.cloud.aws.fault(kind, operation, **options)


Happening = Callable[[Scene], None]
"""Something that happens to a load, the load itself included."""


def throttled(scene: Scene) -> None:
    count, skip = scene.random.randint(1, 4), scene.random.randint(0, 9)
    scene.fault("throttle", DATA_API, count=count, skip=skip)
    scene.load()


def failed(scene: Scene) -> None:
    number = scene.random.randint(0, 38)
    scene.fault("fail", "statement", number=number, message="ERROR: Query exceeded its resources")
    scene.load()


def aborted(scene: Scene) -> None:
    scene.fault("abort", "statement", number=scene.random.randint(0, 38))
    scene.load()


def timed_out(scene: Scene) -> None:
    from sparkify.warehouse.redshift import reader

    scene.fault("hang", "statement", number=scene.random.randint(2, 20))
    patience = reader.DEADLINE_SECONDS
    reader.DEADLINE_SECONDS = 0.6
    try:
        scene.load()
    finally:
        reader.DEADLINE_SECONDS = patience


def request_lost(scene: Scene) -> None:
    scene.fault("drop_before", DATA_API, skip=scene.random.randint(0, 12))
    scene.fault("drop_before", BATCH)
    scene.load()


def reply_lost(scene: Scene) -> None:
    scene.fault("drop_after", DATA_API, skip=scene.random.randint(0, 12))
    scene.fault("drop_after", BATCH, count=scene.random.randint(1, 2))
    scene.load()


def answer_lost(scene: Scene) -> None:
    kind = scene.random.choice(("drop_after", "expired_result", "cut_body", "server_error"))
    scene.fault(kind, "redshift-data.GetStatementResult*", skip=scene.random.randint(0, 3))
    scene.load()


def token_expired(scene: Scene) -> None:
    service = scene.random.choice(("redshift-data", "s3", "cloudformation"))
    scene.fault("expired_token", f"{service}.*", count=99, skip=scene.random.randint(0, 12))
    scene.load()


def conflicting(scene: Scene) -> None:
    number = scene.random.randint(2, 30)
    scene.fault("fail", "statement", number=number, message=SERIALIZATION)
    scene.load()


def overtaken(scene: Scene) -> None:
    """Another load publishes the same files, just before this one would."""

    def another() -> None:
        etl.load(scene.settings, answers=False)

    scene.fault("call", BATCH, match="create_new_run|LOCK", call=another)
    scene.load()


def role_not_ready(scene: Scene) -> None:
    scene.fault("not_assumable", "copy.AssumeRole", count=scene.random.randint(1, 3))
    scene.load()


def storage_unwell(scene: Scene) -> None:
    for _ in range(scene.random.randint(1, 3)):
        kind = scene.random.choice(("throttle", "cut_body", "drop_before", "drop_after"))
        operation = scene.random.choice(("s3.GetObject", "s3.ListObjects*", "s3.PutObject"))
        scene.fault(kind, operation, skip=scene.random.randint(0, 5))
    scene.load()


def file_gone(scene: Scene) -> None:
    """A file vanishes after it was listed; later it is there again."""
    file = scene.random.choice(scene.files or scene.loaded)
    after = scene.random.choice(("s3.ListObjects*", "copy.List"))
    scene.fault("delete_object", after, address=f"s3://{SOURCE}/{file.uri}")
    scene.load()
    scene.cloud.put([file])


def interrupted(scene: Scene) -> None:
    """Ctrl-C at some moment."""
    left = scene.random.randint(1, 60)

    def progress(step: str, done: int, total: int | None, unit: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise KeyboardInterrupt

    with suppress(KeyboardInterrupt):
        etl.load(scene.settings, answers=False, progress=progress)


def killed(scene: Scene) -> None:
    """SIGKILL at some request."""
    child = child_loads.start(load_in_child, dict(os.environ), scene.settings)

    def kill() -> None:
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)

    operation = scene.random.choice((DATA_API, BATCH, "s3.*"))
    scene.fault("call", operation, skip=scene.random.randint(0, 14), call=kill)
    assert child_loads.end(child) in (0, -signal.SIGKILL)


def load_in_child(environment: dict[str, str], settings: Settings) -> None:
    os.environ.update(environment)
    etl.load(settings, answers=False, progress=silent)


def two_at_once(scene: Scene) -> None:
    threads = [Thread(target=scene.load) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


ON_REDSHIFT: tuple[Happening, ...] = (
    *(throttled, failed, aborted, timed_out, request_lost, reply_lost, answer_lost),
    *(token_expired, conflicting, overtaken, role_not_ready, storage_unwell, file_gone),
    *(interrupted, killed, two_at_once),
)
ON_DUCKDB: tuple[Happening, ...] = (
    *(token_expired, storage_unwell, file_gone, interrupted, killed),
)
