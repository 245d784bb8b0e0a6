"""A report's page, taken apart without a browser."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import Any

_VOID = {"meta", "link", "br", "input", "img", "hr"}


class Page(HTMLParser):
    """What stands where on a page.

    answers: by question, the sentence. cells: by question, the texts of its table, row by row.
    scripts, styles: contents of those elements; texts: everything that is shown, in one text.
    attributes: of all elements.
    """

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.html = html
        self.answers: dict[str, str] = {}
        self.cells: dict[str, list[list[str]]] = {}
        self.scripts: list[str] = []
        self.data: dict[str, Any] = {}
        self.styles: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.open: list[tuple[str, dict[str, str]]] = []
        self.shown: list[str] = []
        self.question = ""
        self.feed(html)
        self.close()
        assert self.open == [], "elements that are not closed"

    @property
    def text(self) -> str:
        """All that a person reads, on one line."""
        return " ".join(" ".join(self.shown).split())

    @property
    def policy(self) -> dict[str, str]:
        """The content security policy, by directive."""
        (content,) = re.findall(
            r'http-equiv="Content-Security-Policy" content="([^"]+)"', self.html
        )
        directives = content.replace("&#39;", "'").split(";")
        pairs = (directive.strip().partition(" ") for directive in directives)
        return {name: sources for name, _, sources in pairs}

    def charts(self) -> set[str]:
        """Name the places of charts."""
        return {value for _, name, value in self.attributes if name == "data-chart"}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.attributes += [(tag, name, value) for name, value in found.items()]
        if tag not in _VOID:
            self.open.append((tag, found))
        if "data-question" in found:
            self.question = found["data-question"]
            self.answers[self.question] = ""
            self.cells[self.question] = []
        if tag == "tr" and self.question:
            self.cells[self.question].append([])
        if tag == "td" and self.question:
            self.cells[self.question][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        opened, _ = self.open.pop()
        assert opened == tag, f"<{opened}> is closed by </{tag}>"
        if tag == "article":
            self.question = ""

    def handle_data(self, data: str) -> None:
        held = [one for one in self.open if one[1].get("class") != "date"]
        tag, attributes = held[-1] if held else ("", {})
        if tag == "script" and attributes.get("type") == "application/json":
            self.data = json.loads(data)
        elif tag == "script":
            self.scripts.append(data)
        elif tag == "style":
            self.styles.append(data)
        else:
            self.shown.append(data)
            if self.question and attributes.get("class") == "answer":
                self.answers[self.question] += data
            if self.question and tag == "td":
                self.cells[self.question][-1][-1] += data


def digest(content: str) -> str:
    """How a policy allows a script or a style."""
    return "'sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode() + "'"
