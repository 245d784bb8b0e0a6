"""Write the generated parts of README.md and docs/ again: `python docs/refresh.py`.

Also the outputs of the notebook.

A generated part stands between the lines `<!-- generated: NAME -->` and `<!-- end -->`. The
functions that write them are in `reference` (what the code says of itself), `examples` (what the
program prints when it runs), `proofs` (what `make torture` found), `mutations` (what
`make mutation` found), and in `benchmarks.render` (what was measured). tests/docs/test_docs.py
fails where a part is not what they write.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import examples
import mutations
import proofs
import reference
import run_notebook

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT))

from benchmarks import render  # noqa: E402 - it is beside the documents, not in the package

PARTS: Mapping[str, Callable[[], str]] = {
    **reference.PARTS,
    **examples.PARTS,
    **proofs.PARTS,
    **mutations.PARTS,
    **render.PARTS,
}

_PART = re.compile(
    r"^<!-- generated: (?P<name>[a-z -]+) -->\n(?P<body>.*?)^<!-- end -->$",
    re.DOTALL | re.MULTILINE,
)
_SECONDS = re.compile(r"\d+\.\d s\b")


def documents() -> list[Path]:
    """Return every document that people read, the README first."""
    names = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
    return [*(ROOT / name for name in names), *sorted((ROOT / "docs").glob("*.md"))]


def parts(text: str) -> dict[str, str]:
    """Return the generated parts of a document by name."""
    return {part["name"]: part["body"] for part in _PART.finditer(text)}


def fresh(name: str, body: str) -> str:
    """Write one part again; `body`, what it holds now, stays when only the seconds differ.

    Raises KeyError for a name that no function writes.
    """
    written = f"\n{PARTS[name]().strip()}\n\n"
    return body if _SECONDS.sub("", written) == _SECONDS.sub("", body) else written


def _refreshed(text: str) -> str:
    def again(part: re.Match[str]) -> str:
        body = fresh(part["name"], part["body"])
        return f"<!-- generated: {part['name']} -->\n{body}<!-- end -->"

    return _PART.sub(again, text)


def main() -> None:
    """Refresh every document and name those that changed."""
    for path in documents():
        old = path.read_text(encoding="utf-8")
        new = _refreshed(old)
        if new != old:
            path.write_text(new, encoding="utf-8")
            sys.stdout.write(f"{path.relative_to(ROOT)} changed\n")
    if run_notebook.write(examples.notebook()):
        sys.stdout.write(f"{run_notebook.NOTEBOOK.relative_to(ROOT)} changed\n")


if __name__ == "__main__":
    main()
