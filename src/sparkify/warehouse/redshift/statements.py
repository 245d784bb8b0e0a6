"""The statements of a load on Redshift, in order: one batch, which is one transaction.

Redshift takes at most 40 statements in a batch (mg/data-api: BatchExecuteStatement), so statements
for a kind of record that a load has none of are left out. `:name` in a file of
`sql_queries/redshift` becomes a literal: the Data API takes no parameters for what COPY needs
(addresses, roles), so every value goes in through one strict quoting function.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple, get_args

from ... import sql_queries
from ...boto3_sql_util import quote_literal
from ...errors import UsageError
from ...sources.files import Kind
from ...sql_queries import Query, folder, migrating, needed, within_days
from .. import Run
from .copy_plan import ENCODED_TWICE, NOTHING, ODD_NAME, ODD_TEXT, Direct

OVERTAKEN = "another load came first"
"""What a statement fails on when another load published first."""
LOCKING = "lock_ledger"
"""The first statement of whatever changes the warehouse: it waits for the others."""
WAITING = "waiting for other loads"
AUDIT = "audit"
"""The statement that fails on the name of an audit that found rows."""
CONFLICTS = "conflicts_told"
"""The audit that finds records that lost their key and are not among the rejects."""

_PLACEHOLDER = re.compile(r"'(?:[^']|'')*'|:(?P<name>[a-z_]+)")
_INTO = re.compile(r"load into table '?\"?(?P<table>\w+)", re.IGNORECASE)
_NO_NUMBER = re.compile(r"invalid (digit|input syntax)", re.IGNORECASE)
_LOAD = folder("redshift/load")
_DIRECT = folder("redshift/direct")
_BEGIN = (_LOAD["lock_ledger"], _LOAD["touch_warehouse_info"])
_ALL_STAGED = tuple(
    _LOAD[f"{name}_{kind}"] for kind in get_args(Kind) for name in ("all_as_new", "none_ranked")
)
_DROP_TABLES = folder("redshift")["drop_tables"]
_GRANT = folder("redshift/grant")
_MIGRATION = folder("redshift/migration")
DAYS = "copied_days_known"
"""The audit that finds events of days that were not known when the load began."""
_IDENTITY = re.compile(
    r"IAMR?:[\w+=,.@-]+|arn:[\w-]+:(?:iam|sts)::\d+:(?P<kind>user|role|assumed-role)/(?P<path>[\w+=,.@/-]+)"
)
_ARRIVED: dict[Kind, str] = {kind: f"copied_{kind}_arrived" for kind in get_args(Kind)}
_STEP_NAME = re.compile(r"[a-z_]+")
_UNNAMED = re.compile(r"statement \d|the (?:batch|statement)\b")


def _names(*queries: Query) -> tuple[str, ...]:
    return tuple(query.name for query in queries)


_DOING = (
    (_names(*_BEGIN), WAITING),
    (
        ("copy_", "copied_", "create_copied", "create_new_events", "create_new_songs", "convert_"),
        "copying",
    ),
    (("unload_",), "unloading"),
    ((AUDIT,), "checking"),
    (_names(*sql_queries.settle_queries), "looking for repeated records"),
    (_names(*sql_queries.refuse_queries, *sql_queries.enter_queries), "entering the run"),
    (
        _names(*sql_queries.insert_table_queries, *sql_queries.rebuild_queries),
        "updating the star schema",
    ),
)
"""What statements do whose names begin so."""
_FORGET_REJECTS = sql_queries.reject_queries[0]


class Step(NamedTuple):
    """One statement of a batch and what it is called."""

    name: str
    sql: str


@dataclass(frozen=True)
class Batch:
    """What a load consists of.

    run: as the ledger will hold it. base_run: the newest run when it was planned.
    role: the ARN of the role with which COPY reads.
    manifests: of what was uploaded to the work bucket: `files`, and where there are any, `rejects`,
    `events` and `songs`.
    direct: the kinds that COPY takes from the source bucket.
    conflicts: how many of the rejects lost their key to a greater record. displaced: how many of
    these were staged before, of each kind.
    days: those of the events; empty where they are not known: then all of history is read.
    after_refusals: whether rejects of refused runs are to be deleted.
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
        """Return the statements that stage, transform, audit and enter what was read."""
        kinds = self.run.plan.kinds
        told = {"conflicts": self.conflicts, "displaced": self.displaced.total()}
        audits = {CONFLICTS: fill(_LOAD[CONFLICTS], told)}
        audits |= {_ARRIVED[kind]: _DIRECT[_ARRIVED[kind]].sql for kind in self.direct}
        days = [_DIRECT[DAYS]] if "events" in self.direct else []
        audits |= dict(self._within_days([*days, *needed(sql_queries.audit_queries, kinds)]))
        return [
            *self._begin(),
            *self._rejects(),
            *self._settled(),
            *plain((*sql_queries.enter_queries, *sql_queries.total_queries)),
            *self._within_days(needed(sql_queries.insert_table_queries, kinds, {*self.displaced})),
            _audited(audits),
        ]

    def refuse(self) -> list[Step]:
        """Return the statements that enter a run as refused, with its rejects."""
        # What is published writes to the row of warehouse_info by update_totals.
        entering = plain([_LOAD["touch_warehouse_info"], sql_queries.refuse_queries[-1]])
        return [*self._begin(), *self._rejects(), *entering]

    def find_conflicts(self) -> list[Step]:
        """Return statements that end by selecting which records lose.

        They change nothing but forget the rejects of refused runs, for which the batch that
        displaces records has no room: this run, which is not refused, reads the same files again.
        """
        return [
            *self._begin(),
            *self._forgotten(),
            *self._settled(),
            *plain(sql_queries.conflict_queries.values()),
        ]

    def find_days(self) -> list[Step]:
        """Return statements that change nothing, and end by selecting the days of copied events."""
        return [*self._records("events")[:-1], *plain([_DIRECT["copied_days"]])]

    def _settled(self) -> list[Step]:
        """Return the statements that make new_events and new_songs, each key once."""
        steps = [step for kind in get_args(Kind) for step in self._records(kind)]
        settle = needed(sql_queries.settle_queries, self.run.plan.kinds)
        return [*steps, *self._within_days(settle)]

    def _within_days(self, queries: Iterable[Query]) -> list[Step]:
        return plain(within_days(query, self.days) for query in queries)

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
            *plain([_LOAD["lock_ledger"]]),
            Step("create_new_run", fill(_LOAD["create_new_run"], values)),
            Step("create_new_files", _LOAD["create_new_files"].sql),
            self._copy("copy_new_files", "files"),
        ]

    def _forgotten(self) -> list[Step]:
        return plain([_FORGET_REJECTS]) if self.after_refusals else []

    def _rejects(self) -> list[Step]:
        steps = self._forgotten()
        if "rejects" in self.manifests:
            steps.append(self._copy("copy_rejected_records", "rejects"))
        return steps

    def _records(self, kind: Kind) -> list[Step]:
        """Return the statements that make new_events or new_songs, even if empty."""
        direct = self.direct.get(kind)
        if direct is None:
            steps = [Step(f"create_new_{kind}", _LOAD[f"create_new_{kind}"].sql)]
            if kind in self.manifests:
                steps.append(self._copy(f"copy_new_{kind}", kind))
            return steps
        steps = [Step(f"create_copied_{kind}", _DIRECT[f"create_copied_{kind}"].sql)]
        for prefix in direct.prefixes:
            values = {"source": prefix, "role": self.role, "json": direct.json}
            values |= {"region": direct.region}
            packing = "GZIP" if direct.gzipped else ""
            parts = {"columns": ", ".join(direct.columns), "packing": packing}
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
    """Return the statements that compute the star schema again from what is staged."""
    return [
        *plain([*_BEGIN, *_ALL_STAGED, *sql_queries.rebuild_queries]),
        _audited({query.name: query.sql for query in sql_queries.rebuild_audit_queries}),
    ]


def migration(
    values: Mapping[str, str | int], role: str, manifests: Mapping[str, str]
) -> list[Step]:
    """Return the statements that bring tables of an older version up to date.

    values: of `create_migration.sql`. role: the ARN with which COPY reads. manifests: where it
    finds the rows of mended_texts, if there are any.
    """
    copies = [
        fill(_MIGRATION["copy_mended_texts"], {"manifest": m, "role": role})
        for m in manifests.values()
    ]
    audits = [*sql_queries.rebuild_audit_queries, _MIGRATION["moments_kept"]]
    return [
        *plain([_MIGRATION["lock_ledger"]]),
        Step("create_migration", fill(_MIGRATION["create_migration"], values)),
        *plain([_MIGRATION["create_mended_texts"]]),
        *(Step("copy_mended_texts", copy) for copy in copies),
        *plain(migrating.retire_queries),
        dropped(table for table in migrating.RECREATED if table not in migrating.RETIRED),
        *plain([*migrating.recreate_queries, *migrating.fill_queries]),
        dropped(("older_events", "older_runs")),
        *plain([*_ALL_STAGED, *migrating.derive_queries]),
        _audited({query.name: query.sql for query in audits}),
    ]


def restore(sources: Mapping[str, str], role: str, rows: Mapping[str, int]) -> list[Step]:
    """Return the statements that take a backup into empty tables, and check all of it.

    sources: of each table that has rows the address of its files. role: with which COPY reads.
    rows: how many each table has to have then.
    """
    copies = sql_queries.restore_queries("redshift")
    return [
        *plain([*_BEGIN, sql_queries.empty_info]),
        *(
            Step(f"copy_{table}", fill(copies[table], {"source": source, "role": role}))
            for table, source in sources.items()
        ),
        _audited({check.name: check.sql for check in sql_queries.restore_checks(rows)}),
    ]


def doing(step: str) -> str:
    """Return in words what a statement of ours does, for those who wait; another step as it is."""
    if not _STEP_NAME.fullmatch(step):
        return "asking the warehouse" if _UNNAMED.match(step) else step
    return next((words for names, words in _DOING if step.startswith(names)), "preparing tables")


def reading_steps(kind: Kind) -> tuple[str, ...]:
    """Return which statements fail when COPY cannot take the files of a kind itself."""
    return (f"copy_copied_{kind}", f"convert_{kind}", _ARRIVED[kind])


def failed_step(name: str, number: int, message: str) -> str:
    """Return what failed: OVERTAKEN or an audit, where a cast failed on its name, or a statement.

    Only a failed cast tells of rows: whatever else the engine says is a failure of the engine. Of
    audits that found rows without telling which, conflicts are the likeliest.
    name, number, message: of a StatementError; without a number the message may name a table.
    """
    if not _NO_NUMBER.search(message):
        into = _INTO.search(message) if number < 0 else None
        return f"copy_{into['table']}" if into else name
    words = {"an event breaks a rule": "convert_events", "a song breaks a rule": "convert_songs"}
    words |= {word: word for word in (OVERTAKEN, CONFLICTS, DAYS, *_ARRIVED.values())}
    words |= {query.name: query.name for query in sql_queries.audit_queries}
    told = (words[word] for word in sorted(words, key=len, reverse=True) if word in message)
    unnamed = {AUDIT: CONFLICTS, "create_new_run": OVERTAKEN, "create_migration": OVERTAKEN}
    return next(told, unnamed.get(name, name)) if number < 0 or name in unnamed else name


def database_user(identity: str) -> str:
    """Return the name of an IAM identity in the database, such as `IAM:jane` or `IAMR:analyst`.

    identity: that name, or the ARN of a user, a role or a session of a role
    (mg/generating-iam-credentials-overview, mg/data-api-access). Raises UsageError.
    """
    match = _IDENTITY.fullmatch(identity)
    if match is None:
        raise UsageError(
            f"{identity} is no IAM user or role",
            "Give the Arn that `aws sts get-caller-identity` prints for them, or IAM:USER, or"
            " IAMR:ROLE.",
        )
    if match["kind"] is None:
        return identity
    # The path is before the name of a user or role; the name of a session is behind its role's.
    name = match["path"].split("/")[0 if match["kind"] == "assumed-role" else -1]
    return f"IAM{'' if match['kind'] == 'user' else 'R'}:{name}"


def granting(user: str) -> list[Step]:
    """Return the statements that let a user of the database load, ask and check."""
    tables, views = ", ".join(sql_queries.TABLES), ", ".join(sql_queries.VIEWS)
    parts = {"tables": tables, "views": views, "user": f'"{user}"'}
    return [Step(query.name, fill(query, parts=parts)) for query in _GRANT.values()]


def dropped(tables: Iterable[str]) -> Step:
    """Return the one statement that drops tables."""
    return Step("drop_tables", fill(_DROP_TABLES, parts={"tables": ", ".join(tables)}))


def plain(queries: Iterable[Query]) -> list[Step]:
    """Return statements as they are, without values."""
    return [Step(query.name, query.sql) for query in queries]


def _audited(audits: Mapping[str, str]) -> Step:
    """Return audits as one statement that fails: a batch cannot look at rows and stop."""
    findings = [
        fill(_LOAD["findings"], {"audit": name}, {"audit_query": sql.replace("\n", "\n    ")})
        for name, sql in audits.items()
    ]
    parts = {"findings": "\nUNION ALL\n".join(findings).replace("\n", "\n    ")}
    return Step(AUDIT, fill(_LOAD["nothing_found"], {}, parts))


def fill(
    query: Query,
    values: Mapping[str, str | int] | None = None,
    parts: Mapping[str, str] | None = None,
) -> str:
    """Return a statement with all of its placeholders filled.

    values: become literals: a text is quoted, a number stands as it is.
    parts: pieces of SQL from this package, inserted as they are.
    Raises KeyError for a placeholder without a value, ValueError for a text that no literal holds.
    """
    values, parts = values or {}, parts or {}

    def filled(match: re.Match[str]) -> str:
        name = match["name"]
        if name is None:
            return match[0]
        if name in parts:
            return parts[name]
        value = values[name]
        return str(value) if isinstance(value, int) else quote_literal(value)

    return _PLACEHOLDER.sub(filled, query.sql).rstrip()
