"""Whose tables a database holds: what has our names and is not ours is left as it is."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from ..errors import WarehouseError
from ..sql_queries import TABLES, VIEWS, folder

_INFO = "warehouse_info"
COLUMNS = set(re.findall(r"^    (\w+) ", folder("tables")[_INFO].sql, re.MULTILINE))
_NAMES = {*TABLES, *VIEWS, "new_events", "new_songs"}
"""What a load makes, also for a while."""

_COLUMNS_OF_VERSION_1 = {"schema_version"}
_NAMES_SINCE_VERSION_2 = {"newest_plays", "load_lock", "sessions"}


def holds_warehouse(present: Iterable[tuple[str, str]], where: str, next_step: str) -> bool:
    """Return whether a database holds our tables; False where it holds none of our names.

    present: the name of every table and view, and for warehouse_info those of its columns.
    where, next_step: how to call the database, and what to do when it is somebody else's.
    Raises WarehouseError when it holds tables of our names that this program did not make.
    """
    found = list(present)
    names = {name for name, _ in found}
    columns = {column for name, column in found if name == _INFO}
    theirs = _NAMES & names
    if is_ours := columns >= COLUMNS:
        theirs = set()
    elif is_ours := columns == _COLUMNS_OF_VERSION_1:
        theirs &= _NAMES_SINCE_VERSION_2
    if theirs:
        raise not_ours(sorted(theirs), where, next_step)
    return is_ours


def not_ours(names: Collection[str], where: str, next_step: str) -> WarehouseError:
    """Return the error that names tables of somebody else."""
    return WarehouseError(
        f"{where} has tables of its own under names that Sparkify needs: {', '.join(names)}; "
        "nothing in it was changed",
        next_step,
        tables=list(names),
    )
