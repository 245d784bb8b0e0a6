"""How S3 is reached: one boto3 client of one Region, signed or anonymous."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .failures import Asked, reported

if TYPE_CHECKING:
    from botocore.credentials import Credentials

    from ..config import Settings

THREADS = 64
"""How many requests are under way at once: S3 answers a small one in 10 to 30 ms, and a prefix
takes 5,500 a second (AmazonS3/latest/userguide/optimizing-performance.html)."""
ATTEMPTS = 6
"""How often boto3 sends a request that S3 is too busy for, with 1 to 20 seconds between."""
_REDIRECTS = (301, 302, 307)
_REGION_ERRORS = ("AuthorizationHeaderMalformed", "IllegalLocationConstraintException")


@dataclass(frozen=True)
class Access:
    """A boto3 client with what it was made from.

    credentials: as boto3 found them, renewed by boto3 as they expire; None: requests go unsigned.
    """

    client: Any
    credentials: Credentials | None
    region: str
    ca_bundle: str | None = None

    def asked(self, place: str) -> Asked:
        """Say who asks, for the message of an error. place: the address asked for."""
        return Asked(place, self.region, self.credentials is None)

    @cached_property
    def proxied(self) -> bool:
        """Whether requests go through a proxy."""
        from urllib.request import getproxies, proxy_bypass

        scheme, _, rest = self.client.meta.endpoint_url.partition("://")
        host = rest.partition("/")[0]
        return scheme in getproxies() and not proxy_bypass(host)

    def base(self, bucket: str) -> str:
        """Give the URL below which a bucket's objects are, as boto3 itself addresses them.

        boto3 decides between path and host style: `https://bucket.s3.us-west-2.amazonaws.com`,
        or `http://127.0.0.1:9000/bucket`.
        """
        _probing.on = True
        try:
            with reported(self.asked(f"s3://{bucket}")):
                self.client.get_object(Bucket=bucket, Key="x")
        except _Addressed as told:
            return told.url.removesuffix("/x")
        finally:
            _probing.on = False
        raise AssertionError("a probe is never sent")


_probing = threading.local()


class _Addressed(Exception):
    """Where boto3 was about to send a probe."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


def _tell_address(request: Any, **_: Any) -> None:
    if getattr(_probing, "on", False):
        raise _Addressed(request.url)


def connect(settings: Settings, region: str) -> Access:
    """Make the client of a Region; nothing is sent yet.

    It signs with the keys of the settings, else with what the standard AWS chain has; where that
    has nothing, requests go unsigned, which public buckets allow.
    Raises SettingsError when credentials are configured and cannot be fetched.
    """
    from botocore import UNSIGNED

    from .. import aws

    with reported(Asked("AWS", region, anonymous=False)):
        session = aws.session(settings)
        credentials = session.get_credentials()
        if credentials:
            credentials.get_frozen_credentials()  # to fail here, where one can say why
        client = aws.client(
            settings,
            "s3",
            region,
            attempts=ATTEMPTS,
            signature_version="s3v4" if credentials else UNSIGNED,
            max_pool_connections=THREADS,
        )
    client.meta.events.register_first("needs-retry.s3", _take_no_detour)
    client.meta.events.register("before-send.s3.GetObject", _tell_address)
    return Access(client, credentials, region, aws.ca_bundle(settings))


def _take_no_detour(response: Any, operation: Any, **_: Any) -> None:
    """Fail when a bucket is in another Region; boto3 would go there without a word.

    A wrong REGION must be seen: COPY, which takes it from the same settings, would fail on it.
    """
    from botocore.exceptions import ClientError

    if response is None:
        return
    http, parsed = response
    code = parsed.get("Error", {}).get("Code")
    if (http is not None and http.status_code in _REDIRECTS) or code in _REGION_ERRORS:
        raise ClientError(parsed, operation.name)
