"""The documents say what the program does: no part is stale or missing, no link or name is dead."""

from __future__ import annotations

import importlib
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

import sparkify
from naive_answers import SHIPPED
from sparkify import analysis, config, sql_queries
from sparkify.analysis import templates
from sparkify.cli import application
from sparkify.config import Settings
from sparkify.config.keys import SETTINGS
from sparkify.errors import SparkifyError
from sparkify.sql_queries import TABLES, folder

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs"))
refresh: Any = importlib.import_module("refresh")
reference: Any = importlib.import_module("reference")

DOCUMENTS: dict[str, str] = {
    str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in refresh.documents()
}
PARTS: list[tuple[str, str]] = [
    (document, name) for document, text in DOCUMENTS.items() for name in refresh.parts(text)
]
README = DOCUMENTS["README.md"]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")

in_each_document = pytest.mark.parametrize("document", DOCUMENTS)


def fences(text: str, language: str) -> list[str]:
    """The contents of the blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def prose(text: str) -> str:
    """A document without its blocks."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)


def spans(text: str) -> list[str]:
    """What stands between backticks in a document's prose, each on one line."""
    return [" ".join(one.split()) for one in re.findall(r"`([^`]+)`", prose(text))]


def typed(text: str) -> list[str]:
    """Every command line that a document shows."""
    lines = [line for block in fences(text, "sh") for line in block.splitlines()]
    lines += [line[2:] for block in fences(text, "text") for line in re.findall("^[$] .*", block)]
    return [line for line in (*lines, *spans(text)) if line.strip()]


# What is generated is fresh


@pytest.mark.parametrize(("document", "part"), PARTS)
def test_a_generated_part_is_what_the_program_says(document: str, part: str) -> None:
    """Else: `python docs/refresh.py` writes it again."""
    body = refresh.parts(DOCUMENTS[document])[part]
    fresh = refresh.fresh(part, body)
    if part == "questions":
        fresh = without_new_questions(fresh, body)
    assert fresh == body


def without_new_questions(fresh: str, body: str) -> str:
    """Leave out the lines of questions that are not shipped yet, where the document has none."""
    new = [name for name in analysis.questions() if name not in SHIPPED]
    lines = fresh.splitlines(keepends=True)
    return "".join(
        line
        for line in lines
        if line in body or not any(line.startswith(f"| `{name}` |") for name in new)
    )


def test_every_part_that_can_be_generated_stands_in_one_document() -> None:
    assert sorted(part for _, part in PARTS) == sorted(refresh.PARTS)
    markers = sum(text.count("<!-- generated: ") for text in DOCUMENTS.values())
    assert markers - prose(DOCUMENTS["CONTRIBUTING.md"]).count("`<!-- generated") == len(PARTS)


def test_a_stale_part_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refresh, "PARTS", {"load": lambda: "5 plays in 1.5 s"})
    assert refresh.fresh("load", "\n5 plays in 0.3 s\n\n") == "\n5 plays in 0.3 s\n\n"
    assert refresh.fresh("load", "\n6 plays in 0.3 s\n\n") == "\n5 plays in 1.5 s\n\n"
    with pytest.raises(KeyError):
        refresh.fresh("no such part", "")


# Nothing is missing


@pytest.mark.parametrize(
    ("path", "command"), reference.commands(), ids=lambda one: one if isinstance(one, str) else ""
)
def test_a_command_is_documented_with_its_options(path: str, command: click.Command) -> None:
    text = DOCUMENTS["docs/commands.md"]
    section = text.split(f"\n### {path}\n")[1].split("\n### ")[0]
    options = [name for one in command.params for name in one.opts if name.startswith("--")]
    assert [name for name in options if f"{name} " not in section] == []


def test_every_setting_is_documented() -> None:
    sections = re.split(r"^### \[(\w+)\]$", DOCUMENTS["docs/settings.md"], flags=re.MULTILINE)
    described = dict(zip(sections[1::2], sections[2::2], strict=True))
    for one in SETTINGS.values():
        (row,) = re.findall(rf"^\| `{one.key}` .*", described[one.section], re.MULTILINE)
        default = str(getattr(Settings(), one.name)) or "(empty)"
        for said in (default, one.variable, one.meaning[1:], one.kind.allowed):
            assert said in row


@pytest.mark.parametrize("table", TABLES)
def test_every_column_is_documented(table: str) -> None:
    section = DOCUMENTS["docs/schema.md"].split(f"\n### {table}\n")[1].split("\n### ")[0]
    lines = [line.split() for line in folder("tables")[table].sql.splitlines()[1:-1]]
    assert re.findall(r"^\| `(\w+)` \| (\w+)", section, re.MULTILINE) == [
        (name, re.match(r"\w+", kind)[0])  # type: ignore[index]
        for name, kind, *_ in lines
    ]
    assert not re.search(r"\|  \|$", section, re.MULTILINE), "a column without its meaning"


@pytest.mark.parametrize("path", ["questions", "checks", "audits"])
def test_every_question_check_and_audit_has_its_line(path: str) -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", DOCUMENTS["docs/questions.md"], re.MULTILINE)
    for query in [
        folder(path)[name] for name in (SHIPPED if path == "questions" else folder(path))
    ]:
        assert any(name == query.name and query.purpose in said for name, said in rows)


def test_every_key_of_a_header_and_every_format_is_explained() -> None:
    blocks = "\n".join(fences(DOCUMENTS["docs/questions.md"], "text"))
    explained = set(re.findall(r"^(\w+) ", blocks, re.MULTILINE)) | {"name"}
    assert {key for one in analysis.questions().values() for key in one.header} <= explained
    assert {*templates.FORMATS} - {"plain"} <= set(re.findall(r"\w+", blocks))


def test_every_reason_exit_code_and_limit_is_explained() -> None:
    source = Path(sparkify.__file__).parent
    code = "".join(path.read_text(encoding="utf-8") for path in source.rglob("*.py"))
    reasons = set(re.findall(r"Rejection\(\s*\"(\w+)\"", code))
    assert len(reasons) > 5
    rules = DOCUMENTS["docs/rules.md"]
    assert reasons == set(re.findall(r"^\| `([a-z_]+)` \| [^`|]", rules, re.MULTILINE)) & reasons
    limits = " ".join(rules.split())
    assert f"`MAX_REJECTED_ROWS` ({Settings().max_rejected_rows})" in limits
    assert (
        f"`MAX_REJECTED_SHARE` ({Settings().max_rejected_share:.0%})".replace("%", " %") in limits
    )
    codes = re.findall(r"^\| (\d+) \| `(\w+)`", DOCUMENTS["docs/commands.md"], re.MULTILINE)
    errors = [one for one in every_error(SparkifyError) if one.__module__ == "sparkify.errors"]
    assert {(str(one.exit_code), one.code) for one in errors} <= set(codes)


def every_error(error: type[SparkifyError]) -> Iterator[type[SparkifyError]]:
    for child in error.__subclasses__():
        yield child
        yield from every_error(child)


# Nothing is named that is not there


def wrong_call(line: str) -> str:
    """What is wrong with a command line of ours, if it is one."""
    words = [
        word for word in shlex.split(line, comments=True) if not re.match(r"[A-Z_0-9]+=", word)
    ]
    if not words or words[0] != "sparkify":
        return ""
    command: click.Command = application
    arguments = 0
    todo = iter(words[1:])
    for word in todo:
        if word in (">", "|"):
            break
        if word.startswith("--"):
            options = {name: one for one in command.params for name in one.opts}
            if word != "--help" and word not in options:
                return f"{command.name} has no option {word}"
            if word != "--help" and not getattr(options[word], "is_flag", True):
                next(todo)
        elif isinstance(command, click.Group):
            if word not in command.commands:
                return f"there is no command {word}"
            command = command.commands[word]
        else:
            arguments += word not in ("...", "…")
    allowed = [one for one in command.params if isinstance(one, click.Argument)]
    if arguments > len(allowed) and not any(one.nargs == -1 for one in allowed):
        return f"{command.name} takes {len(allowed)} arguments"
    return ""


@in_each_document
def test_command_lines_are_right(document: str) -> None:
    lines = typed(DOCUMENTS[document])
    assert [wrong for line in lines if (wrong := wrong_call(line))] == []
    targets = set(re.findall(r"^([a-z-]+):.*##", MAKEFILE, re.MULTILINE))
    for line in lines:
        if match := re.match(r"make ([a-z-]+)", line):
            assert match[1] in targets
        if match := re.match(r"python3 (\S+)", line):
            assert (ROOT / match[1]).exists()


@pytest.mark.parametrize(
    "line",
    ["sparkify load", "sparkify iac destroy", "sparkify etl --force", "sparkify status songs"],
)
def test_a_wrong_command_line_is_found(line: str) -> None:
    assert wrong_call(line)
    assert typed(f"Try `{line}`.") == typed(f"```sh\n{line}\n```") == [line]


@in_each_document
def test_flags_variables_and_lists_exist(document: str) -> None:
    flags = {name for _, one in reference.commands() for param in one.params for name in param.opts}
    for span in spans(DOCUMENTS[document]):
        if re.fullmatch(r"--[a-z-]+", span):
            assert span in flags | {"--help"}
        if match := re.match(r"SPARKIFY_\w+", span):
            assert match[0] in {"SPARKIFY_", *(one.variable for one in SETTINGS.values())}
        if re.fullmatch(r"\w+_queries", span):
            assert hasattr(sql_queries, span)


@in_each_document
def test_files_that_are_named_exist(document: str) -> None:
    places = (ROOT, ROOT / "src/sparkify")
    made_up = {"night_listeners.sql", "users_named.sql", "dwh.cfg", ".venv"}
    for span in spans(DOCUMENTS[document]):
        if re.fullmatch(r"[\w./-]+(\.(py|sql|md|toml|cfg)|/)", span) and span not in made_up:
            assert any((place / span).exists() for place in places), span


def slugs(text: str) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(text), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings}


@in_each_document
def test_links_lead_somewhere(document: str) -> None:
    for link in re.findall(r"\[[^\]]+\]\(([^)\s]+)\)", prose(DOCUMENTS[document])):
        if link.startswith("https://"):
            continue
        name, _, anchor = link.partition("#")
        target = (ROOT / document).parent / name if name else ROOT / document
        assert target.exists(), link
        assert not anchor or anchor in slugs(target.read_text(encoding="utf-8")), link


# What is shown works


def test_make_run_runs_what_the_transcript_shows() -> None:
    recipe = re.findall(r"^run:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)[0]
    commands = re.findall(r"\$\(BIN\)/sparkify (\w+)", recipe)
    assert commands == ["generate", "etl", "report"]
    assert "DATA ?= data\n" in MAKEFILE


def test_the_promises_count_worlds_as_the_tests_do() -> None:
    for file, pattern, said in (
        ("engines/test_worlds", r"^WORLDS, .* = (\d+),", "{} generated worlds"),
        ("engines/test_questions", r"^WORLDS = range\((\d+)\)", "on {} worlds"),
    ):
        text = (ROOT / f"tests/{file}.py").read_text(encoding="utf-8")
        (number,) = re.findall(pattern, text, re.MULTILINE)
        assert said.format(number) in DOCUMENTS["docs/reliability.md"]


def test_the_settings_file_of_the_readme_is_read(tmp_path: Path) -> None:
    (example,) = fences(README, "ini")
    (tmp_path / "dwh.cfg").write_text(example, encoding="utf-8")
    settings, origins = config.load(tmp_path / "dwh.cfg", {}, {})
    assert settings.log_data == "/data/logs"
    assert settings.database == Path("/data/sparkify.duckdb")
    assert sum(origin.startswith("file ") for origin in origins.values()) == 3
