"""Vega-Lite charts in one style, and the JavaScript that draws them in a page.

Labels and figures stand at their marks wherever there is room, so that most charts need no axis,
and every chart works from a phone's width up. A mark's `tip` is shown when a pointer is over it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import altair as alt

from ..temporary import written_whole

Spec = dict[str, Any]
"""A Vega-Lite specification."""

# Names of the page's own colours, which its style sheet sets for light, dark and print: a chart
# changes with the page, without being drawn again.
INK = "var(--ink)"
SOFT = "var(--ink-soft)"
RULE = "var(--rule)"
PAPER = "var(--card)"
FIRST = "var(--first)"
FIRST_SOFT = "var(--first-soft)"
SECOND = "var(--second)"
TRACK = "var(--track)"
SHADES = tuple(f"var(--shade-{number})" for number in range(7))
"""From little to much, for cells."""

FONT = 'Inter, "Segoe UI", system-ui, -apple-system, "Helvetica Neue", Arial, sans-serif'
SMALL = 11
NORMAL = 13

_ROW = 40
_FUNNEL_ROW = 62
_PLOT = 190
_CELL = 30
_LETTER = 7.0
_SMALL_LETTER = 6.2
"""About how wide a character of a figure, of an axis is, in pixels."""
_FEW = 10
"""So many columns have their figures on top; more have an axis."""

_DARK = 4
"""The first shade on which texts are in the other ink."""

_AMOUNT = "amount:Q"
_TIP = alt.Tooltip("tip:N")
_TIGHT = alt.Scale(padding=0)
_ROWS = alt.NamedData(name="rows")
_NEAREST = alt.selection_point(
    name="near", on="pointerover", clear="pointerout", nearest=True, encodings=["x"]
)
"""Gives a pointer anywhere in a chart the tooltip of the point nearest to it from side to side."""
_SNIPPET = "window.vegaEmbed = vegaEmbed; window.vega = vega;"


def config() -> dict[str, Any]:
    """Return the Vega-Lite configuration of all charts."""
    return {
        "background": "transparent",
        "padding": 0,
        "font": FONT,
        "aria": False,  # the element around a chart says what it shows
        "view": {"stroke": None},
        "title": {
            "anchor": "start",
            "color": SOFT,
            "fontSize": SMALL,
            "fontWeight": "normal",
            "offset": 8,
        },
        "range": {"category": [FIRST, SECOND]},
        "axis": {
            "labelColor": SOFT,
            "labelFontSize": SMALL,
            "labelPadding": 8,
            "titleColor": SOFT,
            "titleFontSize": SMALL,
            "titleFontWeight": "normal",
            "ticks": False,
            "domain": False,
            "grid": False,
        },
        "axisQuantitative": {"grid": True, "gridColor": RULE, "gridWidth": 1, "tickCount": 4},
        "legend": {
            "orient": "top",
            "direction": "horizontal",
            "title": None,
            "labelColor": INK,
            "labelFontSize": 12,
            "symbolType": "square",
            "symbolSize": 90,
            "columnPadding": 18,
            "offset": 10,
        },
        "text": {"color": INK, "fontSize": NORMAL},
        "line": {"strokeJoin": "round"},  # a sharp corner would point beyond its figure
    }


def filled(spec: Spec, rows: Sequence[dict[str, Any]]) -> Spec:
    """Return a chart with its rows."""
    return {**spec, "datasets": {"rows": list(rows)}}


def titled(spec: Spec, *lines: str, right: bool = False) -> Spec:
    """Return a chart with the words for its amounts above it; right: above figures on the right."""
    return {**spec, "title": {"text": [*lines], "anchor": "end" if right else "start"}}


def shade(amount: float, most: float) -> int:
    """Return the place of an amount among the shades; zero has the first one for itself."""
    if amount <= 0 or most <= 0:
        return 0
    steps = len(SHADES) - 1
    return min(steps, 1 + int(steps * amount / most))


def ranked(rows: Sequence[dict[str, Any]], *, whole: bool = False) -> Spec:
    """Return horizontal bars, each under its label and its figure.

    whole: a full bar is 1, for shares of a whole; else it is the greatest amount.
    """
    base = _listed()
    longest = max(len(row["text"]) for row in rows)
    track = base.mark_bar(size=6, yOffset=9, color=TRACK, cornerRadius=3).encode(
        x=alt.XValue(0), x2=alt.X2Value("width")
    )
    bar = base.mark_bar(size=6, yOffset=9, cornerRadius=3).encode(
        x=alt.X(_AMOUNT, axis=None, scale=alt.Scale(domain=[0, 1]) if whole else _up_to_most(rows)),
        color=_leading(),
    )
    label = base.mark_text(
        align="left", dy=-6, limit={"expr": f"max(60, width - {longest * _LETTER + 20})"}
    ).encode(text=alt.Text("label:N"), x=alt.XValue(0))
    figure = base.mark_text(align="right", dy=-6, fontWeight=600).encode(
        text=alt.Text("text:N"), x=alt.XValue("width")
    )
    return _finished([track, bar, label, figure, _hover(base, _ROW)], _ROW * len(rows), rows)


def funnel(rows: Sequence[dict[str, Any]]) -> Spec:
    """Return stages, each a centred bar, as wide as it is large."""
    base = _listed().transform_calculate(left="-datum.amount / 2", right="datum.amount / 2")
    most = max(row["amount"] for row in rows) or 1
    scale = alt.Scale(domain=[-most / 2, most / 2], nice=False)
    bar = base.mark_bar(size=24, yOffset=11, cornerRadius=4).encode(
        x=alt.X("left:Q", axis=None, scale=scale),
        x2=alt.X2("right:Q"),
        color=alt.Color("place:O", legend=None, scale=alt.Scale(range=[*reversed(SHADES[2:])])),
    )
    words = base.transform_calculate(words="datum.label + ': ' + datum.text").mark_text(
        align="center", dy=-13
    )
    label = words.encode(text=alt.Text("words:N"), x=alt.XValue({"expr": "width / 2"}))
    return _finished([bar, label, _hover(base, _FUNNEL_ROW)], _FUNNEL_ROW * len(rows), rows)


def columns(rows: Sequence[dict[str, Any]], *, percent: bool = False) -> Spec:
    """Return vertical bars; a few have their figures on top, many have an axis."""
    few = len(rows) <= _FEW
    base = alt.Chart(_ROWS).encode(
        x=alt.X(
            "label:N",
            sort=None,
            scale=alt.Scale(paddingInner=0.25, paddingOuter=0.12),
            axis=alt.Axis(
                title=None,
                labelAngle=0,
                labelExpr=_fitting_label(rows) if few else "datum.label",
                labelOverlap=not few,
                labelLineHeight=13,
            ),
        ),
        tooltip=_TIP,
    )
    height = alt.Y(
        _AMOUNT,
        axis=None if few else _amounts(percent, whole=are_whole(rows)),
        scale=_up_to_most(rows, nice=not few),
    )
    wide = {"expr": "min(76, bandwidth('x'))"}
    bar = base.mark_bar(cornerRadiusEnd=3, width=wide).encode(y=height, color=_leading())
    layers = [base.mark_bar(opacity=0).encode(y=alt.YValue(0), y2=alt.Y2Value("height")), bar]
    if few:
        longest = max(len(row["text"]) for row in rows)
        room = {"expr": f"width / {len(rows)} > {longest * _LETTER + 4} ? 1 : 0"}
        figure = base.mark_text(dy=-9, fontWeight=600, opacity=room)
        layers.append(figure.encode(y=height, text=alt.Text("text:N")))
    return _finished(layers, _PLOT, rows)


def _fitting_label(rows: Sequence[dict[str, Any]]) -> str:
    """Return the label on one line, word by word, or its first letters: as there is room."""
    band = f"width / {len(rows)}"
    labels = [row["label"] for row in rows]
    line = max(map(len, labels)) * _LETTER
    word = max(len(word) for label in labels for word in label.split(" ")) * _SMALL_LETTER
    return (
        f"{band} > {line} ? datum.label"
        f" : {band} > {word} ? split(datum.label, ' ') : slice(datum.label, 0, 3)"
    )


def bars_and_mean(names: tuple[str, str], *, percent: bool = False, whole: bool = False) -> Spec:
    """Return an amount of each day as thin bars, and its moving mean as a line over them.

    whole: whether the amounts are, so that the axis is.
    """
    base = alt.Chart(_ROWS).encode(x=_days(padding={"expr": "min(14, width / 62)"}), tooltip=_TIP)
    color = _named(names, (FIRST_SOFT, FIRST))
    bar = base.transform_calculate(name=_quoted(names[0])).mark_bar(
        width={"expr": "max(1, min(22, 0.72 * width / 31))"}, cornerRadiusEnd=2
    )
    mean = base.transform_calculate(name=_quoted(names[1])).mark_line(strokeWidth=2.5)
    scale = alt.Scale(nice=True, zero=True)
    height = alt.Y(_AMOUNT, axis=_amounts(percent, whole=whole), scale=scale)
    line = mean.encode(y=alt.Y("mean:Q", scale=scale), color=color)
    near = base.mark_point(opacity=0).encode(y=height, tooltip=_TIP).add_params(_NEAREST)
    return _finished([bar.encode(y=height, color=color), line, near], _PLOT)


def lines(
    names: Sequence[str],
    *,
    percent: bool = False,
    whole: bool = False,
    partial: bool = False,
    ticks: Sequence[date] = (),
) -> Spec:
    """Return one line for each series, with a point for each row.

    whole: as of `bars_and_mean`. partial: whether rows say so of themselves, whose points are
    hollow. ticks: the days that the axis names; without them, as many as
    there is room for.
    """
    base = alt.Chart(_ROWS).encode(
        x=_days(padding=4, ticks=ticks),
        y=alt.Y(_AMOUNT, axis=_amounts(percent, whole=whole), scale=alt.Scale(zero=True)),
        color=_named(names, (FIRST, SECOND)) if len(names) > 1 else alt.Undefined,
    )
    line = base.mark_line(strokeWidth=2.5, color=FIRST)
    point = base.mark_point(filled=True, size=34, opacity=1, color=FIRST)
    hollow = base.transform_filter("datum.partial").mark_point(
        filled=True, size=30, fill=PAPER, stroke=FIRST, strokeWidth=2, opacity=1
    )
    near = base.mark_point(opacity=0).encode(tooltip=_TIP).add_params(_NEAREST)
    layers = [line, point, *([hollow] if partial else []), near]
    if len(names) == 1:
        layers.insert(0, base.mark_area(color=FIRST, opacity=0.1))
    return _finished(layers, _PLOT)


def cells(
    rows: Sequence[dict[str, Any]], *, title: str = "", texts: bool, ends: tuple[str, str]
) -> Spec:
    """Return a grid of cells, darker where there is more; `texts` writes the amounts into them."""
    longest = max(len(row["text"]) for row in rows)
    height = _CELL * len({row["row"] for row in rows})
    spec = cells_of(height, title=title, texts=longest if texts else 0, ends=ends)
    return filled(spec, rows)


def cells_of(
    height: int, *, title: str = "", texts: int = 0, ends: tuple[str, str] = ("0", "most")
) -> Spec:
    """Return a grid of cells from rows of column, across, row, down, shade, text, tip.

    height: of all rows, in pixels. title: what the columns count. texts: how long the longest text
    of a cell is, 0 for none. ends: what the lightest and the darkest shade stand for in the
    legend; the signal `most` changes the latter.
    """
    base = alt.Chart(_ROWS).encode(
        x=alt.X(
            "across:N",
            sort=alt.SortField("column"),
            scale=_TIGHT,
            axis=alt.Axis(
                orient="top",
                title=title or None,
                labelAngle=0,
                labelOverlap=True,
                labelPadding=6,
                labelSeparation=5,
            ),
        ),
        y=alt.Y(
            "down:N",
            sort=alt.SortField("row"),
            scale=_TIGHT,
            axis=alt.Axis(title=None, labelLimit=110),
        ),
    )
    shades = list(range(len(SHADES)))
    ink = alt.condition(
        f"datum.shade >= {_DARK}", alt.value("var(--on-dark)"), alt.value("var(--on-light)")
    )
    scale = alt.Scale(domain=shades, range=list(SHADES))
    rect = base.mark_rect(cornerRadius=4, stroke=PAPER, strokeWidth=2).encode(
        color=alt.Color("shade:O", scale=scale, legend=_shades_legend(ends[0])), tooltip=_TIP
    )
    layers: list[alt.Chart] = [rect]
    if texts:
        room = f"bandwidth('x') > {texts * 6 + 2} ? 1 : 0"
        text = base.mark_text(fontSize=SMALL, opacity={"expr": room}).encode(
            text=alt.Text("text:N"),
            tooltip=_TIP,
            fill=ink,
        )
        layers.append(text)
    return {**_finished(layers, height), "params": [{"name": "most", "value": ends[1]}]}


def _shades_legend(least: str) -> alt.Legend:
    last = len(SHADES) - 1
    return alt.Legend(
        orient="bottom",
        values=[*range(0, len(SHADES), 2)],  # fewer, so that a phone has room for them
        labelExpr=f"datum.value == 0 ? {_quoted(least)} : datum.value == {last} ? most : ''",
        symbolSize=110,
        columnPadding=3,
    )


def sparkline(rows: Sequence[dict[str, Any]]) -> Spec:
    """Return a small line without axes, its newest point marked."""
    base = alt.Chart(_ROWS).encode(
        x=alt.X("at:T", axis=None, scale=alt.Scale(type="utc")),
        y=alt.Y(_AMOUNT, axis=None, scale=alt.Scale(zero=True, nice=False)),
    )
    area = base.mark_area(color=FIRST, opacity=0.12, clip=True).encode(y2=alt.Y2Value("height"))
    line = base.mark_line(color=FIRST, strokeWidth=2)
    newest = base.mark_point(filled=True, size=42, opacity=1, color=FIRST)
    newest = newest.transform_filter("datum.newest")
    hover = base.mark_point(opacity=0).encode(tooltip=_TIP).add_params(_NEAREST)
    return _finished([area, line, newest, hover], 44, rows)


def reconciled(rows: Sequence[dict[str, Any]]) -> Spec:
    """Return what became of the records that were read: parts of one bar for each kind."""
    names = ["staged", "duplicates", "rejected"]
    axis = alt.Axis(title=None, labelFontSize=NORMAL, labelColor=INK)
    base = alt.Chart(_ROWS).encode(y=alt.Y("kind:N", axis=axis, sort=None), tooltip=_TIP)
    bar = base.mark_bar(size=22).encode(
        x=alt.X(_AMOUNT, stack="normalize", axis=alt.Axis(title=None, format=".0%")),
        color=_named(names, (FIRST, SHADES[2], SECOND)),
        order=alt.Order("place:Q"),
    )
    return _finished([bar], 44 * len({row["kind"] for row in rows}), rows)


def _listed() -> alt.Chart:
    return alt.Chart(_ROWS).encode(y=alt.Y("place:O", axis=None, scale=_TIGHT))


def _up_to_most(rows: Sequence[dict[str, Any]], *, nice: bool = False) -> alt.Scale:
    return alt.Scale(domain=[0, max(row["amount"] for row in rows) or 1], nice=nice)


def _leading() -> alt.Color:
    scale = alt.Scale(domain=[True, False], range=[FIRST, FIRST_SOFT])
    return alt.Color("leads:N", scale=scale, legend=None)


def _hover(base: alt.Chart, size: int) -> alt.Chart:
    """Return an invisible row that a pointer hits over its whole width."""
    row: alt.Chart = base.mark_bar(size=size, opacity=0).encode(
        x=alt.XValue(0), x2=alt.X2Value("width"), tooltip=_TIP
    )
    return row


def _days(padding: int | dict[str, str], ticks: Sequence[date] = ()) -> alt.X:
    """Return the days from side to side; less padding than a day, or the axis names days beyond."""
    return alt.X(
        "at:T",
        scale=alt.Scale(type="utc", padding=padding),
        axis=alt.Axis(
            title=None,
            format="%Y-%m-%d",
            grid=False,
            values=[
                alt.DateTime(year=day.year, month=day.month, date=day.day, utc=True)
                for day in ticks
            ]
            or alt.Undefined,
            tickCount={"expr": "max(3, floor(width / 120))"},
            labelOverlap="greedy",
            labelFlush=True,
            labelSeparation=14,
        ),
    )


def _amounts(percent: bool, *, whole: bool = False) -> alt.Axis:
    least = 1 if whole and not percent else alt.Undefined
    return alt.Axis(title=None, format=".0%" if percent else ",~f", tickMinStep=least)


def are_whole(rows: Sequence[dict[str, Any]]) -> bool:
    """Return whether every amount is a whole number."""
    return all(float(row["amount"]).is_integer() for row in rows)


def _named(names: Sequence[str], colors: Sequence[str]) -> alt.Color:
    return alt.Color(
        "name:N" if len(colors) == 2 and colors[0] == FIRST_SOFT else "series:N",
        scale=alt.Scale(domain=list(names), range=list(colors[: len(names)])),
        # Two columns where a phone would cut a legend of three; 0 is one row.
        legend=alt.Legend(title=None, columns=alt.ExprRef("width < 260 ? 2 : 0")),
    )


def _quoted(name: str) -> str:
    return "'" + name.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _finished(
    layers: Sequence[alt.Chart], height: int, rows: Sequence[dict[str, Any]] = ()
) -> Spec:
    """Return a chart as JSON values; the page styles all charts, so none has a style of its own."""
    chart = alt.layer(*layers).properties(width="container", height=height)
    spec = chart.to_dict(validate=False)
    spec = {key: part for key, part in spec.items() if key not in ("config", "$schema")}
    spec = {"autosize": {"type": "fit-x", "contains": "padding"}, **spec}
    return filled(spec, rows) if rows else spec


# The JavaScript


def library() -> str:
    """Return Vega, Vega-Lite and Vega-Embed as one script that may stand in a page.

    It comes out of the vl-convert wheel: nothing is fetched. Bundling takes seconds of a
    processor, so the bundle is kept in the user's cache where that can be written.
    """
    digest = hashlib.sha256(_SNIPPET.encode()).hexdigest()[:8]
    root = os.environ.get("XDG_CACHE_HOME", "")
    cache = Path(root) if Path(root).is_absolute() else Path.home() / ".cache"
    kept = cache / "sparkify" / f"charts-{version('vl-convert-python')}-{digest}.js"
    with suppress(OSError, UnicodeDecodeError):
        return kept.read_text(encoding="utf-8")
    import vl_convert

    bundle = vl_convert.javascript_bundle(_SNIPPET)
    # Inside a script element these would end it, or begin a comment, wherever they stand.
    bundle = bundle.replace("</script", "<\\/script").replace("<!--", "<\\!--")
    with suppress(OSError):
        kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with written_whole(kept) as draft:
            draft.write_text(bundle, encoding="utf-8")
    return bundle
