"""The settings that what is staged depends on: a warehouse keeps those of its first load."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import SettingsError

_OR_ANEW = "or load everything anew, into another DATABASE or after `sparkify create-tables --drop`"


@dataclass(frozen=True)
class StagedBy:
    """The settings that what is staged depends on; None before anything is.

    mend_text: whether text that was encoded twice is mended. jsonpaths_hash: of the keys of the
    JSONPaths file, in the order of staging_events.
    """

    mend_text: bool | None = None
    jsonpaths_hash: str | None = None

    @staticmethod
    def read(mend_text: int | None, jsonpaths_hash: str | None) -> StagedBy:
        """Return the settings that a row of warehouse_info holds."""
        return StagedBy(None if mend_text is None else bool(mend_text), jsonpaths_hash)

    @staticmethod
    def now(mend_text: bool, keys: Sequence[str]) -> StagedBy:
        """Return the settings of a load. keys: the JSON key of each column of staging_events."""
        return StagedBy(mend_text, hashlib.sha256("\n".join(keys).encode()).hexdigest())

    def require_kept(self, kept: StagedBy) -> None:
        """Raise SettingsError when a load has other settings than the warehouse was loaded with."""
        if kept.mend_text not in (None, self.mend_text):
            was, now = (str(value).lower() for value in (kept.mend_text, self.mend_text))
            raise SettingsError(
                f"[ETL] MEND_TEXT is {now}, and this warehouse was loaded with {was}; nothing was "
                "loaded",
                f"Set MEND_TEXT = {was}, {_OR_ANEW}.",
                setting="[ETL] MEND_TEXT",
                kept=was,
            )
        if kept.jsonpaths_hash not in (None, self.jsonpaths_hash):
            raise SettingsError(
                "[S3] LOG_JSONPATH names other fields than those that this warehouse was loaded "
                f"with (the hash of their names was {kept.jsonpaths_hash}, and is "
                f"{self.jsonpaths_hash}); nothing was loaded",
                f"Set LOG_JSONPATH as it was, {_OR_ANEW}.",
                setting="[S3] LOG_JSONPATH",
                kept=kept.jsonpaths_hash,
            )
