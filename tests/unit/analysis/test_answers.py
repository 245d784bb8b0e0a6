"""What `ask` makes of a warehouse: sentences, ties, coverage, empty answers, names, JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from naive_answers import SHIPPED
from naive_tables import Row
from question_readers import Asked, on_duckdb, on_postgres
from question_worlds import warehouse, world
from sparkify import sql_queries
from sparkify.analysis import NO_PLAYS, Answer, ask, questions
from sparkify.errors import UsageError, WarehouseError
from sparkify.sql_queries import HeaderError, parse
from sparkify.table import Table

ONE_PLAY: Row = {
    "page": "NextSong",
    "userid": 7,
    "firstname": "Ann",
    "lastname": "Lee",
    "gender": "F",
    "level": "free",
    "location": "Portland, OR",
    "registration": datetime(2018, 10, 20, 23, 30, 0, 900_000),
    "sessionid": 3,
    "iteminsession": 0,
    "ts": datetime(2018, 11, 1, 23, 30, 0, 796_000),
    "song": "Undo",
    "artist": "Björk",
    "length": 240.5,
    "useragent": None,
}
UNDO: Row = {
    "song_id": "SO1",
    "title": "Undo",
    "artist_id": "AR1",
    "artist_name": "Björk",
    "duration": 240.5,
    "year": 2001,
}

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
SAID_OF_ONE_PLAY = {
    "top_songs": '"Undo" by Björk is played most: 1 play, 100% of all plays.',
    "busiest_hours": "Most plays begin from 23:00 to 24:00 UTC: 1 play, 100% of all plays.",
    "paying_listeners": (
        "0 of 1 listener (0%) have played at the paid level."
        " On the newest day, 2018-11-01 (UTC), 0 of 1 did."
    ),
    "level_changes": (
        "No listeners went from free to paid, 0% of those who have played at the free level,"
        " and no listeners went from paid to free."
    ),
    "returning_listeners": (
        "There are no plays in two different weeks yet, so nobody can have come back."
    ),
    "leaving_listeners": (
        "Nobody seems about to leave: no listener has fallen silent in the last few weeks."
    ),
    "stickiness": (
        "In the 30 days up to 2018-11-01 (UTC), 1 listener played on an average day, of 1 in all:"
        " a stickiness of 100%."
    ),
    "session_length": (
        "A session has 1 song and lasts 4 minutes on average;"
        " the medians of 1 session are 1 song and 4 minutes."
    ),
    "top_artists": "Björk is played most: 1 play by 1 listener.",
    "listening_by_level": "Listeners at the free level listen most: 1 play and 4 minutes each.",
    "listener_places": (
        "Most listening happens in Portland, OR: 1 play by 1 listener, 100% of all plays."
    ),
    "busiest_weekdays": "Thursday is strongest, with 1 play on an average Thursday.",
    "top_fans_share": "The busiest tenth of the listeners (1 of 1) made 100% of all plays.",
    "catalogue_match": "1 of 1 play (100%) matches a song of our catalogue.",
    "loyal_listeners": (
        "The most loyal listener is user 7 (Ann Lee), with 1 play in 1 session on 1 day."
    ),
    "devices": (
        "Most plays come from a device of unknown kind: 1 play by 1 listener, 100% of all plays."
    ),
    "decades": (
        "The 2000s are liked most: 1 play, 100% of the plays whose year is known."
        " Of 1 play, 1 (100%) is of catalogue songs with a known year."
    ),
    "time_to_paying": "Nobody has gone from free to paid yet, so there is no answer.",
    "daily_plays": "The newest 1 day with plays, up to 2018-11-01 (UTC), had 1 play.",
    "gender": (
        "Per listener, women play most: 1 play."
        " They make 100% of all plays, and 0% of theirs are at the paid level."
    ),
    "replays": (
        "0 of 1 play (0%) repeat a song that the listener had played before;"
        " the others are discoveries."
    ),
    "unplayed_songs": "0 of 1 song in the catalogue (0%) have never been played.",
    "hours_served": "We served 0.1 hours of music to 1 listener: 0.1 hours each.",
    "skips": "No play was followed by another in its session, so there is no answer.",
    "shared_listeners": (
        "No listener has played two of the leading artists, so there is no answer."
    ),
    "new_listeners": (
        "On the newest day, 2018-11-01 (UTC), 1 listener played for the first time"
        " and no listeners had played on an earlier day."
    ),
    "first_songs": 'Most sessions begin with "Undo" by Björk: 1 session, 100% of all.',
    "rising_artists": (
        "No artist is seen to rise: that takes two weeks of plays, and more in the newer one."
    ),
    "listening_week": (
        "The busiest hour of the week is Thursday from 23:00 to 24:00 UTC, with 1 play, 100% of"
        " all."
    ),
    "paying_funnel": (
        "Of 1 listener who began at the free level, 0 (0%) played on another day, 0 (0%) became"
        " paying, and 0 (0%) pay at their newest play."
    ),
    "tenure": (
        "At their newest event, 1 listener had been registered for a median of 12 days;"
        " those who stay, for 12 days."
    ),
    "cancellations": ("No cancellations are seen: there is no page Cancellation Confirmation."),
    "browsers": (
        "Most plays come from an unknown browser: 1 play by 1 listener, 100% of all plays."
    ),
    "operating_systems": (
        "Most plays come from an unknown system: 1 play by 1 listener, 100% of all plays."
    ),
    "regions": "Most plays come from the West: 1 play by 1 listener, 100% of all plays.",
    "errors_and_help": (
        "The logs show no errors to no listeners (0% of all), and help was opened no times by"
        " no listeners (0% of all)."
    ),
    "before_upgrading": "No listener is seen to upgrade: there is no page Submit Upgrade.",
    "weekend_listeners": (
        "Of 1 listener, 1 (100%) plays from Monday to Friday only, 0 (0%) at weekends only, and"
        " 0 (0%) on both kinds of days."
    ),
    "songs_between_homes": "No listener visited Home twice, so there is no answer.",
    "artists_by_gender": "Women play Björk most: 1 play.",
    "thumbs": "No thumbs are seen: there is no page Thumbs Up or Thumbs Down.",
    "adverts": "No adverts are seen: there is no page Roll Advert.",
    "friends_and_playlists": (
        "No friends or playlists are seen: there is no page Add Friend or Add to Playlist."
    ),
}


class Told:
    """A reader that gives the same table whatever it is asked."""

    engine = "none"

    def __init__(self, *rows: Row) -> None:
        self.rows = rows
        self.asked: list[str] = []

    def read(self, sql: str) -> Table:
        self.asked.append(sql)
        columns = tuple(self.rows[0]) if self.rows else ("day", "plays")
        return Table(columns, [tuple(row.values()) for row in self.rows])

    def read_all(self, statements: Sequence[str]) -> list[Table]:
        return [self.read(sql) for sql in statements]


@pytest.fixture(scope="module")
def duck() -> Iterator[Asked]:
    with on_duckdb() as reader:
        yield reader


def said(reader: Asked) -> dict[str, str]:
    return {answer.name: answer.as_json()["answer"] for answer in ask(reader)}


def added(monkeypatch: pytest.MonkeyPatch, header: str, name: str = "extra") -> None:
    """Make the catalogue of questions consist of one file."""
    query = parse(name, f"-- name: {name}\n-- question: What?\n{header}\nSELECT 1")
    monkeypatch.setattr(sql_queries, "folder", {"questions": {name: query}}.__getitem__)


def test_of_one_play_every_sentence_is_in_the_singular(duck: Asked, tmp_path: Path) -> None:
    duck.fill(warehouse([ONE_PLAY], [UNDO]), tmp_path)
    assert tuple(SAID_OF_ONE_PLAY) == SHIPPED
    for name, sentence in said(duck).items():
        assert sentence == SAID_OF_ONE_PLAY.get(name, sentence)
        assert sentence.endswith(".")


def test_an_empty_warehouse_is_told_in_words_on_every_engine() -> None:
    with on_duckdb() as duck, on_postgres() as postgres:
        for answer in [*ask(duck, SHIPPED), *ask(postgres, SHIPPED)]:
            assert answer.rows == ()
            assert answer.columns
            assert answer.coverage is None
            assert answer.answer.endswith(".")
            assert any(word in answer.answer for word in ("no ", "No ", "Nobody"))
            assert not any(character.isdigit() for character in answer.answer)


def test_events_that_are_no_plays_are_no_answer(duck: Asked, tmp_path: Path) -> None:
    duck.fill(warehouse([ONE_PLAY | {"page": "Home", "song": None, "artist": None}]), tmp_path)
    assert said(duck)["top_songs"] == NO_PLAYS
    assert said(duck)["skips"] == SAID_OF_ONE_PLAY["skips"]


def test_a_catalogue_without_plays_is_wholly_unplayed(duck: Asked, tmp_path: Path) -> None:
    duck.fill(warehouse([], [UNDO]), tmp_path)
    assert said(duck)["unplayed_songs"] == (
        "1 of 1 song in the catalogue (100%) has never been played."
    )


def test_ties_are_announced_and_counted_beyond_the_shown_rows(duck: Asked, tmp_path: Path) -> None:
    events = [
        ONE_PLAY | {"iteminsession": item, "song": f"Song {item:02}"} for item in range(1, 25)
    ]
    duck.fill(warehouse(events), tmp_path)
    (answer,) = ask(duck, ["top_songs"])
    assert answer.answer == (
        '"Song 01" by Björk is played most, tied with "Song 02" by Björk,'
        ' "Song 03" by Björk and 21 more: 1 play, 4.2% of all plays.'
    )
    assert len(answer.rows) == 10


def test_a_tie_in_a_table_that_is_not_in_order_of_its_figure(duck: Asked, tmp_path: Path) -> None:
    hours = [9, 3, 3, 22, 22]
    events = [
        ONE_PLAY | {"iteminsession": item, "ts": datetime(2018, 11, 1, hour)}
        for item, hour in enumerate(hours)
    ]
    duck.fill(warehouse(events), tmp_path)
    (answer,) = ask(duck, ["busiest_hours"])
    assert answer.answer == (
        "Most plays begin from 03:00 to 04:00 UTC, tied with 22:00 to 23:00:"
        " 2 plays, 40% of all plays."
    )
    assert [row[0] for row in answer.rows] == [3, 9, 22]


def test_growth_is_against_the_seven_days_before(duck: Asked, tmp_path: Path) -> None:
    start: datetime = ONE_PLAY["ts"]
    events = [
        ONE_PLAY | {"iteminsession": item, "ts": start + timedelta(days=day)}
        for item, day in enumerate([*range(14), 13, 13, 13, 12, 12, 12, 11])
    ]
    duck.fill(warehouse(events), tmp_path)
    assert said(duck)["daily_plays"] == (
        "The newest 7 days with plays, up to 2018-11-14 (UTC), had 14 plays,"
        " 100% more than the seven before (7)."
    )


PAGES = {
    "tenure": ("Cancellation Confirmation",),
    "cancellations": ("Cancellation Confirmation",),
    "errors_and_help": ("Error", "Help"),
    "before_upgrading": ("Submit Upgrade",),
    "songs_between_homes": ("Home", "Home"),
    "thumbs": ("Thumbs Up", "Thumbs Down"),
    "adverts": ("Roll Advert",),
    "friends_and_playlists": ("Add Friend", "Add to Playlist"),
}
SAID_OF_PAGES = {
    "tenure": (
        "At their newest event, 1 listener had been registered for a median of 12 days;"
        " those who cancelled, for 12 days."
    ),
    "cancellations": (
        "1 of 1 listener (100%) cancelled, most often women at the free level: 1 of 1 (100%)."
    ),
    "errors_and_help": (
        "The logs show 1 error to 1 listener (100% of all), and help was opened 1 time by"
        " 1 listener (100% of all)."
    ),
    "before_upgrading": ("Before upgrading, 1 listener played a median of 1 song in 1 session."),
    "songs_between_homes": (
        "Between two visits of Home a listener plays 0 songs on average: no plays in 1 stretch of"
        " 1 listener."
    ),
    "thumbs": "1 thumbs up and 1 down were given by 1 listener: 50% are up.",
    "adverts": "1 advert was shown to 1 listener, most at the free level: one for every 1 play.",
    "friends_and_playlists": (
        "1 friend was added by 1 listener, and 1 song was put on playlists by 1 listener."
    ),
}


@pytest.mark.parametrize("name", PAGES)
def test_of_one_visit_of_each_page_every_sentence_is_in_the_singular(
    name: str, duck: Asked, tmp_path: Path
) -> None:
    other = {"song": None, "artist": None, "length": None}
    visits = [
        ONE_PLAY | other | {"page": page, "iteminsession": item, "ts": ONE_PLAY["ts"] + SECOND}
        for item, page in enumerate(PAGES[name], start=1)
    ]
    duck.fill(warehouse([ONE_PLAY, *visits]), tmp_path)
    assert said(duck)[name] == SAID_OF_PAGES[name]


def test_who_is_long_silent_or_cancelled_is_not_about_to_leave(duck: Asked, tmp_path: Path) -> None:
    newest: datetime = ONE_PLAY["ts"]
    silent = (7 * DAY, 7 * DAY + SECOND, 30 * DAY, 30 * DAY + SECOND, 10 * DAY, 40 * DAY)
    events = [ONE_PLAY] + [
        ONE_PLAY | {"userid": user, "ts": newest - ago} for user, ago in enumerate(silent, start=8)
    ]
    gone = ONE_PLAY | {"page": "Cancellation Confirmation", "iteminsession": 1}
    duck.fill(warehouse([*events, gone | {"userid": 12}, gone | {"userid": 13}]), tmp_path)
    (answer,) = ask(duck, ["leaving_listeners"])
    assert [row[0] for row in answer.rows] == [9, 10]
    assert answer.answer == (
        "2 of 7 listeners (28.6%) have fallen silent lately, 7 to 30 days before the newest play"
        " (2018-11-01 23:30 UTC); 0 of them paid when last heard of. 1 listener has been silent"
        " for longer. 2 listeners have cancelled."
    )


def test_the_newest_level_counts_and_at_the_same_moment_the_paid_one(
    duck: Asked, tmp_path: Path
) -> None:
    events = [ONE_PLAY, ONE_PLAY | {"iteminsession": 1, "level": "paid"}]
    duck.fill(warehouse(events), tmp_path)
    (answer,) = ask(duck, ["loyal_listeners"])
    assert answer.rows == ((7, "Ann", "Lee", "paid", 2, 1, 1),)


def test_unknown_lengths_are_told(duck: Asked, tmp_path: Path) -> None:
    events = [ONE_PLAY, ONE_PLAY | {"iteminsession": 1, "length": None}]
    duck.fill(warehouse(events), tmp_path)
    (answer,) = ask(duck, ["hours_served"])
    assert answer.coverage == "The length of 1 play is not known and counts as nothing."
    assert answer.as_json()["answer"] == f"{answer.answer} {answer.coverage}"


@pytest.mark.parametrize("seed", range(5))
def test_answers_can_be_written_as_json_and_as_text(seed: int, duck: Asked, tmp_path: Path) -> None:
    duck.fill(world(seed), tmp_path)
    for answer in ask(duck):
        told = json.loads(json.dumps(answer.as_json(), allow_nan=False))
        assert list(told) == ["name", "question", "answer", "columns", "rows"]
        assert told["columns"] == list(answer.columns)
        texts = answer.texts()
        assert len(texts) == len(told["rows"]) == len(answer.rows)
        for row, text in zip(answer.rows, texts, strict=True):
            assert [cell == "" for cell in text] == [value is None for value in row]


def test_json_holds_times_as_iso_text_and_decimals_as_numbers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    added(monkeypatch, "-- answer: {day:day}")
    row = {"day": date(2018, 11, 1), "moment": datetime(2018, 11, 1, 2, 3), "sum": Decimal("1.5")}
    (answer,) = ask(Told(row | {"none": None}))
    assert answer.as_json()["rows"] == [["2018-11-01", "2018-11-01T02:03:00", 1.5, None]]


def test_all_questions_come_in_their_order() -> None:
    names = [answer.name for answer in ask(Told())]
    assert names == list(questions())
    assert [name for name in names if name in SHIPPED] == list(SHIPPED)
    assert [answer.name for answer in ask(Told(), [])] == names


def test_names_are_taken_in_any_case_with_dashes_once_and_in_the_asked_order() -> None:
    reader = Told()
    answers = ask(reader, ["Top-Songs", "gender", " top_songs", "DECADES"])
    assert [answer.name for answer in answers] == ["top_songs", "gender", "decades"]
    assert reader.asked == [answer.sql for answer in answers]


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["1"], ["top_songs"]),
        (["2", "TOP-SON"], ["busiest_hours", "top_songs"]),
        (["weekday"], ["busiest_weekdays"]),
        (["day of the week"], ["busiest_weekdays"]),
        (["which", "day", "of", "the", "week"], ["busiest_weekdays"]),
        (["gender", "phone or computer?"], ["gender", "devices"]),
    ],
)
def test_a_question_is_found_by_number_part_or_words(names: list[str], found: list[str]) -> None:
    assert [answer.name for answer in ask(Told(), names)] == found


def test_words_that_fit_more_than_one_question_name_them() -> None:
    with pytest.raises(UsageError, match="questions fit 'top': top_songs, top_artists") as caught:
        ask(Told(), ["gender", "top"])
    assert caught.value.details["suggestions"][:2] == ["top_songs", "top_artists"]


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("top-artisd", "Did you mean top_artists? `sparkify ask --list` lists them all."),
        ("zzz", "`sparkify ask --list` lists them all."),
    ],
)
def test_an_unknown_name_is_a_usage_error_before_anything_is_asked(name: str, advice: str) -> None:
    reader = Told()
    with pytest.raises(UsageError) as caught:
        ask(reader, ["gender", name])
    assert caught.value.reason == f"there is no question {name!r}"
    assert caught.value.next_step == advice
    assert reader.asked == []


def test_a_statement_that_fails_is_named_not_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    added(monkeypatch, "-- answer: {one}.")
    reader = Told()

    def fail(statements: Sequence[str]) -> list[Table]:
        raise WarehouseError(f"{statements[0]}: no such column", "", position=7)

    monkeypatch.setattr(reader, "read_all", fail)
    with pytest.raises(WarehouseError) as caught:
        ask(reader)
    assert caught.value.reason == "question extra: no such column"
    assert caught.value.next_step == "`sparkify ask extra --sql` shows its statement."
    assert caught.value.details == {"position": 7}


def test_one_file_is_enough_for_a_new_question(monkeypatch: pytest.MonkeyPatch) -> None:
    added(
        monkeypatch,
        "-- answer: {day} had most{ties}: {plays:count play}[, before {next.day}].\n"
        "-- lead: plays\n-- tie: {day}\n-- columns: day, plays:count\n-- rows: 2\n"
        "-- coverage: Of {total:count play}.\n-- note: Only a test.\n-- chart: bar x=day y=plays",
    )
    days: list[tuple[str, Any]] = [("Mon", 1), ("Tue", None), ("Wed", 3000), ("Thu", 3000)]
    rows = [{"day": day, "plays": plays, "total": 6001} for day, plays in days]
    assert ask(Told(*rows)) == [
        Answer(
            name="extra",
            question="What?",
            answer="Wed had most, tied with Thu: 3,000 plays, before Mon.",
            columns=("day", "plays"),
            rows=(("Mon", 1), ("Tue", None)),
            coverage="Of 6,001 plays.",
            note="Only a test.",
            group="other",
            chart="bar x=day y=plays",
            sql="SELECT 1",
            formats=("", "count"),
        )
    ]


def test_a_bare_question_shows_all_its_columns_and_leads_with_its_first_row(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    added(monkeypatch, "-- answer: {day}[ before {next.day}].")
    (answer,) = ask(Told({"day": "Mon", "plays": 1}, {"day": "Tue", "plays": 2}))
    assert (answer.answer, answer.columns) == ("Mon.", ("day", "plays"))
    assert answer.formats == ("", "count")
    assert (answer.coverage, answer.note, answer.chart) == (None, None, None)


def test_a_lead_that_is_null_everywhere_is_the_first_row(monkeypatch: pytest.MonkeyPatch) -> None:
    added(monkeypatch, "-- answer: {day}.\n-- lead: plays")
    (answer,) = ask(Told({"day": "Mon", "plays": None}, {"day": "Tue", "plays": None}))
    assert answer.answer == "Mon."


def test_what_is_needed_and_zero_gives_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    added(monkeypatch, "-- answer: {day}.\n-- needs: plays\n-- empty: Nothing.")
    for plays in (0, None):
        (answer,) = ask(Told({"day": "Mon", "plays": plays}))
        assert (answer.answer, answer.rows, answer.columns) == ("Nothing.", (), ("day", "plays"))


def test_without_an_answer_the_leading_row_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    rows: list[Row] = [
        {"city": "Rome", "pay_share": 0.125, "plays": 1234, "user_id": 1234, "tied": 1},
        {"city": None, "pay_share": None, "plays": 9000, "user_id": None, "tied": 1},
    ]
    added(monkeypatch, "")
    (answer,) = ask(Told(*rows))
    assert answer.columns == ("city", "pay_share", "plays", "user_id")
    assert answer.formats == ("", "percent", "count", "")
    assert answer.answer == (
        "First of 2 rows: city Rome, pay share 12.5%, plays 1,234, user id 1234."
    )
    added(monkeypatch, "-- lead: plays\n-- columns: city, plays:count play")
    (answer,) = ask(Told(*rows))
    assert answer.answer == "First of 2 rows: city unknown, plays 9,000 plays."
    added(monkeypatch, "")
    (answer,) = ask(Told({"hours": Decimal("1.25"), "mean": 2.0, "sure": True}))
    assert answer.answer == "Hours 1.2, mean 2, sure True."
    assert answer.formats == ("number", "number", "")


@pytest.mark.parametrize(
    ("header", "what"),
    [
        ("-- answer: {plas} plays.", "no such column: 'plas'; there are day, plays"),
        ("-- answer: {plays:euros}.", "no such format: 'euros'; there are plain, count, "),
        ("-- answer: {day:count}.", "'Mon' cannot be written as a count"),
        ("-- answer: {plays:day}.", "1 cannot be written as a day"),
        ("-- answer: {day.", "expected '}' before end of string"),
        ("-- columns: dya, plays:count", "no such column: 'dya'; there are day, plays"),
        ("-- columns: day:percent", "'Mon' cannot be written as a percent"),
        ("-- columns: day:euros", "no such format: 'euros'; there are plain, count, "),
        ("-- lead: plas", "no such column: 'plas'; there are day, plays"),
        ("-- needs: plas", "no such column: 'plas'; there are day, plays"),
        ("-- rows: many", "invalid literal for int() with base 10: 'many'"),
        ("-- order: last", "order is no number: 'last'"),
    ],
)
def test_a_header_that_does_not_fit_is_told_with_its_file(
    header: str, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    added(monkeypatch, header)
    with pytest.raises(HeaderError) as caught:
        ask(Told({"day": "Mon", "plays": 1}))
    assert caught.value.reason.startswith(f"extra.sql: {what}")
    assert "docs/questions.md" in caught.value.next_step
