"""The pages of `serve`: each is a view, shown by a template or as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from .. import __version__, analysis, quality
from ..analysis import Answer, Filters, Wanted
from ..analysis.period import parsed
from ..sql_queries import Query, folder, of_plays, report_queries
from ..table import Table
from ..warehouse import Reader
from . import page, vega
from .chart_spec import milliseconds, words
from .data import ReportData, daily, is_empty, star
from .snapshot import MAX_ROWS, MAX_SECONDS, Live, OwnSql

_FILTERS = ("since", "until", "level")
_TILES = ("paying_listeners", "catalogue_match", "hours_served")
_ABOUT = {
    "listener": ("by_day", "by_artist", "by_song", "newest"),
    "artist": ("by_day", "by_song", "by_listener", "newest"),
    "song": ("by_day", "by_listener", "newest"),
}


@dataclass(frozen=True)
class View:
    """What is shown at an address: as a page by a template, or as JSON.

    cards: those that are on the page. context: what else the template shows.
    """

    template: str
    title: str
    json: Any
    cards: Sequence[page.Card] = ()
    context: Mapping[str, Any] = field(default_factory=dict)


class Site:
    """The pages on a warehouse.

    base: the path that all addresses begin with. own: what runs own SQL.
    """

    def __init__(self, live: Live, base: str, own: OwnSql) -> None:
        self.live = live
        self.base = base
        self._sql = own
        self._folder = live.settings.questions

    def filters(self, request: Request) -> Filters:
        """Return the filters in an address. Raises UsageError for one that cannot be."""
        since, until = (
            parsed(text) if (text := request.query_params.get(name)) else None
            for name in ("since", "until")
        )
        wanted = Wanted(since, until, request.query_params.get("level") or None)
        return self.live.look().get(("filters", wanted), wanted.on)

    def _answers(self, queries: Sequence[Query], filters: Filters) -> list[Answer]:
        """Return answers, each of which is asked once; on Redshift all of them in one batch."""
        one_by_one = self.live.settings.engine == "duckdb"
        batches = [[query] for query in queries] if one_by_one else [[*queries]]
        return [answer for batch in batches for answer in self._batch(batch, filters)]

    def _batch(self, queries: Sequence[Query], filters: Filters) -> list[Answer]:
        names = self.live.names
        return self.live.look().get(
            ("answers", *(query.sql for query in queries), filters),
            lambda reader: analysis.answered(reader, queries, personal=names, filters=filters),
        )

    def _questions(self) -> Mapping[str, Query]:
        return analysis.questions(self._folder)

    # The views

    def index(self, request: Request) -> View:
        """Return the questions; the page then asks for the answers one by one."""
        self.filters(request)
        groups: dict[str, list[Query]] = {}
        for query in self._questions().values():
            group = query.header.get("group", "other")
            groups.setdefault(group if group in page.GROUPS else "other", []).append(query)
        listed = [{"name": one.name, "question": one.purpose} for one in self._questions().values()]
        sections = [(*page.GROUPS[name], groups[name]) for name in page.GROUPS if name in groups]
        return View("serve_index.html", "Listening", listed, context={"groups": sections})

    def tiles(self, request: Request) -> View:
        """Return the figures at the head, as far as their questions take the filters."""
        filters = self.filters(request)
        answers = self._answers([analysis.questions()[name] for name in _TILES], filters)
        names = ("listening_days", "listening_hours")
        queries = analysis.narrowed([report_queries[name] for name in names], filters, refuse=False)
        days, hours = self.live.look().get(
            ("days", filters), lambda reader: reader.read_all([query.sql for query in queries])
        )
        data = ReportData(
            self.live.names,
            self.live.snapshot.state,
            tuple(answers),
            (),
            days,
            hours,
            Table((), []),
            filters,
        )
        found = page.tiles(data, daily(days, hours))
        shown = [{key: one[key] for key in ("title", "figure", "detail", "trend")} for one in found]
        return View("serve_tiles.html", "Figures", shown, context={"tiles": found})

    def question(self, request: Request) -> View:
        """Return one question."""
        (query,) = analysis.chosen([request.path_params["name"]], self._folder)
        (answer,) = self._answers([query], self.filters(request))
        known = [*self._questions().values()]
        place = [one.name for one in known].index(query.name)
        beside = (known[place - 1], known[(place + 1) % len(known)])
        return View(
            "serve_cards.html",
            answer.question,
            answer.as_json(),
            _cards([answer]),
            {"beside": beside},
        )

    def questions(self, request: Request) -> View:
        """Return all answers at once, as `ask --json` does."""
        answers = self._answers([*self._questions().values()], self.filters(request))
        found = [answer.as_json() for answer in answers]
        return View("serve_cards.html", "All questions", found, _cards(answers))

    def about(self, kind: str, request: Request) -> View:
        """Return what a listener played, or who played an artist or a song."""
        given = request.query_params
        wanted: dict[str, str | int | None]
        if kind == "listener":
            wanted = {"user_id": request.path_params["id"]}
            title = f"Listener {wanted['user_id']}"
        elif kind == "artist":
            wanted = {"artist": given.get("artist", "")}
            title = f"{wanted['artist']}"
        else:
            wanted = {"song": given.get("song", ""), "artist": given.get("artist") or None}
            title = " by ".join(str(one) for one in wanted.values() if one is not None)
        who = ["by_listener"] if kind == "listener" and self.live.names else []
        queries = [
            of_plays(folder("explore")[f"plays_{name}"], wanted)
            for name in ("summary", *_ABOUT[kind], *who)
        ]
        answers = self._answers(queries, self.filters(request))
        cards = _cards([one for one in answers if one.rows])
        context = {"kind": kind, "wanted": wanted}
        return View("serve_cards.html", title, [one.as_json() for one in answers], cards, context)

    def search(self, request: Request) -> View:
        """Return the questions, artists, songs and listeners that have these words."""
        words = request.query_params.get("q", "")
        parts = re.findall(r"[^\W_]+", words.lower())
        asked = [
            query
            for query in self._questions().values()
            if parts and all(part in f"{query.name} {query.purpose}".lower() for part in parts)
        ]
        explore, queries = folder("explore"), []
        if parts:
            queries = [
                of_plays(explore["plays_by_artist"], {"artist": ""}, words),
                of_plays(explore["plays_by_song"], {"song": ""}, words),
            ]
        if parts and self.live.names:
            wanted = {"first_name": "", "last_name": ""}
            queries.append(of_plays(explore["plays_by_listener"], wanted, words))
        elif words.strip().isdecimal() and len(words) < 16:
            queries.append(of_plays(explore["plays_by_listener"], {"user_id": int(words)}))
        answers = [one for one in self._answers(queries, self.filters(request)) if one.rows]
        found = {
            "questions": [{"name": one.name, "question": one.purpose} for one in asked],
            "found": [one.as_json() for one in answers],
        }
        title = f"Search: {words}" if words else "Search"
        cards = _cards(answers)
        return View(
            "serve_cards.html", title, found, cards, {"search": words, "asked_questions": asked}
        )

    def quality(self, request: Request) -> View:
        """Return the checks, the rejects and the runs."""
        names = self.live.names
        sample = report_queries["reject_samples"].sql

        def read(reader: Reader) -> tuple[list[quality.CheckResult], Table]:
            return quality.run(reader, quality.checks(self._folder)), reader.read(sample)

        checks, rejects = self.live.look().get("quality", read)
        none = Table((), [])
        state = self.live.snapshot.state
        data = ReportData(names, state, (), tuple(checks), none, none, rejects)
        context = {"report": data, "tables": star(state["tables"]), **page.quality(data)}
        found = [one.as_json() for one in checks]
        return View("serve_quality.html", "Quality and runs", found, context=context)

    def status(self, request: Request) -> View:
        """Return what is loaded, and whether a load is running."""
        snapshot = self.live.look(asked=False)
        found = {
            "run_id": snapshot.run.get("run_id", 0),
            "loaded_at": snapshot.run.get("finished_at", ""),
            "loading": self.live.loading,
            "private": snapshot.private,
            **snapshot.state,
        }
        return View("serve_quality.html", "Status", found)

    def sql(self, request: Request) -> View:
        """Return own SQL and its rows."""
        text = request.query_params.get("sql", "").strip()
        context = {
            "sql": text,
            "refused": self._sql.refusal,
            "limit": MAX_ROWS,
            "seconds": int(MAX_SECONDS),
            "tables": star(self.live.snapshot.state["tables"]),
        }
        if not text:
            return View("serve_sql.html", "Own SQL", {"columns": [], "rows": []}, (), context)
        table = self._sql.rows(text)
        more = len(table.rows) > MAX_ROWS
        rows = table.rows[:MAX_ROWS]
        header = {"question": "Own SQL", "rows": str(MAX_ROWS)}
        answer = analysis.from_rows(Query("own", text, header), Table(table.columns, rows))
        count = f"{len(rows):,} row{'' if len(rows) == 1 else 's'}"
        answer = replace(answer, answer=f"The first {count}; there are more." if more else count)
        found = {"columns": table.columns, "rows": rows, "more": more}
        return View("serve_sql.html", "Own SQL", found, _cards([answer]), context)

    # What is sent

    def page(self, view: View, request: Request) -> Response:
        """Return a view as a page."""
        return HTMLResponse(self._rendered(view, request))

    def part(self, view: View, request: Request) -> Response:
        """Return the cards of a view, to be put into a page, with the data of their charts."""
        html = self._rendered(view, request, "_part")
        return JSONResponse({"html": html, **_data(view, self._url(request))})

    def json(self, view: View, request: Request) -> Response:
        """Return the data of a view."""
        return Response(
            json.dumps(view.json, default=str, ensure_ascii=False, allow_nan=False),
            media_type="application/json",
        )

    def _url(self, request: Request) -> Callable[..., str]:
        """Return what makes the address of a path: with the filters of this one."""
        filters = {key: text for key in _FILTERS if (text := request.query_params.get(key))}

        def url(path: str, **parameters: Any) -> str:
            kept = {key: value for key, value in parameters.items() if value is not None}
            query = urlencode(filters | kept)
            return f"{self.base}/{path}" + (f"?{query}" if query else "")

        return url

    def _rendered(self, view: View, request: Request, part: str = "") -> str:
        given = {key: text for key, text in request.query_params.items() if text}
        filters = {key: given.pop(key) for key in _FILTERS if key in given}
        url = self._url(request)
        snapshot = self.live.snapshot

        def same(**parameters: str) -> str:
            query = {key: text for key, text in (given | filters | parameters).items() if text}
            return request.url.path + (f"?{urlencode(query)}" if query else "")

        below = request.url.path.removeprefix(f"{self.base}/")
        return page.template(view.template.replace(".html", f"{part}.html")).render(
            {
                "view": view,
                "data": _data(view, url),
                "url": url,
                "same": same,
                "links": links,
                "listed": self._questions(),
                "json_url": f"{self.base}/api/{below or 'index'}.json?{request.url.query}",
                "filters": self.filters(request),
                "asked": filters,
                "given": given,
                "here": request.url.path,
                "base": self.base,
                "run": snapshot.run,
                "report": {"state": snapshot.state, "empty": is_empty(snapshot.state)},
                "freshness": snapshot.state["freshness"],
                "loading": self.live.loading,
                "names": self.live.names,
                "version": __version__,
                "words": words,
                "asked_questions": (),
                **view.context,
            }
        )


def _cards(answers: Sequence[Answer]) -> list[page.Card]:
    """Return the cards of answers that have rows; a table alone gets the whole width."""
    cards = [page.card(answer) for answer in answers]
    return [card if card.chart else replace(card, wide=True) for card in cards]


# Links


def _data(view: View, url: Callable[..., str]) -> dict[str, Any]:
    """Return what the page's scripts draw, sort, save and follow."""
    charts = {card.answer.name: card.chart for card in view.cards if card.chart}
    charts |= {f"tile-{one['name']}": one["chart"] for one in view.context.get("tiles", ())}
    records = view.context.get("reconciled", ())
    if any(one["amount"] for one in records):
        charts["reconciled"] = vega.reconciled(records)
    tables, linked = {}, {}
    for answer in (card.answer for card in view.cards):
        found = answer.as_json()
        tables[answer.name] = {key: found[key] for key in ("columns", "rows")}
        linked[answer.name] = links(answer, url)
    return {"config": vega.config(), "charts": charts, "tables": tables, "links": linked}


def links(answer: Answer, url: Callable[..., str]) -> list[dict[str, Any]]:
    """Return the address of each cell that has one, by column, row by row.

    A cell leads to its listener, artist, song or day; `at` is the day as charts count.
    """
    found = []
    for values in answer.rows:
        row = dict(zip(answer.columns, values, strict=True))
        cells: dict[str, Any] = {}
        for column, value in row.items():
            if value is None:
                continue
            if column == "user_id" and isinstance(value, int):
                cells[column] = url(f"listener/{value}")
            elif column.endswith("artist") and isinstance(value, str):
                cells[column] = url("artist", artist=value)
            elif column == "song" and "artist" in row:
                cells[column] = url("song", song=value, artist=row["artist"])
            elif type(value) is date and column.endswith("day"):
                after = value + timedelta(days=1)
                cells[column] = url("", since=value.isoformat(), until=after.isoformat())
                cells["at"] = milliseconds(value)
        found.append(cells)
    return found
