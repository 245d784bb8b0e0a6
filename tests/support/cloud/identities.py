"""Who signed a request: each IAM user is a user of the database of its own.

The key of `StandIn.environment` is nobody's user in IAM: it is the administrator of the databases.
"""

from __future__ import annotations

from contextvars import ContextVar

from moto.iam.models import iam_backends

from . import objects

KEY: ContextVar[str] = ContextVar("key", default="")
"""The access key id with which the request that is being answered was signed."""


def database_user() -> str:
    """The user of the database that answers to the caller, `IAM:name`; '' is the administrator."""
    for one in iam_backends[objects.ACCOUNT]["aws"].users.values():
        if any(key.access_key_id == KEY.get() for key in one.access_keys):
            return f"IAM:{one.name}"
    return ""
