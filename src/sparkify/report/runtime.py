"""The JavaScript that draws the charts, out of the vl-convert wheel: nothing is fetched.

To bundle it takes seconds of a processor, so the bundle is kept in the user's cache. Where it
cannot be kept, or the user has no home, every report makes it anew.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path

from ..temporary import written_whole

_SNIPPET = "window.vegaEmbed = vegaEmbed; window.vega = vega;"


def library() -> str:
    """Return Vega, Vega-Lite and Vega-Embed as one script that may stand in a page."""
    digest = hashlib.sha256(_SNIPPET.encode()).hexdigest()[:8]
    cache = _cache()
    kept = cache and cache / f"charts-{version('vl-convert-python')}-{digest}.js"
    with suppress(OSError, UnicodeDecodeError):
        if kept:
            return kept.read_text(encoding="utf-8")
    import vl_convert

    bundle = vl_convert.javascript_bundle(_SNIPPET)
    # Inside a script element these would end it, or begin a comment, wherever they stand.
    bundle = bundle.replace("</script", "<\\/script").replace("<!--", "<\\!--")
    with suppress(OSError):
        if kept:
            _keep(kept, bundle)
    return bundle


@contextmanager
def some_home() -> Iterator[None]:
    """Name a home where there is none, below which nothing can be: Altair asks for it on import."""
    if _home():
        yield
        return
    os.environ["HOME"] = os.devnull
    try:
        yield
    finally:
        del os.environ["HOME"]


def _home() -> Path | None:
    with suppress(RuntimeError):  # neither HOME nor an entry in the passwd file
        return Path.home()
    return None


def _cache() -> Path | None:
    root = os.environ.get("XDG_CACHE_HOME", "")
    if Path(root).is_absolute():
        return Path(root) / "sparkify"
    home = _home()
    return home and home / ".cache" / "sparkify"


def _keep(path: Path, text: str) -> None:
    """Write a file so that nobody ever reads half of it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with written_whole(path) as draft:
        draft.write_text(text, encoding="utf-8")
