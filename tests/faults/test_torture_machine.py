"""What the machine does to a load: full disks, permissions, moving files, clocks, damage."""

from __future__ import annotations

from pathlib import Path

from torture import damage, disk, moving, rights
from torture.figures import QUICK, hold


def test_full_disks(tmp_path: Path) -> None:
    hold(disk.run(QUICK, tmp_path))


def test_permissions(tmp_path: Path) -> None:
    hold(rights.run(QUICK, tmp_path))


def test_files_that_change_while_they_are_read(tmp_path: Path) -> None:
    hold(moving.run(QUICK, tmp_path))


def test_a_clock_that_jumps(tmp_path: Path) -> None:
    hold(moving.run_clock(QUICK, tmp_path))


def test_other_versions_of_the_schema(tmp_path: Path) -> None:
    hold(damage.run_versions(QUICK, tmp_path))


def test_damaged_files(tmp_path: Path) -> None:
    hold(damage.run(QUICK, tmp_path))
