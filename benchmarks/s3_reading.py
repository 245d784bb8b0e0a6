"""How fast many small objects are read from a local S3 server, beside bare readers.

    nice -n 15 .venv/bin/python benchmarks/s3_reading.py [OBJECTS] [ROUNDS]

Serves as many song files as asked for (14,896) from `rclone serve s3`, in a process of its own, and
reads them all into memory, one reader after the other, round after round, so that what else the
machine does befalls all alike. The bare readers are loops around a client, with nothing that a load
needs: no order, no bound on memory, no check of the version, no second attempt. Prints the median
of each reader in objects a second, its CPU time for each object (without the server's), and what
Sparkify's has of the fastest bare one's, per kind of access (signed or not).
"""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import boto3
import obstore
from botocore import UNSIGNED
from botocore.config import Config
from obstore.store import S3Store

sys.path.insert(0, str(Path(__file__).parent.parent / "tests/support"))

from s3_server import KEY, SECRET, s3_server
from sparkify.config import Settings
from sparkify.util_s3 import S3

if TYPE_CHECKING:
    from obstore.store import S3Config

BUCKET, REGION = "songs", "us-west-2"
SONG = {
    "num_songs": 1,
    "artist_id": "ARD7TVE1187B99BFB1",
    "artist_latitude": None,
    "artist_longitude": None,
    "artist_location": "California - LA",
    "artist_name": "Casual",
    "title": "I Didn't Mean To",
    "duration": 218.93179,
    "year": 0,
}
Reader = Callable[[], int]


def make(folder: Path, count: int) -> list[str]:
    """Write song files as the source has them: three folders deep."""
    keys = []
    for number in range(count):
        name = f"TR{number:016d}.json"
        key = f"song_data/{'/'.join(f'{number:03d}'[-3:])}/{name}"
        path = folder / BUCKET / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(SONG | {"song_id": f"SO{number:016d}"}), encoding="utf-8")
        keys.append(key)
    return keys


@contextmanager
def environment(url: str, *, signed: bool) -> Iterator[None]:
    """Point boto3 to the server."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ |= {"AWS_ENDPOINT_URL": url, "AWS_EC2_METADATA_DISABLED": "true"}
    os.environ |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    if signed:
        os.environ |= {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def readers(url: str, keys: list[str], *, signed: bool) -> dict[str, Reader]:
    """Give every reader; each returns how many bytes it read."""
    s3 = S3(Settings(), REGION)
    listed = list(s3.list(f"s3://{BUCKET}/song_data"))
    secrets: S3Config = {"access_key_id": KEY, "secret_access_key": SECRET} if signed else {}
    store = S3Store(
        BUCKET,
        endpoint=url,
        region=REGION,
        skip_signature=not signed,
        virtual_hosted_style_request=False,
        client_options={"allow_http": True},
        config=secrets,
    )

    def ours() -> int:
        return sum(map(len, s3.read_many(listed)))

    def obstore_threads(threads: int) -> Reader:
        def read() -> int:
            with ThreadPoolExecutor(threads) as pool:
                return sum(pool.map(lambda key: len(store.get(key).bytes()), keys))

        return read

    def obstore_async() -> int:
        async def all_of_them() -> int:
            gate = asyncio.Semaphore(64)

            async def one(key: str) -> int:
                async with gate:
                    return len(await (await obstore.get_async(store, key)).bytes_async())

            return sum(await asyncio.gather(*map(one, keys)))

        return asyncio.run(all_of_them())

    def boto3_threads() -> int:
        mode = {} if signed else {"signature_version": UNSIGNED}
        client = boto3.client(
            "s3", region_name=REGION, config=Config(max_pool_connections=32, **mode)
        )
        with ThreadPoolExecutor(32) as pool:
            bodies = pool.map(lambda key: client.get_object(Bucket=BUCKET, Key=key)["Body"], keys)
            return sum(len(body.read()) for body in bodies)

    def http_threads(threads: int) -> Reader:
        host = urlsplit(url).netloc

        def read() -> int:
            own = threading.local()

            def one(key: str) -> int:
                if not hasattr(own, "connection"):
                    own.connection = http.client.HTTPConnection(host)
                own.connection.request("GET", f"/{BUCKET}/{key}")
                return len(own.connection.getresponse().read())

            with ThreadPoolExecutor(threads) as pool:
                return sum(pool.map(one, keys))

        return read

    found: dict[str, Reader] = {"sparkify": ours}
    found |= {f"obstore, {n} threads": obstore_threads(n) for n in (8, 32, 64)}
    found |= {"obstore, async": obstore_async, "boto3, 32 threads": boto3_threads}
    if not signed:
        found |= {f"http.client, {n} threads": http_threads(n) for n in (8, 32)}
    return found


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 14_896
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with tempfile.TemporaryDirectory() as path:
        folder = Path(path)
        keys = make(folder, count)
        for signed in (True, False):
            with (
                s3_server(folder, public=not signed) as url,
                environment(url, signed=signed),
            ):
                _compare(readers(url, keys, signed=signed), count, rounds, signed=signed)


def _compare(found: dict[str, Reader], count: int, rounds: int, *, signed: bool) -> None:
    seconds: dict[str, list[float]] = {name: [] for name in found}
    cpu: dict[str, list[float]] = {name: [] for name in found}
    sizes = {name: read() for name, read in found.items()}  # files and connections warm
    assert len(set(sizes.values())) == 1, sizes
    for number in range(rounds):
        names = list(found)
        for name in names[number % len(names) :] + names[: number % len(names)]:
            began, used = time.perf_counter(), time.process_time()
            found[name]()
            seconds[name].append(time.perf_counter() - began)
            cpu[name].append(time.process_time() - used)
    speed = {name: count / statistics.median(taken) for name, taken in seconds.items()}
    bare = max(one for name, one in speed.items() if name != "sparkify")
    say = sys.stdout.write
    say(f"{'signed' if signed else 'not signed'}, {count:,} objects, {rounds} rounds:\n")
    for name, one in sorted(speed.items(), key=lambda item: -item[1]):
        micro = 1e6 * statistics.median(cpu[name]) / count
        say(f"  {name:<24} {one:8,.0f} objects a second {micro:8,.0f} microseconds of CPU each\n")
    say(f"  sparkify has {speed['sparkify'] / bare:.0%} of the fastest bare reader\n")


if __name__ == "__main__":
    main()
