"""A real S3 server for the tests, and a proxy before it that spoils what passes through."""

from __future__ import annotations

import http.client
import ipaddress
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

KEY, SECRET = "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI"
_STARTED = re.compile(r"Starting s3 server on \[(?P<url>https?://[\d.:]+)/\]")
_DEADLINE = 600.0


@contextmanager
def s3_server(
    folder: Path, *, public: bool = False, certificate: Path | None = None
) -> Iterator[str]:
    """Serve the folders in a folder as buckets (`rclone serve s3`); gives the URL.

    public: take unsigned requests only; else those signed with KEY and SECRET.
    certificate: speak TLS with this certificate and its key, in one PEM file.
    """
    program = shutil.which("rclone", path=str(Path(sys.executable).parent)) or "rclone"
    command = [program, "serve", "s3", str(folder), "--addr", "127.0.0.1:0", "--config", ""]
    command += ["--dir-cache-time", "0", *([] if public else ["--auth-key", f"{KEY},{SECRET}"])]
    command += ["--cert", str(certificate), "--key", str(certificate)] if certificate else []
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    with subprocess.Popen(
        command, env=environment, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as server:
        timer = threading.Timer(_DEADLINE, server.kill)
        timer.start()
        assert server.stderr
        try:
            said = ""
            while not (started := _STARTED.search(said)):
                line = server.stderr.readline()
                assert line, f"rclone ended: {said}"
                said += line
            timer.cancel()
            drain = threading.Thread(target=server.stderr.read)  # a full pipe would stop it
            drain.start()
            yield started["url"]
        finally:
            timer.cancel()
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
            if "drain" in locals():
                drain.join()


def make_certificate(path: Path) -> None:
    """Write a certificate of 127.0.0.1 that is signed by itself, and its key, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    here = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([here]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(made.public_bytes(pem) + secret)


def point_at(patch: pytest.MonkeyPatch, url: str, key: str = KEY, secret: str = SECRET) -> None:
    """Set the environment so that boto3 talks to a server and knows nothing else of AWS.

    key: "" for nobody's.
    """
    for name in list(os.environ):
        if name.startswith("AWS_") or name.lower().endswith("_proxy"):
            patch.delenv(name)
    patch.setenv("AWS_ENDPOINT_URL", url)
    patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        patch.setenv(name, os.devnull)
    if key:
        patch.setenv("AWS_ACCESS_KEY_ID", key)
        patch.setenv("AWS_SECRET_ACCESS_KEY", secret)


@dataclass
class Fault:
    """What befalls requests. match: a pattern in `METHOD /path?query`. times: how many of them.

    kind: `error` (answer with this status and code), `reset` (the connection, before any answer),
    `cut` (half of the body, then a reset), `silent` (the connection ends without an answer),
    `longer` (a body of another length).
    """

    kind: str
    match: str = "GET"
    times: int = 1_000_000
    status: int = 503
    code: str = "SlowDown"
    headers: Mapping[str, str] = field(default_factory=dict)
    extra: str = ""


class FaultProxy:
    """Hands requests on to a server, and spoils those that a fault is meant for.

    faults: the first that matches strikes. dropped: names of headers that it does not hand on.
    deaf: a pattern of what it cuts out of `/path?query`.
    requests: `METHOD /path?query` of each, with headers. connections: how many were made.
    """

    def __init__(self, target: str) -> None:
        self.faults: list[Fault] = []
        self.dropped = {"expect"}
        self.deaf = "$^"
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.connections = 0
        self.lock = threading.Lock()
        self.target = urlsplit(target).netloc
        self.url = ""

    def strikes(self, request: str) -> Fault | None:
        """Take the fault that is meant for a request."""
        with self.lock:
            for fault in self.faults:
                if fault.times > 0 and re.search(fault.match, request):
                    fault.times -= 1
                    return fault
        return None


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True
    request_queue_size = 256

    def __init__(self, proxy: FaultProxy) -> None:
        self.proxy = proxy
        self.open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that went away."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.open.add(self.connection)
        self.server.proxy.connections += 1

    def finish(self) -> None:
        self.server.open.discard(self.connection)
        with suppress(OSError):
            super().finish()

    def _handle(self) -> None:
        proxy = self.server.proxy
        request = f"{self.command} {self.path}"
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size)
        headers = {name.lower(): value for name, value in self.headers.items()}
        with proxy.lock:
            proxy.requests.append((request, headers))
        fault = proxy.strikes(request)
        if fault and fault.kind in ("reset", "silent"):
            self._end(reset=fault.kind == "reset")
        elif fault and fault.kind == "error":
            self._refuse(fault)
        else:
            self._pass_on(fault, body)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _handle  # noqa: N815

    def _refuse(self, fault: Fault) -> None:
        text = (
            f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{fault.code}</Code>'
            f"<Message>made up</Message>{fault.extra}</Error>"
        ).encode()
        self.send_response(fault.status)
        for name, value in {**fault.headers, "Content-Length": str(len(text))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def _pass_on(self, fault: Fault | None, body: bytes) -> None:
        onward = http.client.HTTPConnection(self.server.proxy.target, timeout=_DEADLINE)
        try:
            path = re.sub(self.server.proxy.deaf, "", self.path)
            onward.putrequest(self.command, path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in self.server.proxy.dropped:
                    onward.putheader(name, value)
            onward.endheaders(body)
            answer = onward.getresponse()
            content = answer.read()
        finally:
            onward.close()
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        length = answer.getheader("Content-Length") if self.command == "HEAD" else None
        longer = b"x" if fault and fault.kind == "longer" else b""
        self.send_header("Content-Length", length or str(len(content + longer)))
        self.end_headers()
        if fault and fault.kind == "cut":
            self.wfile.write(content[: len(content) // 2])
            self._end(reset=True)
        else:
            self.wfile.write(content + longer)

    def _end(self, *, reset: bool) -> None:
        self.close_connection = True
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    def log_message(self, *_: object) -> None:
        """Keep no log."""


@contextmanager
def fault_proxy(target: str) -> Iterator[FaultProxy]:
    """Run a proxy before the server at a URL."""
    proxy = FaultProxy(target)
    server = _Server(proxy)
    proxy.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        thread.join()
        for connection in list(server.open):  # kept open by clients
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        server.server_close()
