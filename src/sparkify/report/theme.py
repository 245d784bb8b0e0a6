"""How all charts look: one configuration for both themes.

Colours are the names of the page's own (`var(--ink)`), which the style sheet sets for light, dark
and print: a chart changes with the page, without being drawn again.
"""

from __future__ import annotations

from typing import Any

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


def config() -> dict[str, Any]:
    """Return the Vega-Lite configuration of all charts."""
    return {
        "background": "transparent",
        "padding": 0,
        "font": FONT,
        "aria": False,  # the element around a chart says what it shows
        "view": {"stroke": None},
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
    }
