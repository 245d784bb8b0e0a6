"""The only printer: results on stdout, talk and progress on stderr."""

from .cloud import (
    answer,
    show_built,
    show_cloud_plan,
    show_cloud_status,
    show_doomed,
    show_removed,
)
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
    "answer",
    "ask",
    "failure",
    "finish",
    "json_out",
    "plain",
    "prepare",
    "say",
    "show_answers",
    "show_built",
    "show_checks",
    "show_cloud_plan",
    "show_cloud_status",
    "show_created",
    "show_csv",
    "show_doomed",
    "show_exported",
    "show_findings",
    "show_generated",
    "show_list",
    "show_load",
    "show_plan",
    "show_rejects",
    "show_removed",
    "show_sql",
    "show_status",
    "show_table",
]
