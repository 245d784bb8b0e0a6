"""The report in a real browser: opened from disk, without a network, looked at and printed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Response

import report_world
from chromium import PATIENCE, browser, chromium
from command_line import answer
from question_readers import on_duckdb
from sparkify import report

pytestmark = pytest.mark.skipif(chromium() is None, reason="there is no Chromium here")
WIDTHS = (320, 768, 1440)
SERIOUS = {"serious", "critical"}


class Opened:
    """A page from disk, with all that it asked for and complained of."""

    def __init__(self, engine: Browser, file: Path, theme: str = "light") -> None:
        self.context = engine.new_context(
            viewport={"width": 1440, "height": 900},
            color_scheme="dark" if theme == "dark" else "light",
            accept_downloads=True,
            offline=True,
        )
        self.context.set_default_timeout(PATIENCE)
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.file = file
        self.page: Page = self.context.new_page()
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda said: self.complaints.append(said.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.load()

    def load(self) -> Response | None:
        done = self.page.goto(self.file.as_uri(), timeout=PATIENCE)
        if self.page.locator("[data-chart]").count():
            self.page.locator("html[data-drawn=all]").wait_for(state="attached")
        return done


@pytest.fixture(scope="module")
def engine() -> Iterator[Browser]:
    with browser() as found:
        yield found


@pytest.fixture(scope="module")
def opened(engine: Browser, written: Path) -> Opened:
    """The page in the light; tests leave it as it was, but for what is chosen."""
    return Opened(engine, written)


def findings(page: Page) -> list[str]:
    """What axe finds that keeps people out."""
    return [
        f"{one['id']}: {node['target']} {node['html'][:120]}"
        for one in Axe().run(page).response["violations"]
        if one["impact"] in SERIOUS
        for node in one["nodes"]
    ]


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    found: int = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return found


def cut_texts(page: Page) -> list[str]:
    """The words that stand farther outside of their drawing than its margin, and are cut."""
    found: list[str] = page.eval_on_selector_all(
        ".chart svg text",
        """all => all.filter(one => {
          const text = one.getBoundingClientRect();
          const drawing = one.ownerSVGElement.getBoundingClientRect();
          return getComputedStyle(one).opacity !== "0"
            && (text.right > drawing.right + 8 || text.left < drawing.left - 8);
        }).map(one => `${one.closest(".chart").dataset.chart} ${one.textContent}`)""",
    )
    return found


def named_beyond(page: Page, newest: str) -> list[str]:
    """The days that an axis names, and which are after the newest of the data."""
    shown = page.locator(".chart svg .role-axis-label text:not([opacity='0'])").all_text_contents()
    days = [text for text in shown if re.fullmatch(r"\d{4}-\d\d-\d\d", text)]
    assert days
    return [day for day in days if day > newest]


def broken_dates(page: Page) -> list[str]:
    """The sentences in which a line ends within a date."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll(".answer:not([data-told]), .summary li, .trend")]
          .filter(one => [...one.querySelectorAll(".date")]
            .some(date => date.getClientRects().length > 1)
            || [...one.childNodes].some(part =>
              part.nodeType === 3 && /\\d{4}-\\d\\d-/.test(part.data)))
          .map(one => one.textContent)"""
    )
    assert page.locator(".answer .date").count() > 5
    return found


def drawn(page: Page) -> list[str]:
    """The drawings of the explorer."""
    found: list[str] = page.eval_on_selector_all(
        "[data-explorer] svg", "all => all.map(one => one.outerHTML)"
    )
    return found


def test_nothing_is_requested_and_nothing_complains(opened: Opened) -> None:
    assert opened.requests == [opened.file.as_uri()]
    assert opened.complaints == []
    places = opened.page.locator("[data-chart], [data-explorer]").count()
    assert places > 30
    assert opened.page.locator("[data-chart] svg, [data-explorer] svg").count() == places


def test_code_in_a_text_is_not_run_even_by_the_page_itself(engine: Browser, written: Path) -> None:
    """The policy holds: a script, an image or a request that is put in later is refused."""
    opened = Opened(engine, written)
    refused = opened.page.evaluate(
        """async () => {
          const broken = [];
          document.addEventListener("securitypolicyviolation", (e) =>
            broken.push(e.effectiveDirective));
          const script = document.createElement("script");
          script.textContent = "window.harmed = true";
          document.body.append(script);
          const image = document.createElement("img");
          image.src = "https://evil.example/x.png";
          await fetch("https://evil.example/").catch(() => 0);
          await new Promise((done) => setTimeout(done));
          script.remove();
          return [window.harmed ?? false, [...new Set(broken)].sort()];
        }"""
    )
    assert refused[0] is False
    assert {"connect-src", "script-src-elem"} <= set(refused[1])
    opened.context.close()


def test_the_figures_are_those_of_ask(opened: Opened, database: Path) -> None:
    shown: dict[str, Any] = opened.page.eval_on_selector_all(
        "[data-question]",
        """all => Object.fromEntries(all.map(one => [one.dataset.question, {
          answer: one.querySelector(".answer").textContent,
          cells: [...one.querySelectorAll("tbody tr")].map(row =>
            [...row.cells].map(cell => cell.textContent)),
        }]))""",
    )
    asked = answer("ask", "--database", str(database))
    assert {one["name"] for one in asked} == set(shown)
    checked = 0
    for one in asked:
        found = shown[one["name"]]
        assert len(found["cells"]) == len(one["rows"])
        figures = re.findall(r"\d[\d,.]*\d|\d", found["answer"])
        assert all(figure in one["answer"] for figure in figures)
        if {"first_name"} & set(one["columns"]):
            continue
        for texts, row in zip(found["cells"], one["rows"], strict=True):
            for text, value in zip(texts, row, strict=True):
                if isinstance(value, int) and not text.endswith(("%", "s")):
                    assert int(text.replace(",", "")) == value
                    checked += 1
    assert checked > 100


def test_a_hostile_title_is_shown_as_text(opened: Opened) -> None:
    card = opened.page.locator("#question-top_songs")
    assert report_world.TITLE in (card.locator(".answer").text_content() or "")
    assert report_world.TITLE[:9] in "".join(card.locator("svg text").all_text_contents())
    assert opened.page.locator("main img").count() == 0
    assert opened.complaints == []


def test_choosing_level_and_period_changes_the_charts(opened: Opened) -> None:
    page = opened.page
    told = page.locator("[data-told]")
    everything, first = drawn(page), told.inner_text()
    page.locator("input[name=level][value=paid]").check()
    page.wait_for_function(
        "old => document.querySelector('[data-explorer=hours] svg').outerHTML !== old",
        arg=everything[3],
    )
    paid = drawn(page)
    assert all(now != before for now, before in zip(paid, everything, strict=True))
    assert told.inner_text().startswith("At the paid level")
    label = page.locator("[data-explorer=plays]").get_attribute("aria-label") or ""
    assert told.inner_text() in label
    page.locator("input[name=period][value='7']").check()
    page.wait_for_function(
        "old => document.querySelector('[data-explorer=hours] svg').outerHTML !== old", arg=paid[3]
    )
    assert page.locator("[data-days] tbody tr").count() <= 7
    page.locator("input[name=level][value=all]").check()
    page.locator("input[name=period]").last.check()
    page.wait_for_function(
        "old => document.querySelector('[data-told]').innerText === old", arg=first
    )


def test_a_saved_table_is_safe_in_a_spreadsheet(opened: Opened, tmp_path: Path) -> None:
    with opened.page.expect_download() as saving:
        opened.page.locator("[data-csv=top_artists]").click()
    saving.value.save_as(tmp_path / "saved.csv")
    assert saving.value.suggested_filename == "top_artists.csv"
    lines = (tmp_path / "saved.csv").read_bytes().decode("utf-8-sig").split("\r\n")
    assert lines[0] == "artist,plays,listeners"
    quoted = report_world.ARTIST.replace('"', '""')
    assert lines[1] == f'"\'{quoted}",{report_world.PLAYS},1'


def test_a_pointer_over_a_bar_gets_its_row(opened: Opened) -> None:
    page = opened.page
    page.locator("#question-top_artists .chart").scroll_into_view_if_needed()
    box = page.locator("#question-top_artists .chart svg").bounding_box()
    assert box
    page.mouse.move(box["x"] + 30, box["y"] + 20)
    page.locator("#tip:not([hidden])").wait_for()
    tip = page.locator("#tip").inner_text()
    assert report_world.ARTIST in tip
    assert f"{report_world.PLAYS}" in tip
    page.mouse.move(0, 0)
    page.locator("#tip[hidden]").wait_for(state="attached")


def test_a_pointer_anywhere_in_a_line_gets_the_nearest_point(opened: Opened) -> None:
    page = opened.page
    drawing = page.locator("#question-paying_listeners .chart svg")
    drawing.scroll_into_view_if_needed()
    box = drawing.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] - 12, box["y"] + 40)
    page.locator("#tip:not([hidden])").wait_for()
    newest = page.locator("#question-paying_listeners tbody tr").last.locator("td").first
    assert page.locator("#tip").inner_text().split("\n")[1] == newest.text_content()
    page.mouse.move(0, 0)
    page.locator("#tip[hidden]").wait_for(state="attached")


def test_the_keyboard_reaches_what_can_be_done(opened: Opened) -> None:
    page = opened.page
    page.locator(".skip").focus()
    box = page.locator(".skip").bounding_box()
    assert box
    assert box["x"] >= 0
    summary = page.locator("#question-gender summary").first
    summary.focus()
    page.keyboard.press("Enter")
    assert page.locator("#question-gender table").is_visible()
    page.keyboard.press("Enter")
    assert not page.locator("#question-gender table").is_visible()
    page.locator("#theme").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.keyboard.press("Enter")
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    page.evaluate("localStorage.clear()")


@pytest.mark.sampled(of=2)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_keeps_people_out(theme: str, opened: Opened) -> None:
    """With all that can be unfolded unfolded."""
    page = opened.page
    page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    assert findings(page) == []
    page.evaluate("document.querySelectorAll('.card details').forEach(one => one.open = false)")


def test_the_page_fits_every_width(opened: Opened) -> None:
    page = opened.page
    days = page.evaluate("JSON.parse(document.getElementById('data').textContent).days.all.day")
    newest = (date(1970, 1, 1) + timedelta(days=days[-1])).isoformat()
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(
            "[...document.querySelectorAll('.chart')].every(one =>"
            " one.querySelector('svg').getBoundingClientRect().right <= innerWidth)"
        )
        assert overflow(page) <= 0, width
        assert cut_texts(page) == [], width
        assert named_beyond(page, newest) == [], width
        assert broken_dates(page) == [], width
    joins = "all => [...new Set(all.map(one => one.getAttribute('stroke-linejoin')))]"
    assert page.eval_on_selector_all(".mark-line path", joins) == ["round"], "no spikes"
    page.set_viewport_size({"width": 1440, "height": 900})


def test_the_print_has_all_charts_whole(opened: Opened, tmp_path: Path) -> None:
    """On paper: none is wider or cut by a page, each is drawn again for its width."""
    page = opened.page
    page.emulate_media(media="print", color_scheme="dark")
    page.set_viewport_size({"width": 688, "height": 1000})
    assert overflow(page) <= 0
    charts = page.locator(".chart svg")
    assert charts.count() == page.locator("[data-chart], [data-explorer]").count()
    cut = page.eval_on_selector_all(
        ".chart",
        """all => all.filter(one => {
          const outer = one.getBoundingClientRect();
          const inner = one.querySelector("svg").getBoundingClientRect();
          return inner.width < 40 || inner.right > innerWidth || inner.width > outer.width + 1
            || getComputedStyle(one).breakInside !== "avoid";
        }).map(one => one.dataset.chart ?? one.dataset.explorer)""",
    )
    assert cut == []
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    drawn = "all => all.map(one => Number(one.getAttribute('width')))"
    assert set(page.eval_on_selector_all("[data-question] .chart svg", drawn)) == {800}
    assert set(page.eval_on_selector_all(".tile .chart svg", drawn)) == {190}
    lefts = page.eval_on_selector_all(
        ".cards > .card", "all => all.map(one => one.getBoundingClientRect().left)"
    )
    assert len({*lefts}) == 1, "one column"
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == "rgb(255, 255, 255)"
    page.pdf(path=tmp_path / "report.pdf", print_background=True, prefer_css_page_size=True)
    pdf = (tmp_path / "report.pdf").read_bytes()
    assert pdf.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) > 5
    page.emulate_media(media="screen", color_scheme="light")
    page.set_viewport_size({"width": 1440, "height": 900})


def test_an_empty_warehouse_is_a_page_for_everybody(engine: Browser, tmp_path: Path) -> None:
    with on_duckdb() as duck:
        html = report.render(report.gather(duck), datetime(2018, 12, 1))
    (tmp_path / "empty.html").write_text(html, encoding="utf-8")
    opened = Opened(engine, tmp_path / "empty.html", "dark")
    assert findings(opened.page) == []
    for width in WIDTHS:
        opened.page.set_viewport_size({"width": width, "height": 900})
        assert overflow(opened.page) <= 0
    opened.page.locator("#theme").click()
    assert opened.page.evaluate("document.documentElement.dataset.theme") == "light"
    assert findings(opened.page) == []
    assert (opened.requests, opened.complaints) == ([opened.file.as_uri()], [])
