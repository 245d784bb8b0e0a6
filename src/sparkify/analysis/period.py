"""The part of the data that questions are asked about: a period, a level."""

from __future__ import annotations

import re
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from ..errors import UsageError
from ..sql_queries import Query, folder, part_of
from ..warehouse import Reader

LEVELS = ("free", "paid")
_DAYS = re.compile(r"([0-9]{1,5})d")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WHY = {
    "as_of": "it looks at all plays up to a day, which --until names",
    "none": "it is not about a period",
    "level": "it cannot be asked of one level",
}


@dataclass(frozen=True)
class Filters:
    """The events that count: from the day `since`, before the day `until` (UTC), at a level.

    Raises UsageError for an empty period and for a level that there is not.
    """

    since: date | None = None
    until: date | None = None
    level: str | None = None

    def __post_init__(self) -> None:
        if self.level not in (None, *LEVELS):
            raise UsageError(
                f"there is no level {self.level!r}", f"There are {' and '.join(LEVELS)}."
            )
        if self.since and self.until and self.since >= self.until:
            raise UsageError(
                f"the period is empty: --since {self.since} is not before --until {self.until}",
                "The day of --until is not in the period; name a later one.",
            )

    @property
    def given(self) -> tuple[str, ...]:
        """The names of the filters that are set."""
        return tuple(name for name, value in vars(self).items() if value is not None)

    def only(self, names: Collection[str]) -> Filters:
        """Return these filters without those of other names."""
        return replace(self, **{name: None for name in self.given if name not in names})

    def narrowed(self, sql: str) -> str:
        """Return a SELECT as it is asked of these events only."""
        return part_of(sql, self.since, self.until, self.level)

    @property
    def phrase(self) -> str:
        """The filters in words, as a sentence begins with them; "" where there are none."""
        last = self.until and self.until - timedelta(days=1)
        words = f"at the {self.level} level" if self.level else ""
        if self.since and last:
            period = f"on {last}" if self.since == last else f"from {self.since} to {last}"
        elif self.since or last:
            period = f"since {self.since}" if self.since else f"up to {last}"
        else:
            period = ""
        text = ", ".join(filter(None, (period, words)))
        return text[:1].upper() + text[1:]

    def as_json(self) -> dict[str, Any]:
        """Return every filter by name, None where it is not set."""
        return {
            "since": self.since and self.since.isoformat(),
            "until": self.until and self.until.isoformat(),
            "level": self.level,
        }


NO_FILTERS = Filters()


def parsed(text: str) -> date | timedelta:
    """Return a day written as 2018-11-30, or a span of days written as 30d.

    Raises UsageError for any other text.
    """
    if days := _DAYS.fullmatch(text.strip()):
        return timedelta(days=int(days[1]))
    if _DAY.fullmatch(text.strip()):
        with suppress(ValueError):
            return date.fromisoformat(text.strip())
    raise UsageError(
        f"{text!r} is neither a day nor a number of days",
        "Write 2018-11-30, or 30d for the 30 days up to the newest play.",
    )


@dataclass(frozen=True)
class Wanted:
    """Filters as a user gives them, whose days may count back from the newest play."""

    since: date | timedelta | None = None
    until: date | timedelta | None = None
    level: str | None = None

    @property
    def given(self) -> bool:
        """Whether there is any filter."""
        return self != Wanted()

    def on(self, reader: Reader) -> Filters:
        """Return the filters for a warehouse; without plays in it there is no day to count from.

        Of 30d the day of the newest play is the last. Raises UsageError and WarehouseError.
        """
        newest = None
        if any(isinstance(one, timedelta) for one in (self.since, self.until)):
            [[newest]] = reader.read(folder("bookkeeping")["newest_play"].sql).rows

        def day(one: date | timedelta | None) -> date | None:
            if not isinstance(one, timedelta):
                return one
            return newest and newest.date() + timedelta(days=1) - one

        return Filters(day(self.since), day(self.until), self.level)


def applied(query: Query, filters: Filters, *, refuse: bool) -> Filters:
    """Return those filters that a question takes.

    refuse: raise UsageError where it does not take one of them.
    """
    strange = [name for name in filters.given if name not in query.takes]
    if strange and refuse:
        period = "level" if strange == ["level"] else query.header.get("period", "none")
        raise UsageError(
            f"{query.name} takes no --{' and no --'.join(strange)}: {_WHY[period]}",
            f"Leave out --{' and --'.join(strange)}.",
            name=query.name,
            filters=strange,
        )
    return filters.only(query.takes)
