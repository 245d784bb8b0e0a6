"""The clients of one Region: boto3 for every operation, obstore for fast reading."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import aws
from .errors import s3_error

if TYPE_CHECKING:
    from botocore.credentials import Credentials
    from obstore.store import ClientConfig, S3Credential, S3Store

    from ..config import Settings

THREADS = 64
"""How many requests are under way at once: S3 answers a small one in 10 to 30 ms, and a prefix
takes 5,500 a second (AmazonS3/latest/userguide/optimizing-performance.html)."""
ATTEMPTS = 6
"""How often boto3 repeats a request that S3 is too busy for, with 1 to 20 seconds between."""
OBSTORE_RETRIES = 5
CREDENTIALS_LAST = timedelta(minutes=5)
"""How long obstore keeps the credentials that boto3 has, which renews them before they expire."""
_LONGEST_REQUEST = timedelta(minutes=10)
_REDIRECTS = (301, 302, 307)
_HOST_NAME = re.compile(r"[a-z0-9-]+")


@dataclass(frozen=True)
class Client:
    """A boto3 client of S3, and an obstore for each bucket that is read.

    credentials: as boto3 found them, renewed by boto3 as they expire; None: requests go unsigned.
    """

    boto3: Any
    credentials: Credentials | None
    region: str
    ca_bundle: str | None = None
    _stores: dict[str, S3Store] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def errors(self, place: str) -> Iterator[None]:
        """Turn what boto3 raises inside into SourceError or SettingsError. place: an address."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except (BotoCoreError, ClientError) as error:
            raise self.error(error, place) from None

    def error(self, error: Exception, place: str) -> Exception:
        """Return the error that says what boto3 failed with at an address."""
        return s3_error(error, place, self.region, anonymous=self.credentials is None)

    def base(self, bucket: str) -> str:
        """Return the URL of a bucket as boto3 addresses it: by host name at AWS, else by path."""
        scheme, _, host = self.boto3.meta.endpoint_url.rstrip("/").partition("://")
        at_aws = host.startswith("s3") and ".amazonaws.com" in host
        if at_aws and _HOST_NAME.fullmatch(bucket):
            return f"{scheme}://{bucket}.{host}"
        return f"{scheme}://{host}/{bucket}"

    def store(self, bucket: str) -> S3Store:
        """Return the obstore of a bucket, made when it is first used."""
        with self._lock:
            if bucket not in self._stores:
                self._stores[bucket] = self._new_store(self.base(bucket), bucket)
            return self._stores[bucket]

    def _new_store(self, base: str, bucket: str) -> S3Store:
        from obstore.store import S3Store

        options: ClientConfig = {
            "allow_http": base.startswith("http://"),
            "connect_timeout": timedelta(seconds=aws.CONNECT_SECONDS),
            "read_timeout": timedelta(seconds=aws.READ_SECONDS),
            "timeout": _LONGEST_REQUEST,
        }
        if self.ca_bundle:
            options["root_certificate"] = Path(self.ca_bundle).read_bytes()
        return S3Store(
            bucket,
            endpoint=base,
            aws_endpoint_url_s3=base,  # else the variable of that name would win
            virtual_hosted_style_request=True,  # the endpoint is that of the bucket
            region=self.region,
            skip_signature=self.credentials is None,
            credential_provider=self._current_credentials if self.credentials else None,
            client_options=options,
            retry_config={
                "max_retries": OBSTORE_RETRIES,
                "retry_timeout": timedelta(seconds=30),
                "backoff": {
                    "init_backoff": timedelta(milliseconds=100),
                    "max_backoff": timedelta(seconds=3),
                    "base": 2,
                },
            },
        )

    def _current_credentials(self) -> S3Credential:
        assert self.credentials is not None
        now = self.credentials.get_frozen_credentials()
        return {
            "access_key_id": now.access_key or "",
            "secret_access_key": now.secret_key or "",
            "token": now.token,
            "expires_at": datetime.now(UTC) + CREDENTIALS_LAST,
        }


def connect(settings: Settings, region: str) -> Client:
    """Return the clients of a Region; nothing is sent yet.

    They sign with the keys of the settings, else with what the standard AWS chain has; where that
    has nothing, requests go unsigned, which public buckets allow.
    Raises SettingsError when credentials are configured and cannot be fetched.
    """
    from botocore import UNSIGNED
    from botocore.exceptions import BotoCoreError

    try:
        credentials = aws.session(settings).get_credentials()
        if credentials:
            credentials.get_frozen_credentials()  # fails here, where the cause can be told
        client = aws.client(
            settings,
            "s3",
            region,
            attempts=ATTEMPTS,
            signature_version="s3v4" if credentials else UNSIGNED,
            max_pool_connections=THREADS,
        )
    except BotoCoreError as error:
        raise s3_error(error, "AWS", region, anonymous=False) from None
    client.meta.events.register_first("needs-retry.s3", _refuse_redirects)
    return Client(client, credentials, region, aws.ca_bundle(settings))


def _refuse_redirects(response: Any, operation: Any, **_: Any) -> None:
    """Fail when a bucket is in another Region, to which boto3 would silently go.

    A wrong REGION must be seen: COPY, which takes it from the same settings, would fail on it.
    """
    from botocore.exceptions import ClientError

    if response is None:
        return
    http, parsed = response
    error = ClientError(parsed, operation.name)
    redirected = http is not None and http.status_code in _REDIRECTS
    if redirected or aws.problem(error) is aws.Problem.WRONG_REGION:
        raise error
