"""The process that `guided` runs: python -m torture.guided_child SEEDS [options of libFuzzer]."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["sparkify.staging", "json"]):
    import sparkify.staging.validate  # noqa: F401 - instrumented before anybody imports it

from .guided import difference


def judge(data: bytes) -> None:
    """Try one input."""
    if told := difference(data):
        raise AssertionError(told)


if __name__ == "__main__":
    atheris.Setup(sys.argv, judge)
    atheris.Fuzz()
