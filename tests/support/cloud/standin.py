"""The local stand-in for AWS: start it, point boto3 at it, look at what it was asked.

In a test: `with standin() as aws:`. As a process of its own, with tests/ on the path:
`python -m cloud.standin --port 0`, which prints its URL and ends on SIGTERM.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import boto3
from botocore.config import Config
from moto.moto_api._internal.models import moto_api_backend

from . import objects
from .data_api import DataApi
from .databases import Connection, Databases
from .errors import AwsError
from .faults import Fault, Faults
from .gateway import Call, Gateway, JsonService, described
from .server import Server
from .serverless import ServerlessService, ServiceError, register
from .statements import Runner

REGION = "us-east-1"
ACCOUNT = objects.ACCOUNT


class StandIn:
    """One AWS account. There is one at a time in a process: moto keeps its state there.

    faults: what shall go wrong. calls: every request so far. data.page_rows, data.most_active and
    runner.lag_reads set how the Data API behaves. public: buckets that need no signature.
    """

    def __init__(self, port: int = 0) -> None:
        moto_api_backend.reset()
        register()
        self.faults = Faults()
        self._databases = Databases()
        self.runner = Runner(self._databases, self.faults)
        self.serverless = ServerlessService()
        self.data = DataApi(self.runner, self._ask_serverless)
        self._gateway = Gateway(
            self.faults,
            {"redshift-data": self.data.handle, "redshift-serverless": self._ask_serverless},
        )
        self._gateway.control |= {
            "/_faults": self._add_fault,
            "/_faults/clear": lambda _: self.faults.clear(),
            "/_faults/left": lambda _: described(self.faults.left()),
            "/_calls": lambda _: self.calls,
            "/_statements": lambda _: self.statements(),
            "/_running": lambda _: self.running(),
        }
        self._server = Server(self._gateway, port)
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()

    def stop(self) -> None:
        """End every statement and connection, and drop the databases."""
        self.data.stop()
        self._server.shutdown()
        self._server.close_connections()
        self._server.server_close()
        self._thread.join()
        self._databases.drop()

    @property
    def url(self) -> str:
        """Where it answers, for every service."""
        return f"http://127.0.0.1:{self._server.port}"

    @property
    def calls(self) -> list[Call]:
        """Every request so far, in order."""
        return self._gateway.calls

    @property
    def gateway(self) -> Gateway:
        """What every request comes to."""
        return self._gateway

    @property
    def services(self) -> dict[str, JsonService]:
        """Who answers for the services that moto has not."""
        return self._gateway.services

    @property
    def accidents(self) -> list[Exception]:
        """What failed in moto or in the stand-in, and should not have."""
        return self._gateway.accidents

    @property
    def public(self) -> set[str]:
        """The buckets that anybody may read without a signature."""
        return self._gateway.public

    def environment(self, region: str = REGION) -> dict[str, str]:
        """The variables that point any AWS client at it."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "AKIASTANDINSTANDIN00",
            "AWS_SECRET_ACCESS_KEY": "stand-in",
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def client(self, service: str, region: str = REGION, **config: Any) -> Any:
        """A plain boto3 client of it; without retries unless config says so."""
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.url,
            aws_access_key_id="AKIASTANDINSTANDIN00",
            aws_secret_access_key="stand-in",
            config=Config(**{"retries": {"total_max_attempts": 1}, "read_timeout": 600, **config}),
        )

    def put(
        self, bucket: str, key: str, content: bytes, region: str = REGION, *, public: bool = False
    ) -> None:
        """Write an object; its bucket is made when there is none."""
        self._bucket(bucket, region, public=public)
        objects.put(bucket, key, content)

    def fill(
        self,
        bucket: str,
        folder: Path,
        region: str = REGION,
        prefix: str = "",
        *,
        public: bool = False,
    ) -> int:
        """Write every file of a folder as an object; returns how many."""
        self._bucket(bucket, region, public=public)
        return objects.fill(bucket, folder, prefix)

    def _bucket(self, name: str, region: str, *, public: bool) -> None:
        objects.make_bucket(name, region)
        if public:
            self.public.add(name)

    def statements(self) -> list[str]:
        """Every SQL text that was accepted, in order."""
        return self.data.statements()

    def running(self) -> list[str]:
        """The ids of the statements that have not ended: none, after a test."""
        return self.data.running()

    def database(self, namespace: str | None = None, region: str = REGION) -> Connection:
        """A connection of one's own to a warehouse, to look at its tables; close it.

        namespace: by its name; without one it is the one that was first used last.
        """
        if namespace is None:
            namespace_id, name = self._databases.newest()
        else:
            found = self._ask_serverless("GetNamespace", {"namespaceName": namespace}, region)
            namespace_id = str(found["namespace"]["namespaceId"])
            name = str(found["namespace"]["dbName"])
        return self._databases.connect(namespace_id, name, autocommit=True)

    def available(self, workgroup: str, region: str = REGION) -> None:
        """Ask for a workgroup until it is AVAILABLE: it takes a few times."""
        for _ in range(100):
            found = self._ask_serverless("GetWorkgroup", {"workgroupName": workgroup}, region)
            if found["workgroup"]["status"] == "AVAILABLE":
                return
        raise AssertionError(f"{workgroup} does not become available")

    def fault(self, kind: str, operation: str, **options: Any) -> Fault:
        """Let something go wrong; see faults.Fault."""
        return self.faults.add(kind, operation, **options)

    def _add_fault(self, body: bytes) -> None:
        self.faults.add_from(json.loads(body))

    def _ask_serverless(
        self, operation: str, payload: Mapping[str, Any], region: str
    ) -> dict[str, Any]:
        try:
            return dict(self.serverless.handle(operation, payload, region, ACCOUNT) or {})
        except ServiceError as error:
            raise AwsError(error.code, error.message, error.status) from error


@contextmanager
def standin(port: int = 0) -> Iterator[StandIn]:
    """A stand-in that answers; at the end nothing of it is left."""
    aws = StandIn(port)
    aws.start()
    try:
        yield aws
    finally:
        aws.stop()
    if aws.accidents:
        raise ExceptionGroup("the stand-in itself failed", aws.accidents)


def main() -> None:
    """Answer until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(description="A local stand-in for AWS.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument(
        "--fill",
        action="append",
        default=[],
        metavar="BUCKET:REGION:FOLDER",
        help="a public bucket with the files of a folder",
    )
    chosen = parser.parse_args()
    ended = Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, lambda *_: ended.set())
    with standin(chosen.port) as aws:
        for text in chosen.fill:
            bucket, region, folder = text.split(":", 2)
            aws.fill(bucket, Path(folder), region, public=True)
        sys.stdout.write(aws.url + "\n")
        sys.stdout.flush()
        ended.wait()


if __name__ == "__main__":
    main()
