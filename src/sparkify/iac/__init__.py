"""The warehouse in the cloud: declared in `infrastructure.yaml`, made by CloudFormation."""

from .building import Built, up
from .declaration import operator_policy
from .looking import Status, status
from .lookup import Resources, resources
from .planning import Plan, plan
from .removing import Removed, down

__all__ = [
    "Built",
    "Plan",
    "Removed",
    "Resources",
    "Status",
    "down",
    "operator_policy",
    "plan",
    "resources",
    "status",
    "up",
]
