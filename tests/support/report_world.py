"""A small warehouse to report on, with listeners and songs that would harm a careless page."""

from __future__ import annotations

import json
from pathlib import Path

from command_line import call

TITLE = '</script><script>alert("title")</script><img src=x onerror=alert(1)>'
ARTIST = '=HYPERLINK("http://evil.example";"x")'
TURNED = "\u202eevitcelfeR \x1b[31m {{ 7 * 7 }}"
FIRST_NAME, LAST_NAME = "Zebulon<i>", "Quartermain"
PLAYS = 90


def load(folder: Path, database: Path) -> None:
    """Generate three weeks of listening, add hostile plays and bad records, and load all."""
    made = call("generate", str(folder), *["--songs", "60", "--users", "25", "--days", "20"])
    assert made.exit_code == 0, made.output
    log = folder / "log_data/2018/11/hostile-events.json"
    log.write_text("\n".join(_lines()) + "\n", encoding="utf-8")
    done = call(
        *("etl", "--no-answers", "--database", str(database)),
        *("--log-data", str(folder / "log_data"), "--song-data", str(folder / "song_data")),
        *("--log-jsonpath", str(folder / "log_json_path.json")),
    )
    assert done.exit_code == 0, done.output


def _lines() -> list[str]:
    play = {
        "page": "NextSong",
        "userId": "999001",
        "sessionId": 999001,
        "firstName": FIRST_NAME,
        "lastName": LAST_NAME,
        "level": "paid",
        "gender": "F",
        "location": TITLE,
        "length": 200.5,
        "userAgent": TITLE,
    }
    songs = [(TITLE, ARTIST)] * PLAYS + [(TURNED, TURNED)] * (PLAYS - 1)
    lines = [
        json.dumps(
            play
            | {"song": song, "artist": artist, "itemInSession": item}
            | {"ts": 1541894400000 + item * 600_000}
        )
        for item, (song, artist) in enumerate(songs)
    ]
    broken = json.dumps(play | {"itemInSession": 900, "ts": 1541894400000, "lastName": {"x": 1}})
    return [*lines, f'{{"lastName": "{LAST_NAME}", "ts": {TITLE}', broken]
