"""One record judged by the bulk path (DuckDB and SQL) and by the strict path (Python).

The bulk path is asked about many records at once, as lines of one file; each names itself under a
key of its own, as records of joined song files do.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from sparkify.sources.files import Kind
from sparkify.sql_queries import folder
from sparkify.staging.rules import EVENT_FIELDS, FIELDS, Type
from sparkify.staging.validate import Rejection, as_staged, judge
from sparkify.warehouse.duckdb import file_loaders

Row = tuple[Any, ...]
Verdict = Row | str
"""The row that is staged, or why the bulk path will not take the record: REFUSED or DOUBTED."""

REFUSED, DOUBTED = "refused", "doubted"
KEYS = tuple(field.key for field in EVENT_FIELDS)
_NUMBER_KEY = "number of the record"

BASE: dict[Kind, dict[str, Any]] = {
    "events": {
        "artist": "Elena",
        "auth": "Logged In",
        "firstName": "Chloe",
        "gender": "F",
        "itemInSession": 5,
        "lastName": "Cuevas",
        "length": 269.58322,
        "level": "paid",
        "location": "Lake Havasu City-Kingman, AZ",
        "method": "PUT",
        "page": "NextSong",
        "registration": 1540919166796.0,
        "sessionId": 818,
        "song": "Setanta matins",
        "status": 200,
        "ts": 1542837407796,
        "userAgent": '"Mozilla/5.0 (Windows NT 6.1; WOW64)"',
        "userId": "15",
    },
    "songs": {
        "num_songs": 1,
        "artist_id": "AR5KOSW1187FB35FF4",
        "artist_latitude": 49.80388,
        "artist_longitude": 15.47491,
        "artist_location": "Dubai UAE",
        "artist_name": "Elena",
        "song_id": "SOZCTXZ12AB0182364",
        "title": "Setanta matins",
        "duration": 269.58322,
        "year": 2006,
    },
}


def line(kind: Kind, changes: dict[str, str] | None = None, **values: Any) -> bytes:
    """A good record on a line. changes: JSON text by key; values: other values of the base."""
    texts = {key: json.dumps(value) for key, value in (BASE[kind] | values).items()}
    texts |= changes or {}
    return ("{" + ",".join(f'"{key}":{text}' for key, text in texts.items()) + "}").encode()


def strict(kind: Kind, record: bytes) -> Row | Rejection:
    """The row that the strict path stages, or why it rejects the record."""
    fields = FIELDS[kind]
    outcome = judge(record, fields)
    return outcome if isinstance(outcome, Rejection) else as_staged(outcome, fields)


class BulkPath:
    """DuckDB with the macros and the tables of a load. folder: for a file of its own."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "records.ndjson"
        self._connection = duckdb.connect(config={"threads": 1})
        for macro in file_loaders.MACROS:
            self._connection.execute(macro.sql)
        for name in ("create_new_events", "create_new_songs"):
            self._connection.execute(_SQL[name].sql)

    def close(self) -> None:
        self._connection.close()

    def judge(self, kind: Kind, records: Sequence[bytes]) -> list[Verdict]:
        """What becomes of each record, which must begin with a brace and be one line."""
        named = [_named(number, record) for number, record in enumerate(records)]
        taken = self._readable(kind, named, self._not_broken(kind, named))
        verdicts: list[Verdict] = [REFUSED] * len(records)
        for *row, number, doubt in self._read(kind, [named[number] for number in taken]):
            verdicts[number] = DOUBTED if doubt else tuple(row)
        return verdicts

    def _not_broken(self, kind: Kind, lines: list[bytes]) -> list[int]:
        """Records of which DuckDB makes something, errors ignored: few that it will not read."""
        rows = self._all_columns(kind, lines, "ignore_errors = TRUE")
        return sorted({int(row[-1]) for row in rows if row[-1] is not None})

    def _readable(self, kind: Kind, named: list[bytes], numbers: list[int]) -> list[int]:
        """Those of some records that DuckDB reads without an error."""
        try:
            self._all_columns(kind, [named[number] for number in numbers], "ignore_errors = FALSE")
        except file_loaders.DataErrors:
            if len(numbers) == 1:
                return []
            half = len(numbers) // 2
            parts = numbers[:half], numbers[half:]
            return [number for part in parts for number in self._readable(kind, named, part)]
        return numbers

    def _all_columns(self, kind: Kind, lines: list[bytes], option: str) -> list[Row]:
        self._write(lines)
        query = (
            "SELECT COLUMNS(*)::VARCHAR"
            f" FROM read_json($f, columns = $c, format = 'newline_delimited',"
            f" hive_partitioning = FALSE, {option})"
        )
        parameters = {"f": str(self._path), "c": _columns(kind)}
        return self._connection.execute(query, parameters).fetchall()

    def _read(self, kind: Kind, lines: list[bytes]) -> list[Row]:
        """Staged columns, number and doubt of each record."""
        self._write(lines)
        parameters: dict[str, Any] = {
            "files": [str(self._path)],
            "columns": _columns(kind),
            "mend_text": False,  # the fields of FIELDS do not mend either
        }
        if kind == "songs":
            return self._new(kind, parameters, len(lines))
        rows = self._new(kind, parameters | {"source_files": [-1]}, len(lines))
        files = {"source_files": [row[-2] for row in rows]}
        found = self._connection.execute(_SQL["file_doubts_events"].sql, files).fetchall()
        doubts = {number: doubtful for number, _, doubtful in found}
        return [(*row, number, doubts[number]) for *row, number, _ in rows]

    def _new(self, kind: Kind, parameters: dict[str, Any], records: int) -> list[Row]:
        self._connection.execute(f"DELETE FROM new_{kind}")
        self._connection.execute(_SQL[f"read_{kind}"].sql, parameters)
        rows = self._connection.execute(_ROWS[kind]).fetchall()
        assert len(rows) == records
        return rows

    def _write(self, lines: list[bytes]) -> None:
        self._path.write_bytes(b"".join(line + b"\n" for line in lines))


_SQL = folder("duckdb")
_ROWS: dict[Kind, str] = {
    "events": "SELECT * EXCLUDE (event_ms, is_mended) FROM new_events",  # which is ts once more
    "songs": "SELECT * EXCLUDE (is_mended) FROM new_songs",
}


def _columns(kind: Kind) -> dict[str, str]:
    return file_loaders.columns(FIELDS[kind], _NUMBER_KEY)


def _named(number: int, record: bytes) -> bytes:
    record = record.lstrip(b" \t\r")
    assert record.startswith(b"{")
    assert b"\n" not in record
    comma = b"" if record[1:].strip() == b"}" else b","
    return b'{"%s":%d%s' % (_NUMBER_KEY.encode(), number, comma + record[1:])


# Ways to write a number, and texts that look like something else.

ODD_NUMBERS = (
    *("0", "-0", "0.0", "-0.0", "00", "01", "-01", "+1", "1.", ".5", "-", "--1", "1_0", "0x10"),
    *("1e3", "1E3", "1e+3", "1e-3", "1.0e0", "0e0", "0e999", "0e-999", "-0e5", "1e", "1e+", "e1"),
    *("1e400", "-1e400", "1e-400", "5e-324", "2.5e-324", "1.7976931348623159e308"),
    *("9007199254740993", "9007199254740993.0", "9223372036854775808", "18446744073709551616"),
    *("9000000000000", "9e12", "90e11", "9000000000000.0005", "9000000000000.0001"),
    *("9000000000001", "999999.0000000001", "0.99999999999999999999", "1.00000000000000000001"),
    *("123456789012345678901234567890", "1" * 400, "1" * 401, "-" + "1" * 401, "1" * 5000),
    *(f"1{'0' * 30}e-30", f"0.{'0' * 50}1", "-0.0000000001", "86400.00000000001"),
    *("86400.000000000001", "1540919166796.0", "1540919166796.5", "1.540919166796e12"),
    *("15409191667960e-1", "1540919166796e0", "1540919166795.99999999999"),
    *("true", "false", "null", "tRue", "nul", "nan", "NaN", "inf", "Infinity", "-Infinity"),
    *('""', '" "', '"7"', '" 7"', '"7 "', '"7   "', '"07"', '"+7"', '"-7"', '"-0"', '"7.0"'),
    *('"7e0"', '"\\u0037"', '"\u0663"', '"\uff17"', '"7\\n"', '"7\\t"', '"7\\u0000"', '"\\"7\\""'),
    *('"7\\""', '"9000000000000"', '"9000000000001"', '"99999999999999999999999999"', '"1_0"'),
    *(f'"{"0" * 500}7"', f'"{"1" * 401}"', '"1,000"', '"0x7"', '"NaN"', '"inf"', '"null"'),
    *("[]", "[7]", "{}", '{"a":7}', '{"ts":7}', "[null]", " 7 ", "7 7", "7,", "\t7"),
)
ODD_TEXTS = (
    *('"a"', '"\u00e9"', '"\\u00e9"', '"\U0001f3a7"', '"\\ud83c\\udfa7"', '"e\u0301"', '"\ufeff"'),
    *('"\\u0000"', '"a\\u0000b "', '"\\ud800"', '"\\udc00\\ud800"', '"\\uD83C "', '"\\uZZZZ"'),
    *(
        '" "',
        '"  a  "',
        '"a\\u0020"',
        '"a\\u00a0"',
        '"a\\t"',
        '"a\\n "',
        '"\t"',
        '"\x01"',
        '"\x7f"',
    ),
    *('"\u2028"', '"\u0085"', '"\ufffd"', '"\uffff"', '"\\/"', '"\\\\"', '"\\""', '"\\x"', "'a'"),
    *('"\\"quoted\\""', '"\\u0022"', '"NextSong "', '"next song"', '"free "', '"FREE"', '" free"'),
    *('"-"', '"+"', '"-5"', '"5"', '"5 "', '" 5"', '"05"', '"5.0"', '"1e5"', '"1-2"', '"."'),
    *('"[1]"', '"[1"', '"\\u005b1]"', '"[NaN]"', '"[]"', '"{}"', '"{\\"a\\": 1}"', '"{\\"a\\":1}"'),
    *('"null"', '"null "', '"true"', '"false"', '"NaN"', '"nan"', '"Infinity"', '"inf"', '"-inf"'),
    *(
        "1",
        "-1",
        "5.0",
        "5e0",
        "1.5",
        '["a"]',
        '{"a":"b"}',
        "[1,]",
        '{"a":1,}',
        "/*c*/1",
        '"a" "b"',
    ),
    *('"' + "1" * 30 + '"', '"' + "e" * 3000 + '"', '"' + " " * 3000 + '"'),
)
TEXTS = (Type.TEXT, Type.TEXT_OR_NUMBER)
