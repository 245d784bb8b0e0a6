"""What it costs, as far as it can be said beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..config import Settings

DOLLARS_PER_RPU_HOUR = 0.375
"""In us-east-1 (aws.amazon.com/redshift/pricing, "Redshift Serverless"); some Regions cost more.
Billed per second, 60 s at least for each activity, and nothing while idle
(mg/serverless-billing)."""
DOLLARS_PER_GB_MONTH = 0.024
"""Of what tables and snapshots take, in us-east-1 (aws.amazon.com/redshift/pricing, "Redshift
managed storage")."""


@dataclass(frozen=True)
class Cost:
    """What the warehouse can cost at most, in US dollars; None: without limit.

    An hour counts as busy when something is computed all through it.
    """

    base_rpus: int
    max_rpus: int | None
    busy_hour_at_base: float
    busy_hour_at_most: float | None
    limit_rpu_hours_a_day: int | None
    day_at_most: float | None
    dollars_per_rpu_hour: float = DOLLARS_PER_RPU_HOUR
    dollars_per_gb_month: float = DOLLARS_PER_GB_MONTH


def cost(base: int, most: int | None, limit: int | None) -> Cost:
    """Work out what can be spent. base, most: RPUs; limit: RPU-hours a day; None or 0: no limit."""
    at_most = most * DOLLARS_PER_RPU_HOUR if most else None
    days = [limit * DOLLARS_PER_RPU_HOUR] if limit else []
    if at_most is not None:
        days.append(24 * at_most)
    return Cost(
        base_rpus=base,
        max_rpus=most or None,
        busy_hour_at_base=base * DOLLARS_PER_RPU_HOUR,
        busy_hour_at_most=at_most,
        limit_rpu_hours_a_day=limit or None,
        day_at_most=min(days, default=None),
    )


def cost_of(settings: Settings) -> Cost:
    """Work out what the settings allow to be spent."""
    return cost(
        settings.redshift_base_capacity,
        settings.redshift_max_capacity,
        settings.redshift_usage_limit_rpu_hours,
    )
