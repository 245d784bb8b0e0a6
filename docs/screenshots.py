"""Take the pictures of the report that README.md and docs/report.md show: `make screenshots`.

The report is that of generated data, so the pictures are the same for everybody, but for the fonts
of the machine (Debian: fonts-inter). Chromium has to be there.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
from pathlib import Path

import examples

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/support"))

IMAGES = ROOT / "docs/images"
LARGEST = 150_000
"""Bytes that a picture may have."""
QUALITY = 64
PICTURES = {
    # name: theme, width and height of the window, the element to begin at
    "report-light": ("light", 1280, 1530, "#top"),
    "report-dark": ("dark", 1280, 900, "#money"),
    "report-phone": ("light", 390, 844, "#listeners"),
}


def main() -> None:
    """Make data, load it, write the report, and take each picture."""
    import chromium

    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for words in (("generate", "data"), ("etl", "--no-answers"), ("report",)):
            examples.call(*words)
        with chromium.browser() as engine:
            for name, (theme, width, height, start) in PICTURES.items():
                page = engine.new_page(
                    viewport={"width": width, "height": height},
                    color_scheme="dark" if theme == "dark" else "light",
                )
                page.goto((Path(folder) / "report.html").as_uri(), timeout=chromium.PATIENCE)
                page.wait_for_selector(
                    "html[data-drawn=all]", state="attached", timeout=chromium.PATIENCE
                )
                page.evaluate(
                    "at => scrollTo({top: at === '#top' ? 0 : document.querySelector(at).offsetTop"
                    " - 76, behavior: 'instant'})",
                    start,
                )
                file = IMAGES / f"{name}.jpeg"
                page.screenshot(path=file, type="jpeg", quality=QUALITY)
                page.close()
                size = file.stat().st_size
                sys.stdout.write(f"{file.relative_to(ROOT)} {size:,} bytes\n")
                if size > LARGEST:
                    raise SystemExit(f"{file} is larger than {LARGEST:,} bytes")


if __name__ == "__main__":
    main()
