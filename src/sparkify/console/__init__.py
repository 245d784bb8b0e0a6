"""The only printer: results on stdout, talk and progress on stderr."""

from .progress import ProgressBar
from .reports import (
    show_answers,
    show_checks,
    show_created,
    show_csv,
    show_exported,
    show_findings,
    show_generated,
    show_list,
    show_load,
    show_plan,
    show_rejects,
    show_sql,
    show_status,
    show_table,
)
from .stream import ask, failure, finish, json_out, plain, prepare, say

__all__ = [
    "ProgressBar",
    "ask",
    "failure",
    "finish",
    "json_out",
    "plain",
    "prepare",
    "say",
    "show_answers",
    "show_checks",
    "show_created",
    "show_csv",
    "show_exported",
    "show_findings",
    "show_generated",
    "show_list",
    "show_load",
    "show_plan",
    "show_rejects",
    "show_sql",
    "show_status",
    "show_table",
]
