"""What is set, what exists, what can be reached; and for what is wrong, the next step."""

from __future__ import annotations

from collections.abc import Mapping

from ..config import Settings
from ..errors import SparkifyError
from . import local
from .local import Finding

__all__ = ["Finding", "examine", "worst"]


def examine(settings: Settings, origins: Mapping[str, str]) -> list[Finding]:
    """Examine everything and return the findings; what is wrong is one of them, never an error.

    origins: where each setting came from, as `config.load` gives it. Secrets are masked.
    """
    findings = local.examine(settings, origins)
    if settings.engine == "duckdb":
        return [*findings, *local.examine_database(settings)]
    from . import cloud

    return [*findings, *cloud.examine(settings)]


def worst(findings: list[Finding]) -> SparkifyError | None:
    """Return one error for all that is wrong, of the kind with the greatest exit code; else None.

    Its details hold all findings.
    """
    troubles = [(one.trouble, one) for one in findings if one.trouble]
    if not troubles:
        return None
    gravest, finding = max(troubles, key=lambda trouble: trouble[0].exit_code)
    names = ", ".join(one.check for _, one in troubles)
    return type(gravest)(
        f"{len(troubles)} of {len(findings)} findings are wrong: {names}",
        finding.next_step,
        findings=[one.as_json() for one in findings],
    )
