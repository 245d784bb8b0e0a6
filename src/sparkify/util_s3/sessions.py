"""One boto3 session for all clients of a process: each session reads a megabyte of models anew."""

from __future__ import annotations

import os
import threading
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from boto3 import Session

    from ..config import Settings

_lock = threading.Lock()


def session(settings: Settings) -> Session:
    """Give the session that signs with the keys of the settings, else with the standard AWS chain.

    It is the same one as long as the AWS_ variables of the environment stay as they are.
    """
    environment = tuple(sorted(one for one in os.environ.items() if one[0].startswith("AWS_")))
    with _lock:
        return _session(settings.aws_key, settings.aws_secret, environment)


def client(settings: Settings, service: str, region: str, config: Any) -> Any:
    """Make a client of a service in a Region. Sessions are not made for threads, so one at a time.

    config: a botocore Config. No endpoint is given, so that AWS_ENDPOINT_URL is heeded.
    """
    shared: Any = session(settings)
    with _lock:
        return shared.client(service, region_name=region, config=config)


def secrets(settings: Settings) -> tuple[str, ...]:
    """List what no message may show: the keys of the settings, and those of the environment."""
    given = (os.environ.get("AWS_SECRET_ACCESS_KEY"), os.environ.get("AWS_SESSION_TOKEN"))
    return tuple(one for one in (settings.aws_secret, settings.aws_key, *given) if one)


def ca_bundle(settings: Settings) -> str | None:
    """Give the file of trusted certificates that boto3 is configured with, if any."""
    core: Any = session(settings)._session
    bundle: str | None = core.get_config_variable("ca_bundle")
    return bundle


@lru_cache(maxsize=4)
def _session(key: str, secret: str, environment: tuple[tuple[str, str], ...]) -> Session:
    import boto3

    return boto3.Session(aws_access_key_id=key or None, aws_secret_access_key=secret or None)
