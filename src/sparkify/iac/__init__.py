"""The warehouse in the cloud: declared in `infrastructure.yaml`, made by CloudFormation."""

from .deploy import Built, Plan, plan, up
from .destroy import Removed, down
from .stack import Resources, resources
from .status import Status, limit_warning, status
from .template import operator_policy

__all__ = [
    "Built",
    "Plan",
    "Removed",
    "Resources",
    "Status",
    "down",
    "limit_warning",
    "operator_policy",
    "plan",
    "resources",
    "status",
    "up",
]
