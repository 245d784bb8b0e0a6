"""`sparkify serve` in a real browser: filters, clicks, search, sorting, own SQL, the keyboard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

import report_world
from chromium import PATIENCE, browser, chromium
from sampling import chosen
from served_pages import Served, served
from sparkify.config import Settings
from sparkify.report.chart_spec import visible

pytestmark = pytest.mark.skipif(chromium() is None, reason="there is no Chromium here")
PAGES = ("?since=2018-11-05", "question/top_songs", "listener/999001", "search?q=left", "quality")
OWN = "sql?sql=SELECT+level,+COUNT(*)+AS+plays+FROM+songplays+GROUP+BY+level"


@pytest.fixture(scope="module")
def site(database: Path) -> Iterator[Served]:
    with served(Settings(database=database)) as found:
        yield found


@pytest.fixture(scope="module")
def engine() -> Iterator[Browser]:
    with browser() as found:
        yield found


@contextmanager
def opened(engine: Browser, site: Served, path: str = "", theme: str = "light") -> Iterator[Page]:
    """A page, drawn; it must complain of nothing and ask nobody else."""
    context = engine.new_context(
        viewport={"width": 1440, "height": 900},
        color_scheme="dark" if theme == "dark" else "light",
        accept_downloads=True,
    )
    context.set_default_timeout(PATIENCE)
    page, complaints, asked = context.new_page(), [], []
    page.on("console", lambda said: complaints.append(said.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(site.address + path)
    drawn(page)
    yield page
    assert complaints == []
    assert [url for url in asked if not url.startswith((site.address, "data:,"))] == []
    context.close()


def drawn(page: Page) -> None:
    """Wait until all charts are there, and the parts that come later."""
    page.locator("html[data-drawn=all][data-parts=all]").wait_for(state="attached")


def query_of(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def cells(page: Page, question: str, column: int) -> list[str]:
    found: list[str] = page.eval_on_selector_all(
        f"[data-question={question}] .figures tbody tr",
        "(rows, n) => rows.map(row => row.querySelectorAll('td')[n].textContent)",
        column,
    )
    return found


def test_a_filter_is_in_the_address_and_a_second_window_shows_the_same(
    engine: Browser, site: Served
) -> None:
    with opened(engine, site) as page:
        page.get_by_label("Since").fill("2018-11-05")
        page.get_by_label("Until, exclusive").fill("2018-11-12")
        page.get_by_role("combobox").select_option("paid")
        page.get_by_role("button", name="Show").click()
        page.wait_for_url(re.compile("since="))
        drawn(page)
        asked = {"since": ["2018-11-05"], "until": ["2018-11-12"], "level": ["paid"]}
        assert query_of(page) == asked
        filters = {name: text for name, (text,) in asked.items()}
        shown: dict[str, str] = page.eval_on_selector_all(
            "[data-question]",
            """all => Object.fromEntries(
              all.map(one => [one.dataset.question, one.querySelector(".answer").textContent])
            )""",
        )
        told = site.json("questions", **filters)
        assert set(shown) == {one["name"] for one in told}
        for one in told:
            assert visible(one["answer"]).startswith(shown[one["name"]] or "nothing"), one["name"]
        page.locator("[data-question=top_artists] h3 a").click()
        page.wait_for_url(re.compile("question/top_artists"))
        assert query_of(page) == asked
        with opened(engine, site, page.url.removeprefix(site.address)) as second:
            assert second.locator("[data-question] h3").count() == 0, "its title stands above"
            for selector in ("h1", ".eyebrow", ".answer", ".figures tbody"):
                texts = [one.locator(selector).first.text_content() for one in (page, second)]
                assert texts[0] == texts[1] != ""
        page.get_by_role("link", name="All", exact=True).click()
        page.wait_for_url(re.compile(r"top_artists$"))


def test_clicks_lead_to_a_listener_and_back(engine: Browser, site: Served) -> None:
    with opened(engine, site, "question/loyal_listeners?level=paid") as page:
        listener = cells(page, "loyal_listeners", 0)[0]
        chart = page.locator("[data-chart=loyal_listeners] svg").bounding_box()
        assert chart
        page.mouse.click(chart["x"] + 40, chart["y"] + 20)
        page.wait_for_url(re.compile(rf"listener/{listener}\?level=paid$"))
        drawn(page)
        assert page.locator("h1").text_content() == f"Listener {listener}"
        page.locator("[data-question=plays_by_song] summary").first.click()
        page.locator("[data-question=plays_by_song] tbody a").first.click()
        page.wait_for_url(re.compile("song\\?"))
        drawn(page)
        page.go_back()
        page.go_back()
        page.wait_for_url(re.compile("loyal_listeners"))
        drawn(page)
        page.locator("[data-question=loyal_listeners] summary").first.click()
        page.locator("[data-question=loyal_listeners] tbody a").first.click()
        page.wait_for_url(re.compile(rf"listener/{listener}\?level=paid$"))


def test_search_finds_a_hostile_title_which_is_text(engine: Browser, site: Served) -> None:
    with opened(engine, site) as page:
        page.get_by_role("searchbox").fill("onerror alert")
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("search"))
        drawn(page)
        card = page.locator("[data-question=plays_by_song]")
        assert report_world.TITLE in (card.locator(".answer").text_content() or "")
        card.get_by_role("link", name=report_world.TITLE).click()
        page.wait_for_url(re.compile("song\\?"))
        drawn(page)
        assert report_world.TITLE in (page.locator("h1").text_content() or "")
        assert page.locator("main img").count() == 0


def test_a_table_is_sorted_by_its_values(engine: Browser, site: Served) -> None:
    with opened(engine, site, "question/listener_places") as page:
        card = page.locator("[data-question=listener_places]")
        card.locator("summary").first.click()
        names = card.locator("thead button").all_text_contents()
        place = names.index("plays")
        before = cells(page, "listener_places", place)
        numbers = [int(text.replace(",", "")) for text in before]
        assert len(set(numbers)) > 2
        head = card.locator("th").nth(place)
        for wanted, order in (("descending", True), ("ascending", False)):
            head.locator("button").click()
            assert head.get_attribute("aria-sort") == wanted
            found = [int(one.replace(",", "")) for one in cells(page, "listener_places", place)]
            assert found == sorted(numbers, reverse=order)


def test_own_sql_by_the_keyboard_alone(engine: Browser, site: Served, tmp_path: Path) -> None:
    with opened(engine, site) as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        for _ in range(9):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.textContent") == "Own SQL":
                break
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile("/sql$"))
        page.locator("#sql").focus()
        sql = "SELECT level, COUNT(*) AS plays FROM songplays GROUP BY level ORDER BY level"
        page.keyboard.type(sql)
        page.keyboard.press("Control+Enter")
        page.wait_for_url(re.compile("sql=SELECT"))
        drawn(page)
        assert page.locator("#sql").input_value() == sql
        assert page.locator("[data-chart=own] svg").count() == 1
        rows = site.json("sql", sql=sql)["rows"]
        page.locator("[data-question=own] summary").first.focus()
        page.keyboard.press("Enter")
        assert cells(page, "own", 1) == [f"{plays:,}" for _, plays in rows]
        button = page.locator("[data-csv=own]")
        button.focus()
        with page.expect_download() as saving:
            page.keyboard.press("Enter")
        saving.value.save_as(tmp_path / "own.csv")
        lines = (tmp_path / "own.csv").read_bytes().decode("utf-8-sig").split("\r\n")
        assert lines[:2] == ["level,plays", f"free,{rows[0][1]}"]


@pytest.mark.sampled(of=2)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_keeps_people_out_and_every_width_fits(
    engine: Browser, site: Served, theme: str, seed: int | None
) -> None:
    for path in chosen([*PAGES, OWN], 3, seed):
        with opened(engine, site, path, theme) as page:
            page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
            found = [
                f"{path} {one['id']}: {node['target']} {node['html'][:120]}"
                for one in Axe().run(page).response["violations"]
                if one["impact"] in ("serious", "critical")
                for node in one["nodes"]
            ]
            assert found == []
            for width in (320, 768, 1440):
                page.set_viewport_size({"width": width, "height": 900})
                page.wait_for_function(
                    "[...document.querySelectorAll('.chart')].every(one =>"
                    " one.querySelector('svg').getBoundingClientRect().right <= innerWidth)"
                )
                wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
                assert wide <= 0, (path, width)


def test_a_publication_is_told_and_shown_on_request(engine: Browser, site: Served) -> None:
    with opened(engine, site, "quality") as page:
        page.locator("#news").evaluate("one => one.dataset.run = '0'")
        page.locator("#news button").click()
        page.wait_for_function("document.getElementById('news').dataset.run !== '0'")
