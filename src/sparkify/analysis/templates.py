"""The template language in which a question's header writes its answer, and its defaults.

A template is text with fields in braces and optional parts in square brackets:

    {song} is played most{ties}: {plays:count play}[, then {next.song} with {next.plays:count}].

- `{column:format}` is a value of the leading row; `{next.column:format}` one of the row behind it.
- `[...]` is left out, with all that is in it, when one of its values is NULL or there is no next
  row. Parts do not nest.
- `{ties}` names who shares the lead (", tied with X, Y and 3 more"), or is nothing.

Formats, of a sentence's field or of a table's column:

    count            1,234            count play          1,234 plays, 1 play, no plays
    number           12.5             count person people 2 people
    percent          12.5% (of 0.125) number hour         12.5 hours, 1 hour
    change           12.5% more than  plural has have     has (of 1), have
    duration         12.5 minutes (of 750 seconds)
    hour             16:00 to 17:00   day                 2018-11-30
    decade           1990s            month               November 2018
    moment           2018-11-30 19:54

Without a format a value is written as it is. NULL is "unknown" in a sentence. Numbers are rounded
here and nowhere else. A question without columns or answer gets both from the names and values of
its columns, so that a file with a question and a statement already reads well.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from string import Formatter
from typing import Any

Row = Mapping[str, Any]
Format = Callable[[Any, Sequence[str]], str]

TIED = "tied"
"""The column that counts the rows that share the lead: for the sentence, not for the table."""

_NAMED_TIES = 3
_IDENTIFIERS = ("id", "year", "decade", "month", "week", "weekday", "day", "hour")
"""How columns end whose whole numbers identify something, and count nothing."""
_PART = re.compile(r"\[(?P<optional>[^\[\]]*)\]|(?P<plain>[^\[\]]+)")
_DECIMAL = re.compile(r"-?[\d,]+\.\d%?")
_WHOLE = re.compile(r"^-?[\d,]+(?=%?$)")
_DURATIONS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


def sentence(template: str, lead: Row, behind: Row | None = None, ties: str = "") -> str:
    """Return a template filled from the leading row, the row behind it and the words about ties.

    Raises ValueError when the template names a column or a format that does not exist.
    """
    text = phrase(template, lead, behind, ties)
    return text[:1].upper() + text[1:]


def phrase(template: str, lead: Row, behind: Row | None = None, ties: str = "") -> str:
    """Return a template filled as by `sentence`, its first letter as it is."""
    words = []
    for part in _PART.finditer(template):
        text = part["plain"] or part["optional"]
        if part["plain"] or None not in _values(text, lead, behind):
            words.append(_fill(text, lead, behind, ties))
    return "".join(words).strip()


def tied_with(others: Sequence[str], total: int) -> str:
    """Return the words about those who share the first place, for `{ties}`.

    others: names of those tied with the leader, as far as they are known, best first;
    total: how many are tied with the leader, known by name or not.
    """
    if total == 0:
        return ""
    names = list(others if total == len(others) <= _NAMED_TIES else others[: _NAMED_TIES - 1])
    if unnamed := total - len(names):
        names.append(f"{unnamed:,} more")
    return ", tied with " + " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def shown(value: Any, spec: str = "") -> str:
    """Return one value in a format; NULL gives "". Raises ValueError where it is none for that."""
    name, *words = spec.split() or ["plain"]
    if name not in FORMATS:
        raise ValueError(f"no such format: {name!r}; there are {', '.join(FORMATS)}")
    try:
        return "" if value is None else FORMATS[name](value, words)
    except (AttributeError, TypeError, ValueError):
        raise ValueError(f"{value!r} cannot be written as a {name}") from None


def column(values: Sequence[Any], spec: str = "") -> list[str]:
    """Return the values of a table's column as texts, all with a decimal where one has one.

    Raises ValueError as `shown` does.
    """
    texts = [shown(value, spec) for value in values]
    if spec not in ("number", "percent") or not any(map(_DECIMAL.fullmatch, texts)):
        return texts
    return [_WHOLE.sub(r"\g<0>.0", text) for text in texts]


def default_columns(
    names: Sequence[str], rows: Sequence[Row]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the columns to show, and the format of each, of a question that names none."""
    columns = tuple(name for name in names if name != TIED)
    return columns, tuple(_default_format(name, [row[name] for row in rows]) for name in columns)


def default_sentence(row: Row, total: int, names: Sequence[str], formats: Sequence[str]) -> str:
    """Return the leading one of `total` rows, column by column, as a sentence."""
    text = ", ".join(
        f"{name.replace('_', ' ')} {'unknown' if row[name] is None else shown(row[name], form)}"
        for name, form in zip(names, formats, strict=True)
    )
    if total > 1:
        return f"First of {total:,} rows: {text}."
    return f"{text[:1].upper()}{text[1:]}."


def _default_format(name: str, values: Iterable[Any]) -> str:
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int}:
        return "" if name.rpartition("_")[2] in _IDENTIFIERS else "count"
    if kinds and kinds <= {int, float, Decimal}:
        return "percent" if name.rpartition("_")[2] == "share" else "number"
    return ""


def _fill(text: str, lead: Row, behind: Row | None, ties: str) -> str:
    words = []
    for literal, field, spec, _ in Formatter().parse(text):
        words.append(literal)
        if field == "ties":
            words.append(ties)
        elif field is not None:
            value = _value(field, lead, behind)
            words.append("unknown" if value is None else shown(value, spec or ""))
    return "".join(words)


def _values(text: str, lead: Row, behind: Row | None) -> list[Any]:
    fields = [field for _, field, _, _ in Formatter().parse(text) if field not in (None, "ties")]
    return [_value(str(field), lead, behind) for field in fields]


def _value(field: str, lead: Row, behind: Row | None) -> Any:
    where, _, column = field.rpartition(".")
    if where not in ("", "next") or column not in lead:
        raise ValueError(f"no such column: {field!r}; there are {', '.join(lead)}")
    row = behind if where else lead
    return None if row is None else row[column]


def _plain(value: Any, words: Sequence[str]) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return str(value)


def _count(value: Any, words: Sequence[str]) -> str:
    figure = f"{int(value):,}"
    if not words:
        return figure
    return f"{'no' if value == 0 else figure} {_plural(value, words)}"


def _plural(value: Any, words: Sequence[str]) -> str:
    singular, plural = words if len(words) == 2 else (words[0], words[0] + "s")
    return singular if value == 1 else plural


def _number(value: Any, words: Sequence[str]) -> str:
    figure = f"{float(value):,.1f}".removesuffix(".0")
    return f"{figure} {_plural(1 if figure == '1' else 2, words)}" if words else figure


def _percent(value: Any, words: Sequence[str]) -> str:
    hundredths = round(float(value) * 100, 1)
    if hundredths == 0 < value:
        return "less than 0.1%"
    if hundredths == 100 and value < 1:
        return "more than 99.9%"
    return f"{hundredths:,.1f}".removesuffix(".0") + "%"


def _change(value: Any, words: Sequence[str]) -> str:
    if value == 0:
        return "as many as"
    return f"{_percent(abs(value), words)} {'more' if value > 0 else 'fewer'} than"


def _duration(value: Any, words: Sequence[str]) -> str:
    seconds = float(value)
    for size, unit in _DURATIONS:
        if seconds >= size:
            return _number(seconds / size, [unit])
    return _number(seconds, ["second"])


FORMATS: Mapping[str, Format] = {
    "plain": _plain,
    "count": _count,
    "plural": _plural,
    "number": _number,
    "percent": _percent,
    "change": _change,
    "duration": _duration,
    "hour": lambda value, _: f"{int(value):02d}:00 to {int(value) + 1:02d}:00",
    "decade": lambda value, _: f"{int(value)}s",
    "day": lambda value, _: value.isoformat()[:10],
    "month": lambda value, _: f"{calendar.month_name[value.month]} {value.year}",
    "moment": _plain,
}
