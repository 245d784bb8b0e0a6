"""What the machine does to a load: full disks, permissions, moving files, clocks, damage."""

from __future__ import annotations

from pathlib import Path

from torture import damage, disk, moving, rights
from torture.figures import Scale, hold


def test_full_disks(scale: Scale, tmp_path: Path) -> None:
    hold(disk.run(scale, tmp_path))


def test_permissions(scale: Scale, tmp_path: Path) -> None:
    hold(rights.run(scale, tmp_path))


def test_files_that_change_while_they_are_read(scale: Scale, tmp_path: Path) -> None:
    hold(moving.run(scale, tmp_path))


def test_a_clock_that_jumps(scale: Scale, tmp_path: Path) -> None:
    hold(moving.run_clock(scale, tmp_path))


def test_other_versions_of_the_schema(scale: Scale, tmp_path: Path) -> None:
    hold(damage.run_versions(scale, tmp_path))


def test_damaged_files(scale: Scale, tmp_path: Path) -> None:
    hold(damage.run(scale, tmp_path))
