"""A built wheel, installed elsewhere with the libraries of `pip install` alone, does the work."""

from __future__ import annotations

import subprocess
import sys
import venv
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import sparkify
from command_line import write_sources

ROOT = Path(__file__).parents[2]


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(
        [*map(str, command)],
        cwd=cwd,
        env={"PATH": "/usr/bin:/bin"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def needed(name: str) -> set[str]:
    """A distribution and all that it needs without extras."""
    found = {name}
    for text in metadata.requires(name) or ():
        one = Requirement(text)
        if one.marker is None or one.marker.evaluate({"extra": ""}):
            found |= needed(one.name)
    return found


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that holds the wheel and what it needs, and nothing else."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    (wheel,) = folder.glob("*.whl")
    assert wheel.name == f"sparkify-{sparkify.__version__}-py3-none-any.whl"
    venv.create(folder / "venv")
    (packages,) = folder.glob("venv/lib/python*/site-packages")
    zipfile.ZipFile(wheel).extractall(packages)
    for name in needed("sparkify") - {"sparkify"}:
        installed = metadata.distribution(name)
        for top in {file.parts[0] for file in installed.files or ()} - {"..", "__pycache__"}:
            (packages / top).symlink_to(str(installed.locate_file(top)))
    return folder / "venv/bin/python"


def test_a_wheel_loads_answers_and_looks_elsewhere(python: Path, tmp_path: Path) -> None:
    write_sources(tmp_path)
    program = (python, "-m", "sparkify")
    assert run(*program, "--version", cwd=tmp_path) == f"sparkify {sparkify.__version__}\n"
    place = run(python, "-c", "import sparkify; print(sparkify.__file__)", cwd=tmp_path)
    assert place.startswith(str(python.parents[1]))
    assert '1 "Setanta matins" by Elena is played most' in run(*program, "etl", cwd=tmp_path)
    for words in (["ask", "1"], ["status"], ["export", "out"], ["sql"], ["doctor"]):
        assert run(*program, *words, cwd=tmp_path)
    assert " 0 failed." in run(*program, "check", cwd=tmp_path)
    counted = run(*program, "query", "SELECT COUNT(*) AS plays FROM songplays", cwd=tmp_path)
    assert "    2\n" in counted


def test_a_wheel_holds_all_but_the_tests(python: Path) -> None:
    (installed,) = python.parents[1].glob("lib/python*/site-packages/sparkify")
    source = ROOT / "src/sparkify"
    for path in source.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            assert (installed / path.relative_to(source)).is_file()
