"""The HTTP server: reads requests, asks the gateway, writes or cuts or drops the answers."""

from __future__ import annotations

import socket
from contextlib import suppress
from http.server import ThreadingHTTPServer
from typing import Any

from moto.moto_server.werkzeug_app import MotoRequestHandler

from .answers import Answer, Request
from .errors import DropConnectionError
from .gateway import Gateway


class Server(ThreadingHTTPServer):
    """Answers on 127.0.0.1, each connection in a thread of its own."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    ssl_context = None
    multithread = True
    multiprocess = False

    def __init__(self, gateway: Gateway, port: int) -> None:
        self.gateway = gateway
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no error."""

    def close_connections(self) -> None:
        """Close what clients keep open."""
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Handler(MotoRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server  # type: ignore[assignment]

    def run_wsgi(self) -> None:
        environ = self.make_environ()
        if environ.get("wsgi.input_terminated"):
            body = environ["wsgi.input"].read()
        else:
            size = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(size)
            if len(body) < size:  # the client died while it sent: nothing was asked
                self._drop()
                return
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, path, query, headers, body, environ)
        try:
            answer = self.server.gateway.answer(request)
        except DropConnectionError:
            self._drop()
            return
        self._write(answer)

    def _write(self, answer: Answer) -> None:
        self.send_response(answer.status)
        known = set()
        for name, value in answer.headers:
            known.add(name.lower())
            if name.lower() not in ("connection", "date", "server", "transfer-encoding"):
                self.send_header(name, str(value))
        is_head = self.command == "HEAD"
        if "content-length" not in known and answer.status not in (204, 304):
            self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("x-amzn-requestid", "stand-in")
        with suppress(OSError):
            self.end_headers()
            if not is_head:
                self.wfile.write(answer.body[: answer.cut])
        if answer.cut is not None and not is_head:
            self._drop()

    def _drop(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002
        """Nothing: the tests look at the calls."""
