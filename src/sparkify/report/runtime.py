"""The JavaScript that draws the charts, out of the vl-convert wheel: nothing is fetched.

To bundle it takes seconds of a processor, so the bundle is kept in the user's cache. Where it
cannot be kept, every report makes it anew.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from ..temporary import written_whole

_SNIPPET = "window.vegaEmbed = vegaEmbed; window.vega = vega;"


def library() -> str:
    """Return Vega, Vega-Lite and Vega-Embed as one script that may stand in a page."""
    digest = hashlib.sha256(_SNIPPET.encode()).hexdigest()[:8]
    kept = _cache() / f"charts-{version('vl-convert-python')}-{digest}.js"
    with suppress(OSError, UnicodeDecodeError):
        return kept.read_text(encoding="utf-8")
    import vl_convert

    bundle = vl_convert.javascript_bundle(_SNIPPET)
    # Inside a script element these would end it, or begin a comment, wherever they stand.
    bundle = bundle.replace("</script", "<\\/script").replace("<!--", "<\\!--")
    with suppress(OSError):
        _keep(kept, bundle)
    return bundle


def _cache() -> Path:
    root = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(root) if Path(root).is_absolute() else Path.home() / ".cache") / "sparkify"


def _keep(path: Path, text: str) -> None:
    """Write a file so that nobody ever reads half of it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with written_whole(path) as draft:
        draft.write_text(text, encoding="utf-8")
