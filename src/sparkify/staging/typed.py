"""Records that a typed decoder vouches for: the strict path copies them as bytes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from .rules import PLAY_PAGE, Field, Type
from .validate import Record, Rejection, as_line, judge

_ODD_ESCAPE = re.compile(rb"\\u(?:00[0-7]|[dD][89a-fA-F])")
"""U+0000, half of a surrogate pair, or ASCII: it may hide a known key."""
_ODD_COLON = re.compile(rb"[ \t\r]:")
_BYTES_A_CHARACTER = 4


class LineJudge:
    """Turns records into lines that the bulk path reads, each to the values that are staged of it.

    Most records pass a typed decoder and are their own line; the validator judges the others.
    """

    def __init__(self, fields: Sequence[Field]) -> None:
        import msgspec  # a load without doubtful files needs none

        self._fields = fields
        there = [field for field in fields if field.key]
        struct: Any = msgspec.defstruct(
            "Record",
            [(field.column, _type(field), msgspec.UNSET) for field in there],
            rename={field.column: field.key for field in there},
            gc=False,
        )
        self._decode = msgspec.json.Decoder(struct).decode
        self._values, self._unset = msgspec.structs.astuple, msgspec.UNSET
        self._errors = (msgspec.DecodeError, RecursionError)
        keys = b"|".join(re.escape(field.key.encode()) for field in there)
        self._keys = re.compile(rb'"(?:%s)"' % keys)
        self._size = len(there)
        places = {field.column: place for place, field in enumerate(there)}
        self._required = [places[field.column] for field in there if field.required]
        self._texts = [places[field.column] for field in there if field.required and field.width]
        # A column that the JSONPaths file leaves out is as good as one that is unset: the last.
        self._play = [places.get(column, -1) for column in ("page", "userid", "level")]
        self._odd = True

    def look(self, data: bytes) -> None:
        """Look for what is odd in the data of the records that follow: mostly there is nothing."""
        self._odd = _is_odd(data)

    def __call__(self, record: bytes) -> bytes | Rejection:
        """Return the line for a record, or why it cannot be staged."""
        if not (self._odd and _is_odd(record)) and self._passes(record):
            return record
        outcome: Record | Rejection = judge(record, self._fields)
        return outcome if isinstance(outcome, Rejection) else as_line(outcome, self._fields)

    def _passes(self, record: bytes) -> bool:
        """Return whether a record surely breaks no rule, unless it is odd."""
        try:
            values = (*self._values(self._decode(record)), self._unset)
        except self._errors:
            return False
        unset = self._unset
        for place in self._required:
            if values[place] is unset:
                return False
        for place in self._texts:
            if values[place][-1:] in ("", " "):
                return False
        page, user, level = self._play
        if values[page] == PLAY_PAGE and not (values[user] and values[level]):
            return False
        if record.count(b'":') == self._size - values.count(unset) + 1:
            return True
        keys = self._keys.findall(record)  # a key stands twice, or a text looks like one
        return len(keys) == len(set(keys))


def _is_odd(data: bytes) -> bool:
    """Return whether data holds what the decoder does not see."""
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return bool(_ODD_ESCAPE.search(data) or _ODD_COLON.search(data))


def _type(field: Field) -> Any:
    """Return the type of a field, narrow rather than wide."""
    from msgspec import Meta, UnsetType

    kind: Any
    if field.values:
        kind = Literal[field.values]
    elif field.width:
        kind = Annotated[str, Meta(max_length=field.width // _BYTES_A_CHARACTER)]
    elif field.type is Type.USER_ID:
        digits = Annotated[str, Meta(pattern=r"^(?:0|[1-9][0-9]{0,11})?\Z")]
        kind = digits | Annotated[int, Meta(ge=int(field.low), le=int(field.high))]
    elif field.type is Type.DOUBLE:
        kind = Annotated[float, Meta(ge=field.low, le=field.high)]
    else:
        kind = Annotated[float, Meta(ge=field.low, le=field.high, multiple_of=1)]
    return kind | UnsetType if field.required else kind | None | UnsetType
