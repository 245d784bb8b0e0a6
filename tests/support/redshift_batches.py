"""Batches of a load on Redshift as the program sends them, of a load that never was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime

from sparkify.ledger import Plan
from sparkify.sources.files import Kind, SourceFile
from sparkify.warehouse import Run
from sparkify.warehouse.redshift.copy_plan import Direct, columns_of
from sparkify.warehouse.redshift.statements import Batch

KINDS: tuple[Kind, ...] = ("events", "songs")
ROLE = "arn:aws:iam::123456789012:role/sparkify-it's"


def some_batch(
    kinds: tuple[Kind, ...],
    direct: tuple[Kind, ...],
    prefixes: int = 1,
    *,
    rejects: bool = True,
    displaced: Iterable[Kind] = (),
    days: Collection[date] = (),
) -> Batch:
    plan = Plan(new=[SourceFile(kind, f"s3://b/{kind}/1.json", 1, "e", "") for kind in kinds])
    moment = datetime(2026, 11, 24, 1, 2, 3, 456789)
    compact = [kind for kind in kinds if kind not in direct]
    manifests: Mapping[str, str] = {
        name: f"s3://cargo/loads/x/{name}.manifest"
        for name in ["files", *compact, *(["rejects"] if rejects and compact else [])]
    }
    how = {
        kind: Direct(
            tuple(f"s3://b/{kind}/{n}" for n in range(prefixes)),
            "us-west-2",
            "auto ignorecase",
            columns_of(kind),
        )
        for kind in direct
    }
    run = Run(7, "published", moment, moment, plan)
    lost = Counter(displaced)
    forgets = not lost  # which records displace others is asked first, and that forgets
    return Batch(run, 6, ROLE, manifests, how, lost.total(), lost, days, after_refusals=forgets)
