"""The statements of a load on Redshift, in their order: one batch, which is one transaction.

Redshift takes at most 40 statements in a batch (mg/data-api: BatchExecuteStatement), so statements
for a kind of record that a load has none of are left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple, get_args

from ...sources.files import Kind
from ...sql_queries import (
    Query,
    audit_queries,
    conflict_queries,
    enter_queries,
    folder,
    insert_table_queries,
    needed,
    rebuild_audit_queries,
    rebuild_queries,
    refuse_queries,
    reject_queries,
    settle_queries,
    total_queries,
    within_days,
)
from ...sql_queries.migrating import (
    MADE_ANEW,
    RETIRED,
    derive_queries,
    fill_queries,
    make_anew_queries,
    retire_queries,
)
from ...staging.rules import FIELDS
from .. import Run
from .filling import fill
from .vouching import ENCODED_TWICE, NOTHING, ODD_NAME, ODD_TEXT

MAX_STATEMENTS = 40
OVERTAKEN = "create_new_run"
"""The statement that fails when another load came first."""
AUDIT = "audit"
"""The statement that fails on the name of an audit that found rows."""
CONFLICTS = "conflicts_told"
"""The audit that finds that a record lost its key and is not among the rejects."""

_INTO = re.compile(r"load into table '?\"?(?P<table>\w+)", re.IGNORECASE)
_NO_NUMBER = re.compile(r"invalid (digit|input syntax)", re.IGNORECASE)
_LOAD = folder("redshift/load")
_DIRECT = folder("redshift/direct")
_DROP_TABLES = folder("redshift")["drop_tables"]
_MIGRATION = folder("redshift/migration")
_ARRIVED: dict[Kind, str] = {kind: f"copied_{kind}_arrived" for kind in get_args(Kind)}
_FORGET_REJECTS, _ENTER_REJECTS = reject_queries


class Step(NamedTuple):
    """One statement of a batch and what it is called."""

    name: str
    sql: str


@dataclass(frozen=True)
class Direct:
    """How COPY takes the files of one kind from the source bucket itself.

    prefixes: s3:// addresses that begin the new files and nothing else. region: the bucket's.
    json: 'auto', 'auto ignorecase' or the s3:// address of a JSONPaths file. columns: what its
    paths fill, in their order. packed: whether the files are gzip.
    """

    prefixes: tuple[str, ...]
    region: str
    json: str
    columns: tuple[str, ...]
    packed: bool = False


@dataclass(frozen=True)
class Batch:
    """What a load consists of.

    run: as the books will know it. base_run: the newest run when it was planned.
    role: the ARN of the role with which COPY reads.
    manifests: where COPY finds what was put into the work bucket: `files`, and where there are
    any, `rejects`, `events` and `songs`.
    direct: the kinds that COPY takes from the source bucket.
    conflicts: how many of the rejects lost their key to a greater record. displaced: how many of
    these were staged before, of each kind.
    days: those of the events, none where they are not known.
    after_refusals: whether rejects of refused runs are to be forgotten.
    """

    run: Run
    base_run: int
    role: str
    manifests: Mapping[str, str]
    direct: Mapping[Kind, Direct]
    conflicts: int = 0
    displaced: Counter[Kind] = field(default_factory=Counter)
    days: Collection[date] = ()
    after_refusals: bool = True

    def publish(self) -> list[Step]:
        """List the statements that stage, transform, audit and enter what was read."""
        kinds = self.run.plan.kinds
        told = {"conflicts": self.conflicts, "displaced": self.displaced.total()}
        audits = {CONFLICTS: fill(_LOAD[CONFLICTS], told)}
        audits |= {_ARRIVED[kind]: _DIRECT[_ARRIVED[kind]].sql for kind in self.direct}
        audits |= dict(self._within_days(needed(audit_queries, kinds)))
        return [
            *self._begin(),
            *self._rejects(),
            *self._settled(),
            *_plain((*enter_queries, *total_queries)),
            *self._within_days(needed(insert_table_queries, kinds, set(self.displaced))),
            _audited(audits),
        ]

    def refuse(self) -> list[Step]:
        """List the statements that enter a run as refused, with its rejects."""
        return [*self._begin(), *self._rejects(), *_plain(refuse_queries[-1:])]

    def find_conflicts(self) -> list[Step]:
        """List the statements that change nothing, and end by selecting which records lose."""
        return [*self._begin(), *self._settled(), *_plain(conflict_queries.values())]

    def _settled(self) -> list[Step]:
        """List the statements that make new_events and new_songs, each key once."""
        steps: list[Step] = []
        for kind in get_args(Kind):
            steps += self._records(kind)
        return [*steps, *self._within_days(needed(settle_queries, self.run.plan.kinds))]

    def _within_days(self, queries: Iterable[Query]) -> list[Step]:
        """Take statements as they are, but that they read no other days than the batch's."""
        return _plain(within_days(query, self.days) for query in queries)

    def _begin(self) -> list[Step]:
        run = self.run
        values: dict[str, str | int] = {
            "run_id": str(run.run_id),
            "base_run": self.base_run,
            "status": run.status,
            "started_at": run.started_at.isoformat(sep=" "),
            "finished_at": run.finished_at.isoformat(sep=" "),
            "files_new": str(len(run.plan.new)),
            "files_changed": str(len(run.plan.changed)),
            "files_skipped": str(run.plan.skipped),
            "events_mended": str(run.mended["events"]),
            "songs_mended": str(run.mended["songs"]),
            "mend_text": int(bool(run.staged_by.mend_text)),
            "jsonpaths_hash": run.staged_by.jsonpaths_hash or "",
        }
        return [
            *_plain((_LOAD["lock_ledger"], _LOAD["touch_warehouse_info"])),
            Step(OVERTAKEN, fill(_LOAD[OVERTAKEN], values)),
            Step("create_new_files", _LOAD["create_new_files"].sql),
            self._copy("copy_new_files", "files"),
        ]

    def _rejects(self) -> list[Step]:
        steps = _plain([_FORGET_REJECTS]) if self.after_refusals else []
        if "rejects" in self.manifests:
            steps.append(self._copy("copy_rejected_records", "rejects"))
        return steps

    def _records(self, kind: Kind) -> list[Step]:
        """List the statements that make new_events or new_songs; they are made even if empty."""
        direct = self.direct.get(kind)
        if direct is None:
            steps = [Step(f"create_new_{kind}", _LOAD[f"create_new_{kind}"].sql)]
            if kind in self.manifests:
                steps.append(self._copy(f"copy_new_{kind}", kind))
            return steps
        steps = [Step(f"create_copied_{kind}", _DIRECT[f"create_copied_{kind}"].sql)]
        for prefix in direct.prefixes:
            values = {
                "source": prefix,
                "role": self.role,
                "json": direct.json,
                "region": direct.region,
            }
            parts = {
                "columns": ", ".join(direct.columns),
                "packing": "GZIP" if direct.packed else "",
            }
            name = f"copy_copied_{kind}"
            steps.append(Step(name, fill(_DIRECT[name], values, parts)))
        mends = self.run.staged_by.mend_text
        patterns: dict[str, str | int] = {
            "odd_name": ODD_NAME,
            "odd_text": ODD_TEXT,
            "encoded_twice": ENCODED_TWICE if mends else NOTHING,
        }
        convert = f"convert_{kind}"
        return [*steps, Step(convert, fill(_DIRECT[convert], patterns))]

    def _copy(self, name: str, manifest: str) -> Step:
        values = {"manifest": self.manifests[manifest], "role": self.role}
        return Step(name, fill(_LOAD[name], values))


def rebuild() -> list[Step]:
    """List the statements that compute the star schema anew from what is staged."""
    inputs = [
        _LOAD[f"{name}_{kind}"] for kind in get_args(Kind) for name in ("all_as_new", "none_ranked")
    ]
    begin = (_LOAD["lock_ledger"], _LOAD["touch_warehouse_info"])
    return [
        *_plain([*begin, *inputs, *rebuild_queries]),
        _audited({query.name: query.sql for query in rebuild_audit_queries}),
    ]


def migration(
    values: Mapping[str, str | int], role: str, manifests: Mapping[str, str]
) -> list[Step]:
    """List the statements that bring tables of an older version up to date.

    values: of `create_migration.sql`. role: the ARN with which COPY reads. manifests: where it
    finds the rows of mended_texts, if there are any.
    """
    inputs = [
        _LOAD[f"{name}_{kind}"] for kind in get_args(Kind) for name in ("all_as_new", "none_ranked")
    ]
    copies = [
        fill(_MIGRATION["copy_mended_texts"], {"manifest": m, "role": role})
        for m in manifests.values()
    ]
    audits = [*rebuild_audit_queries, _MIGRATION["moments_kept"]]
    return [
        *_plain([_MIGRATION["lock_ledger"]]),
        Step(OVERTAKEN, fill(_MIGRATION["create_migration"], values)),
        *_plain([_MIGRATION["create_mended_texts"]]),
        *(Step("copy_mended_texts", copy) for copy in copies),
        *_plain(retire_queries),
        dropped(table for table in MADE_ANEW if table not in RETIRED),
        *_plain([*make_anew_queries, *fill_queries]),
        dropped(("older_events", "older_runs")),
        *_plain([*inputs, *derive_queries]),
        _audited({query.name: query.sql for query in audits}),
    ]


def reading_steps(kind: Kind) -> tuple[str, ...]:
    """Name the statements that fail when COPY cannot take the files of a kind by itself."""
    return (f"copy_copied_{kind}", f"convert_{kind}", _ARRIVED[kind])


def failed_step(name: str, number: int, message: str) -> str:
    """Name the statement that failed: by its number, else by what its error says.

    That is the table that could not be loaded, or the word that could not be cast; "" where it
    tells nothing. Of audits that found rows and do not tell which, conflicts are the likeliest.
    name, number, message: as of a StatementError.
    """
    if number >= 0 and name != AUDIT:
        return name
    if into := _INTO.search(message):
        return f"copy_{into['table']}"
    words = {"another load came first": OVERTAKEN}
    words |= {"an event breaks a rule": "convert_events", "a song breaks a rule": "convert_songs"}
    words |= {name: name for name in (CONFLICTS, *_ARRIVED.values())}
    words |= {query.name: query.name for query in audit_queries}
    unnamed = CONFLICTS if name == AUDIT and _NO_NUMBER.search(message) else name
    return next((step for word, step in words.items() if word in message), unnamed)


def columns_of(kind: Kind) -> tuple[str, ...]:
    """Name the columns of a staging table in their order."""
    return tuple(field.column for field in FIELDS[kind])


def dropped(tables: Iterable[str]) -> Step:
    """Remove tables in one statement."""
    return Step("drop_tables", fill(_DROP_TABLES, parts={"tables": ", ".join(tables)}))


def _plain(queries: Iterable[Query]) -> list[Step]:
    return [Step(query.name, query.sql) for query in queries]


def _audited(audits: Mapping[str, str]) -> Step:
    """Turn audits into one statement that fails: a batch has no way to look at rows and stop."""
    findings = [
        fill(_LOAD["findings"], {"audit": name}, {"audit_query": sql.replace("\n", "\n    ")})
        for name, sql in audits.items()
    ]
    parts = {"findings": "\nUNION ALL\n".join(findings).replace("\n", "\n    ")}
    return Step(AUDIT, fill(_LOAD["nothing_found"], {}, parts))
