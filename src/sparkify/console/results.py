"""Results of commands for people: answers and tables on stdout, messages on stderr."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..table import Table
from . import stream, tables

if TYPE_CHECKING:
    from ..analysis import Answer
    from ..doctor import Finding
    from ..etl import LoadReport
    from ..ledger import Plan
    from ..quality import CheckResult
    from ..sources.inspect import Inspected, Sized
    from ..sql_queries import Query

_Record = Mapping[str, Any]
_MOST_ROWS = 1_000  # of a query's result, on a terminal
_MEASURING = ("bar", "funnel", "line")  # charts
_AMOUNTS = ("count", "number", "percent")  # formats
_SHOWN_RAW = 200  # characters of a rejected record's text


def show_answers(answers: Sequence[Answer]) -> None:
    """Show each question with its number, its answer and its table."""
    for answer in answers:
        stream.prose(f"{answer.number} {answer.name}: {answer.question}", "bold")
        stream.prose(answer.answer)
        if answer.rows:
            stream.out("")
            tables.show(answer.columns, answer.rows, texts=answer.texts(), bars=_measured(answer))
            stream.out("")
        for remark in filter(None, (answer.coverage, answer.note)):
            stream.prose(remark, "dim")
        stream.out("")


def show_new_question(written: _Record) -> None:
    """Show the file of a new question, and how to ask it."""
    stream.out(stream.clean(written["file"]))
    stream.say(f"Next: change it, then ask it: `sparkify ask {written['name']}`.")


def show_sentences(answers: Sequence[Answer]) -> None:
    """Show the number of each question and its answer, a line each; one for all without rows."""
    for answer in answers:
        if answer.rows:
            stream.prose(f"{answer.number:>2} {answer.answer}", indent="   ")
    if without := [f"{answer.number} {answer.name}" for answer in answers if not answer.rows]:
        stream.prose(f"Nothing found for {', '.join(without)}.")


def _measured(answer: Answer) -> int | None:
    """Return the place of the column that the bars or the line of an answer's chart show."""
    kind, *axes = re.split(r"[ =,]", answer.chart or "")
    for place, (column, form) in enumerate(zip(answer.columns, answer.formats, strict=True)):
        if kind in _MEASURING and column in axes and form.partition(" ")[0] in _AMOUNTS:
            return place
    return None


def show_questions(queries: Mapping[str, Query], numbered: Sequence[str]) -> None:
    """List questions by number and name. numbered: the names of all, in their order."""
    rows = [[numbered.index(name) + 1, name, one.purpose] for name, one in queries.items()]
    tables.show(["number", "name", "question"], rows)


def show_statements(queries: Mapping[str, Query]) -> None:
    """List statements by name."""
    tables.show(["name", "purpose"], [[name, one.purpose] for name, one in queries.items()])


def show_sql(queries: Mapping[str, Query]) -> None:
    """Show statements as a script, each with its purpose above it."""
    scripts = []
    for name, one in queries.items():
        about = textwrap.fill(f"{name}: {one.purpose}", 97)
        scripts.append(f"{textwrap.indent(about, '-- ')}\n{one.sql};")
    stream.out("\n\n".join(scripts))


def show_written(written: _Record) -> None:
    """Say which file holds the result of a query."""
    rows = written["rows"]
    stream.say(f"{rows:,} row{'' if rows == 1 else 's'} in {written['file']}.")


def show_table(table: Table) -> None:
    """Show the result of a query; on a terminal only the first rows of a long one."""
    rows = table.rows[:_MOST_ROWS] if stream.is_terminal(sys.stdout) else table.rows
    show_rows(Table(table.columns, rows))
    if len(rows) < len(table.rows):
        stream.say(f"The first {len(rows):,} of {len(table.rows):,} rows; --format csv gives all.")
    else:
        stream.say(f"{len(rows):,} row{'' if len(rows) == 1 else 's'}.")


def show_rows(table: Table) -> None:
    """Show the result of a query, all of it."""
    tables.show(table.columns, table.rows, null="NULL")


def show_csv(table: Table) -> None:
    """Show the result of a query as CSV."""
    tables.show_csv(table.columns, table.rows)


def show_rejects(table: Table) -> None:
    """Show rejected records: place, reason, and the beginning of their text."""
    for row in table.rows:
        one = dict(zip(table.columns, row, strict=True))
        place = f"run {one['run_id']}, {one['uri']}, line {one['line_number']}"
        stream.prose(f"{place}: {one['reason']}", "bold")
        stream.prose(f"  {one['message']}")
        stream.prose(f"  {one['raw_text'][:_SHOWN_RAW]}")
    if not table.rows:
        stream.say("Nothing was rejected.")


def show_created(done: _Record) -> None:
    """Show which tables were dropped and which exist now."""
    if done["dropped"]:
        stream.say(f"Destroyed: {_counted(done['dropped'])}.")
    for note in done["notes"]:
        stream.say(note)
    stream.say(f"The tables are there, with their rows: {_counted(done['tables'])}.")
    stream.say("Next: `sparkify etl` loads what the sources hold.")


def show_granted(done: dict[str, str]) -> None:
    """Show who may use the warehouse now."""
    stream.say(f"{done['user']} may load, ask and check. Creating tables stays with you.")


def show_plan(plan: Plan) -> None:
    """Show what a load would do."""
    if plan.migrates_from:
        stream.say(
            f"The tables are of an older Sparkify (schema {plan.migrates_from}): the load brings "
            "them up to date first. Nothing is lost; what is at the sources is read once more."
        )
    if not plan.files:
        _say_nothing_new(plan)
        return
    stream.say(f"To load: {_files(plan)}; {plan.skipped:,} are loaded already.")
    shown = plan.as_json()
    for kind in ("new", "changed"):
        for uri in shown[kind]:
            stream.prose(f"{kind:<9}{uri}", indent=" " * 9)
        if more := shown["files"][kind] - len(shown[kind]):
            stream.say(f"... and {more:,} more {kind}.")
    stream.say("Next: `sparkify etl` loads them.")


def show_load(report: LoadReport, *, in_full: bool) -> None:
    """Show what a load did, the reconciliation of its records, and the answers.

    in_full: with the tables of the answers, not only their sentences.
    """
    from ..sql_queries import STAGING_TABLES, STAR_TABLES

    if report.rebuilt:
        stream.say(f"The star was computed again from staging, in {report.seconds:.1f} s:")
    elif report.plan.files:
        _say_loaded(report)
    else:
        _say_nothing_new(report.plan)
        for note in report.notes:
            stream.say(f"Note: {note}", "yellow")
        return
    if report.checks:
        plays = report.tables["songplays"]
        stream.say(f"  plays  {report.staged_plays:,} NextSong events staged = {plays:,} songplays")
        stream.say(f"  checks {len(report.checks)} passed")
    shown = {name: report.tables[name] for name in (*STAGING_TABLES, *STAR_TABLES)}
    stream.say(f"The warehouse holds {_counted(shown)}.")
    for note in report.notes:
        stream.say(f"Note: {note}", "yellow")
    if any(one.rejected for one in report.counts.values()):
        stream.say("Note: `sparkify rejects` shows what was rejected, and why.", "yellow")
    if report.answers:
        stream.say("")
        (show_answers if in_full else show_sentences)(report.answers)
    stream.say(
        "Next: `sparkify ask NUMBER` shows the table of an answer (`--list` the questions, `--sql`"
        ' how),\n      `sparkify query "SELECT ..."` asks your own,'
        " `sparkify status` shows what is loaded."
    )


def _say_loaded(report: LoadReport) -> None:
    stream.say(
        f"Loaded {_files(report.plan)}, as run {report.run_id} in {report.seconds:.1f} s;"
        f" {report.plan.skipped:,} were loaded already:"
    )
    for kind, one in report.counts.items():
        stream.say(
            f"  {kind:<6} {one.read:,} read = {one.staged:,} staged"
            f" + {one.duplicates:,} duplicates + {one.rejected:,} rejected"
        )
    if any(one.mended for one in report.counts.values()):
        amounts = " and ".join(f"{one.mended:,} {kind}" for kind, one in report.counts.items())
        stream.say(f"  text   {amounts} had text that was encoded twice and were mended")


def _say_nothing_new(plan: Plan) -> None:
    stream.say(f"Nothing new to load: all {plan.skipped:,} files are loaded already.")


def _files(plan: Plan) -> str:
    size = plan.files.bytes / 1e6
    return f"{len(plan.new):,} new and {len(plan.changed):,} changed files, {size:,.1f} MB"


def show_exported(done: _Record) -> None:
    """Show the files that an export wrote."""
    tables.show(["table", "file"], list(done["files"].items()))


def show_imported(done: _Record) -> None:
    """Show how many rows of each table were imported."""
    stream.say(f"Imported {done['folder']}; no check of the warehouse failed.")
    tables.show(["table", "rows"], [(name, f"{rows:,}") for name, rows in done["tables"].items()])


def show_report(written: _Record) -> None:
    """Show the path of the report and what is in it."""
    stream.out(stream.clean(written["file"]))
    stream.say(
        f"The report: {written['questions']} questions, {written['checks']} checks,"
        f" {written['bytes'] / 1e6:,.1f} MB in one file."
    )
    if not written["opened"]:
        stream.say("Next: open it in a browser; --open does so. It needs no network.")


def show_served(served: _Record) -> None:
    """Show the address of the pages."""
    stream.out(stream.clean(served["address"]))
    stream.say("Serving until Ctrl-C. Whoever knows the address can read the warehouse.")


def say_refused(refused: _Record | None) -> None:
    """Say why the newest load was refused, if it was, and what to do."""
    if refused is None:
        return
    stream.say(
        f"Refused: the newest load, run {refused['run_id']} of {refused['finished_at'][:19]} UTC:"
        f" {refused['rejected']:,} of {refused['read']:,} records were rejected, and nothing of it"
        " was loaded.",
        "yellow",
    )
    for one in refused["reasons"]:
        place = f"{one['uri']}, line {one['line_number']}: {one['message']}"
        stream.say(f"  {one['records']:,} {one['kind']} {one['reason']}, such as {place}")
    stream.say(
        "Next: `sparkify rejects` shows them all; correct the files or raise a limit in [ETL], then"
        " `sparkify etl`."
    )


def show_status(found: _Record) -> None:
    """Show tables, freshness, the newest runs and rejects."""
    _show_figures(["table", "rows"], list(found["tables"].items()))
    oldest, newest = found["freshness"]["oldest_event"], found["freshness"]["newest_event"]
    if newest:
        stream.out(f"\nEvents from {oldest[:19]} to {newest[:19]} UTC.")
    if found["runs"]:
        stream.out("\nThe newest runs:")
        _show_figures(_RUN_COLUMNS, [_run(record) for record in found["runs"]])
    if found["rejects"]:
        stream.out("\nRejected:")
        columns = ["kind", "reason", "records"]
        _show_figures(columns, [[one[column] for column in columns] for one in found["rejects"]])
    say_refused(found["refused"])
    if not found["runs"]:
        stream.say("Nothing is loaded yet. Next: `sparkify etl`.")


_RUN_COLUMNS = ("run", "status", "finished (UTC)", "files", "events", "songs", "rejected", "mended")


def _run(record: _Record) -> list[Any]:
    """Return a run as a row: files loaded; records read, rejected, mended."""
    return [
        record["run_id"],
        record["status"],
        record["finished_at"][:19],
        record["files_new"] + record["files_changed"],
        record["events_read"],
        record["songs_read"],
        record["events_rejected"] + record["songs_rejected"],
        record["events_mended"] + record["songs_mended"],
    ]


def show_checks(results: Sequence[CheckResult]) -> None:
    """Show the outcome of every check, and the offending rows."""
    rows = [[one.outcome, one.name, one.purpose] for one in results]
    tables.show(["outcome", "check", "purpose"], rows)
    for one in results:
        if not one.ok:
            stream.out("")
            head = f"{one.name}: {one.failures:,} offending rows; {one.purpose}"
            stream.prose(head, "bold")
            tables.show(one.columns, one.rows, null="NULL")
    counts = Counter(one.outcome for one in results)
    summary = ", ".join(f"{counts[one]} {one}" for one in ("passed", "warned", "failed"))
    stream.say(f"{len(results)} checks: {summary}.")


def show_findings(findings: Sequence[Finding]) -> None:
    """Show the doctor's findings, then what to do."""
    rows = [["ok" if one.ok else "WRONG", one.check, one.detail] for one in findings]
    tables.show(["", "check", "finding"], rows)
    for one in findings:
        if not one.ok:
            stream.say(f"{one.check}: {one.detail}", "red")
        if one.next_step:
            stream.say(f"{one.check}: {one.next_step}")


def show_generated(truth: _Record, folder: str) -> None:
    """Show what was generated, and the command that loads it."""
    stream.say(f"The data loads as {_counted(truth['tables'])}.")
    place = Path(folder)
    logs, songs = (shlex.quote(str(place / name)) for name in ("log_data", "song_data"))
    flags = "" if folder.rstrip("/") == "data" else f" --log-data {logs} --song-data {songs}"
    stream.say(f"Next: `sparkify etl{flags}` loads it.")


def _show_figures(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Show a table of amounts, with thousands separators."""
    texts = [[f"{one:,}" if isinstance(one, int) else one for one in row] for row in rows]
    tables.show(columns, rows, texts=texts)


def _counted(tables: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {rows:,}" for name, rows in tables.items())


def show_inspected(found: Sequence[Inspected]) -> None:
    """Show each source: figures, then the first records, cut to the width of a terminal."""
    width = shutil.get_terminal_size().columns
    for number, one in enumerate(found):
        if number:
            stream.out("")
        stream.prose(one.source, "bold")
        for line in _figures(one):
            stream.prose(f"  {line}")
        if one.records:
            stream.out("  first records:")
        for record in one.records:
            line = f"    {stream.clean(record)}"
            if stream.is_terminal(sys.stdout) and len(line) > width:
                line = f"{line[: width - 3]}..."
            stream.out(line)
    stream.say("Next: `sparkify etl --dry-run` shows what of it would be loaded.")


def _figures(one: Inspected) -> list[str]:
    lines = [f"{one.files:,} file{'' if one.files == 1 else 's'}, {one.bytes:,} bytes"]
    if one.smallest and one.largest:
        lines += [f"smallest: {_sized(one.smallest)}", f"largest:  {_sized(one.largest)}"]
    if one.oldest and one.newest:
        lines.append(f"written from {one.oldest:%Y-%m-%d %H:%M} to {one.newest:%Y-%m-%d %H:%M} UTC")
    if one.passed_over:
        kinds = sorted(one.passed_over.items(), key=lambda item: (-item[1], item[0]))
        lines.append("passed over: " + ", ".join(f"{count:,} {kind}" for kind, count in kinds))
    return lines


def _sized(one: Sized) -> str:
    return f"{one.bytes:,} bytes, {one.uri}"
