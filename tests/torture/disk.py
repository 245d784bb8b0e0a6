"""Full disks: a small file system of its own, or, where none may be mounted, a limit to files."""

from __future__ import annotations

import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from random import Random

from .commands import WORDS, run_command
from .figures import Figure, Scale, none, tried
from .jobs import Job, Jobs

_ROOM = 128 << 20
_FULL = ("No space left", "File too large", "disk", "TMPDIR")


@contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """Make the folder a file system of a few megabytes; False where we may not mount one."""
    folder.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_ROOM},mode=755", "none", str(folder)]
    mounted = _works(mount)
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _works(command: list[str]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def fill(folder: Path, room: int) -> Path:
    """Fill the file system of a folder but for so many bytes; returns the file that fills it."""
    filler = folder / "filler"
    with filler.open("wb") as stream:
        left = shutil.disk_usage(folder).free - room
        while left > 0:
            left -= stream.write(bytes(min(left, 1 << 20)))
    return filler


def limit_files(size: int) -> None:
    """Let no file of this process grow beyond so many bytes."""
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, most))


def run(scale: Scale, folder: Path) -> list[Figure]:
    """Any work with no room, or a little, for the warehouse or for temporary files."""
    family = "full disk"
    wrong: list[str] = []
    failed = 0
    numbers = scale.numbers(8, 80)
    with small_disk(folder / "small") as mounted, small_disk(folder / "other") as _:
        works = Jobs(folder / "small", *WORDS)
        for number in numbers:
            random = Random(f"disk {number}")
            job = works[random.choice(list(works))]
            place, code = random.choice(("warehouse", "temporary files")), 0
            room = round((6 << 20) ** random.random()) if number % 4 else 0
            for one in _full(job, place, room, mounted, folder):
                code = one if isinstance(one, int) else code
                if isinstance(one, str) and one:
                    wrong.append(f"{job.name}, {room} bytes left for the {place}: {one}")
            failed += code == 5
    return [
        tried(family, "full disks", len(numbers), len(numbers)),
        tried(family, "loads and other work that failed of it", failed, len(numbers) // 4),
        none(family, "differences, other exit codes", wrong),
    ]


def _full(job: Job, what: str, room: int, mounted: bool, folder: Path) -> Iterator[str | int]:
    """Do a job with little room, then with enough; yield its exit code and what was wrong."""
    place = job.place()
    temporary = folder / "other" / "temporary"
    if mounted:
        filler = fill(folder / ("small" if what == "warehouse" else "other"), room)
        ended = run_command(place.folder, WORDS[job.name], temporary=temporary, saying=folder)
        filler.unlink()
    else:
        limit = partial(limit_files, max(room, 4096))  # it has to print, too
        ended = run_command(
            place.folder, WORDS[job.name], limit, temporary=temporary, saying=folder
        )
    yield ended.code
    yield ended.wrong(0, 5)
    if ended.code and not any(word in ended.said for word in _FULL):
        yield f"not told why: {ended.said}"
    yield job.wrong(place)
    yield job.wrong_in_the_end(place)
    yield "".join(f"left: {path.name} " for path in ended.temporary)
