"""Faults that are put into a copy of the program on purpose, each with the test that finds it.

`old` stands exactly once in its file; a change of the program that touches it has to follow here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Change(NamedTuple):
    """One text of a file in the place of another. path: below src/sparkify."""

    path: str
    old: str
    new: str


@dataclass(frozen=True)
class Fault:
    """What is wrong on purpose, the changes that make it so, and a test that turns red."""

    name: str
    changes: tuple[Change, ...]
    test: str


def _fault(name: str, path: str, old: str, new: str, test: str) -> Fault:
    return Fault(name, (Change(path, old, new),), test)


_LOADER = "warehouse/duckdb/loader.py"
_CONNECTION = "warehouse/duckdb/connection.py"
_SQL = "sql_queries/__init__.py"
_RANKED = "sql_queries/staging/ranked_events.sql"

FAULTS: tuple[Fault, ...] = (
    _fault(
        "the ledger is written outside of the transaction",
        _LOADER,
        "            self._run_all(sql_queries.total_queries)\n",
        "            self._run_all(sql_queries.total_queries)\n"
        "            self._connection.commit()\n"
        "            self._connection.begin()\n",
        "unit/test_etl_refused.py::test_audit_that_finds_rows_publishes_nothing",
    ),
    _fault(
        "a rollback publishes instead",
        _LOADER,
        '        with failures("publishing"), transaction(self._connection):\n            yield\n',
        '        with failures("publishing"):\n'
        "            self._connection.begin()\n"
        "            try:\n"
        "                yield\n"
        "            finally:\n"
        "                self._connection.commit()\n",
        "faults/test_faults.py::test_load_interrupted_in_a_step",
    ),
    _fault(
        "the audit is left out",
        _LOADER,
        "            if rows := self._run(query):\n",
        "            if (rows := self._run(query)) and not query.name:\n",
        "unit/test_quality.py::test_an_audit_stops_a_load_that_goes_wrong",
    ),
    _fault(
        "what a killed load had staged is not dropped",
        _LOADER,
        '                self._run(SQL[f"drop_{name}"])\n',
        "                pass\n",
        "unit/test_etl.py::test_second_load_updates_what_it_touches",
    ),
    _fault(
        "tables are destroyed and made in two transactions",
        _LOADER,
        "            self._run_all(sql_queries.drop_table_queries)\n",
        "            self._run_all(sql_queries.drop_table_queries)\n"
        "            self._connection.commit()\n"
        "            self._connection.begin()\n",
        "faults/test_torture_kills.py::test_destruction_killed_at_every_call",
    ),
    _fault(
        "a reject is not written",
        "staging/rejects.py",
        "            self._stream.write(line)\n",
        "            if self.counts.total() != 1:\n                self._stream.write(line)\n",
        "unit/test_etl.py::test_first_load",
    ),
    _fault(
        "rejects of a refused run stay when its files come again",
        _SQL,
        '_named("bookkeeping", "delete_refused_rejects", "insert_rejected_records")',
        '_named("bookkeeping", "insert_rejected_records")',
        "unit/test_etl_refused.py::test_next_attempt_replaces_the_rejects_of_a_refused_load",
    ),
    _fault(
        "records of one key are not looked for in staging",
        _RANKED,
        "            AND staged.iteminsession = new_ones.iteminsession\n",
        "            AND staged.iteminsession = new_ones.iteminsession\n"
        "            AND new_ones.sessionid < 0\n",
        "unit/test_etl.py::test_second_load_updates_what_it_touches",
    ),
    _fault(
        "repeated records stay in a load",
        "sql_queries/staging/delete_repeated_events.sql",
        "            AND repeated.sessionid = new_events.sessionid\n",
        "            AND repeated.sessionid = new_events.sessionid\n"
        "            AND repeated.outcome = 'displaced'\n",
        "unit/test_etl.py::test_second_load_updates_what_it_touches",
    ),
    _fault(
        "order of arrival decides which record stays",
        _RANKED,
        "                LAST, userid DESC NULLS LAST,\n"
        "                is_staged DESC, source_file ASC NULLS LAST\n",
        "                LAST, userid DESC NULLS LAST,\n"
        "                is_staged ASC, source_file ASC NULLS LAST\n",
        "unit/test_etl.py::test_second_load_updates_what_it_touches",
    ),
    _fault(
        "a displaced play still describes its listener",
        "sql_queries/star/delete_older_newest_plays.sql",
        "            lost.outcome = 'displaced'\n",
        "            lost.outcome = 'displaced '\n",
        "engines/test_worlds.py::test_worlds_load_as_the_rules_say",
    ),
    _fault(
        "a late song does not match earlier plays",
        "sql_queries/star/match_late.sql",
        "    WHERE events.page = 'NextSong'\n",
        "    WHERE events.page = 'Nextsong'\n",
        "faults/test_torture_order.py::test_permutations",
    ),
    _fault(
        "moments of displaced plays stay in time",
        "sql_queries/star/delete_unsupported_time.sql",
        "    AND start_time IN (\n",
        "    AND month > 12\n    AND start_time IN (\n",
        "unit/test_etl.py::test_second_load_updates_what_it_touches",
    ),
    _fault(
        "a fingerprint is not looked at: a changed file is passed over",
        "ledger.py",
        "            part(version[1]) == part(file.fingerprint) for version in versions\n",
        "            True for _ in versions\n",
        "unit/test_etl.py::test_file_that_grew",
    ),
    _fault(
        "--verify believes a file's date",
        "sources/files.py",
        '        digest = hashlib.file_digest(stream, "sha256").hexdigest()\n',
        "        digest = hashlib.sha256(str(file.size).encode()).hexdigest()\n",
        "unit/test_etl.py::test_verify_finds_what_looks_the_same",
    ),
    _fault(
        "a file that is written to while it is read is not noticed",
        "sources/files.py",
        '    return not f"{file.fingerprint}-".startswith(f"{mark(status)}-")\n',
        '    return not f"{file.fingerprint}-".startswith("")\n',
        "unit/test_etl_refused.py::test_log_that_grows_during_the_load",
    ),
    _fault(
        "the engine's guesses are believed",
        "sql_queries/duckdb/file_doubts_events.sql",
        "        doubt > 0\n",
        "        doubt > 1\n",
        "engines/test_worlds.py::test_worlds_load_as_the_rules_say",
    ),
    _fault(
        "the last line of a file is lost when no line break follows it",
        "staging/split.py",
        '        yield from long_line.take(b"", last=True) if long_line else '
        "_line(number, rest, judge)\n",
        '        yield from long_line.take(b"", last=True) if long_line else ()\n',
        "engines/test_worlds.py::test_worlds_load_as_the_rules_say",
    ),
    _fault(
        "nobody waits for who holds the warehouse",
        _CONNECTION,
        "            if not backoff.wait():\n                raise ",
        "            if backoff.waited >= 0:\n                raise ",
        "faults/test_concurrency.py::test_waiting_for_whom",
    ),
    _fault(
        "readers open the warehouse as writers do",
        "warehouse/duckdb/reader.py",
        "    with closing(connect(settings, read_only=True, wait=wait, progress=progress)) as"
        " connection:\n"
        "        version = stored_version(",
        "    with closing(connect(settings, read_only=False, wait=wait, progress=progress)) as"
        " connection:\n"
        "        version = stored_version(",
        "faults/test_concurrency.py::test_reader_keeps_no_reader_away",
    ),
    _fault(
        "a new database is not made whole",
        _CONNECTION,
        "        duckdb.connect(str(made), config=NO_EXTENSIONS).close()\n",
        "        duckdb.connect(str(database), config=NO_EXTENSIONS).close()\n",
        "faults/test_faults.py::test_first_load_on_a_full_disk",
    ),
    _fault(
        "extensions are fetched where the engine wants one",
        _CONNECTION,
        "**NO_EXTENSIONS}",
        "}",
        "faults/test_other_machines.py::test_no_connection_fetches_an_extension",
    ),
    _fault(
        "tables of somebody else are taken for none",
        "warehouse/schema_version.py",
        "    if theirs:\n",
        "    if theirs and is_ours:\n",
        "faults/test_other_machines.py::test_every_command_leaves_tables_of_our_names_alone",
    ),
    _fault(
        "infinity becomes the last moment of Python",
        "warehouse/duckdb/reader.py",
        "    if _AS_GIVEN.issuperset(kinds):\n",
        "    if kinds:\n",
        "unit/warehouse/duckdb/test_reader_values.py::test_every_type_in_csv",
    ),
    _fault(
        "tables of a newer program are taken for ours",
        "warehouse/schema_version.py",
        "    if version > SCHEMA_VERSION:\n",
        "    if version > SCHEMA_VERSION + 1:\n",
        "unit/test_etl_refused.py::test_database_of_a_newer_program_is_refused",
    ),
    _fault(
        "a migration loses the milliseconds",
        "sql_queries/migration/migrate_events.sql",
        "FLOOR(EXTRACT(MILLISECONDS FROM events.ts))",
        "0",
        "engines/test_migration.py::test_nothing_staged_is_lost_without_the_sources",
    ),
    _fault(
        "SIGTERM just ends the process",
        "cli/__init__.py",
        "(signal.SIGINT, signal.SIGTERM, signal.SIGHUP)",
        "(signal.SIGINT, signal.SIGHUP)",
        "unit/cli/test_cli.py::test_who_waits_says_for_whom_and_can_be_interrupted",
    ),
    _fault(
        "a second signal interrupts the cleanup",
        "cli/__init__.py",
        "_DEBOUNCE_SECONDS = 1.0\n",
        "_DEBOUNCE_SECONDS = 0.0\n",
        "unit/cli/test_cli_signals.py::test_signals_that_come_together_are_one_interrupt",
    ),
    _fault(
        "temporary files are left behind",
        "temporary.py",
        "        try:\n            shutil.rmtree(folder, ignore_errors=True)\n",
        "        try:\n            pass\n",
        "faults/test_torture_signals.py::test_signals_on_duckdb",
    ),
    _fault(
        "a full disk is taken for a bug",
        _CONNECTION,
        "    except (duckdb.Error, UnicodeDecodeError) as error:\n",
        "    except ZeroDivisionError as error:\n",
        "faults/test_faults.py::test_full_disk_is_an_error_and_changes_nothing",
    ),
    _fault(
        "a statement runs on in Redshift after Ctrl-C",
        "boto3_sql_util/execution.py",
        "            if not self._over:\n                self._abandon(error)\n",
        "            if not self._over and isinstance(error, Exception):\n"
        "                self._abandon(error)\n",
        "unit/boto3_sql_util/test_execution_cancel.py::test_interrupted_between_looks",
    ),
    _fault(
        "two loads publish from the same plan on Redshift",
        "sql_queries/redshift/load/create_new_run.sql",
        "            WHEN newest.run_id = :base_run THEN :run_id\n",
        "            WHEN newest.run_id >= :base_run THEN :run_id\n",
        "engines/test_redshift_load.py::test_two_loads_side_by_side_publish_once",
    ),
)
