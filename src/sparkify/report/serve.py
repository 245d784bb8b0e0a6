"""The report, live on 127.0.0.1: its parts one by one, of a period and a level, and own SQL.

Everything is below an address with a token, because other accounts of the machine reach the port,
too. Pages come from the report's own templates, figures from `analysis`; each page has its data
under `api/`, as JSON.
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable, Sequence
from functools import partial

import uvicorn
from altair.utils.schemapi import debug_mode
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..errors import BusyError, SettingsError, SparkifyError, UsageError
from ..redact import mask_all
from . import page, vega
from .site import Site, View
from .snapshot import Live, OwnSql

_LOG = logging.getLogger(__name__)
_HOSTS = re.compile(r"(127\.0\.0\.1|localhost)(:\d{1,5})?")
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    " connect-src 'self'; img-src data:; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_SCRIPTS = ("theme.js", "page.js", "serve.js", "toggle.js")
_LIBRARY = "charts.js"
_STYLES = ("page.css", "serve.css")
_STATUSES = {UsageError: 400, SettingsError: 400, BusyError: 503}


class _Guard:
    """Refuses whoever does not know the token, other hosts and other origins."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        token = scope["path"].split("/")[1]
        if (
            not _HOSTS.fullmatch(host)
            or headers.get("origin", f"http://{host}") != f"http://{host}"
        ):
            answer: ASGIApp = PlainTextResponse("This page is for 127.0.0.1 alone.\n", 403)
        elif not secrets.compare_digest(token.encode(), self._token.encode()):
            answer = PlainTextResponse("The address is the one that `sparkify serve` wrote.\n", 404)
        else:
            answer = self._app
        await answer(scope, receive, sealed)


def application(live: Live, token: str, query: Sequence[str]) -> ASGIApp:
    """Return the application. query: the command that `OwnSql` takes."""
    site = Site(live, f"/{token}", OwnSql(live, query))
    pages: dict[str, Callable[[Request], View]] = {
        "index": site.index,
        "questions": site.questions,
        "question/{name}": site.question,
        "listener/{id:int}": partial(site.about, "listener"),
        "artist": partial(site.about, "artist"),
        "song": partial(site.about, "song"),
        "search": site.search,
        "sql": site.sql,
        "quality": site.quality,
    }
    parts = {"question/{name}": site.question, "tiles": site.tiles}
    routes = [Route("/", _sent(site, site.index, site.page))]
    routes += [Route(f"/{path}", _sent(site, view, site.page)) for path, view in pages.items()]
    routes += [Route(f"/part/{path}", _sent(site, view, site.part)) for path, view in parts.items()]
    routes += [
        Route(f"/api/{path}.json", _sent(site, view, site.json))
        for path, view in {**pages, **parts, "status": site.status}.items()
    ]
    routes += [Route(f"/assets/{name}", _asset(name)) for name in (*_STYLES, *_SCRIPTS, _LIBRARY)]
    return _Guard(Starlette(routes=[Mount(f"/{token}", routes=routes)]), token)


def _sent(
    site: Site, view: Callable[[Request], View], send: Callable[[View, Request], Response]
) -> Callable[[Request], Response]:
    """Return an endpoint, which tells of errors in the form that was asked for."""

    def endpoint(request: Request) -> Response:
        try:
            response = send(view(request), request)
        except Exception as error:
            if not isinstance(error, SparkifyError):
                _LOG.exception("a page failed")
                error = SparkifyError(f"{type(error).__name__}: this is a bug in sparkify")
            shown = {
                "code": error.code,
                "exit_code": error.exit_code,
                "reason": mask_all(error.reason),
                "next_step": mask_all(error.next_step),
            }
            told = View("serve_error.html", "Error", {"ok": False, "error": shown})
            if isinstance(error, UsageError):  # which may be about the filters
                request = Request({**request.scope, "query_string": b""})
            response = (site.json if send == site.json else send)(told, request)
            response.status_code = _STATUSES.get(type(error), 500)
        response.headers["Cache-Control"] = "no-store"
        return response

    return endpoint


def _asset(name: str) -> Callable[[Request], Response]:
    content = vega.library() if name == _LIBRARY else page.asset(name)
    kind = "text/css" if name.endswith(".css") else "text/javascript"
    headers = {"Cache-Control": "private, max-age=86400"}
    return lambda request: Response(content, media_type=kind, headers=headers)


def serve(
    live: Live,
    *,
    port: int,
    query: Sequence[str],
    ready: Callable[[str, Callable[[], None]], None],
) -> None:
    """Serve the pages until the process is told to end.

    port: 0 takes a free one. ready: is given the address, and a function that ends the server.
    Raises UsageError when the port is taken.
    """
    token = secrets.token_urlsafe(24)
    config = uvicorn.Config(
        application(live, token, query),
        port=port,
        lifespan="off",
        ws="none",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
    )
    try:
        bound = config.bind_socket()
    except SystemExit:
        raise UsageError(
            f"port {port} of 127.0.0.1 cannot be used; another program may have it",
            "Name another one with --port, or let the system choose: --port 0.",
        ) from None
    bound.listen(config.backlog)  # so that whoever is told the address is answered
    server = uvicorn.Server(config)
    ready(
        f"http://127.0.0.1:{bound.getsockname()[1]}/{token}/",
        lambda: setattr(server, "should_exit", True),
    )
    with debug_mode(False):  # validating each part of a chart takes seconds; the tests do it
        server.run(sockets=[bound])
