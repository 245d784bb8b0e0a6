"""Clients of one Region, boto3 for all operations and obstore for fast reading; their errors."""

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
from ..aws import Problem
from ..errors import SettingsError, SourceError, SparkifyError

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
        return _error(error, place, self.region, anonymous=self.credentials is None)

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
        raise _error(error, "AWS", region, anonymous=False) from None
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
    if redirected or aws.problem(error) is Problem.WRONG_REGION:
        raise error


class UnsupportedError(SourceError):
    """The server has no such operation; S3 has them all."""


def _error(error: Exception, place: str, region: str, *, anonymous: bool) -> SparkifyError:
    """Return the error that says what S3 answered, or why boto3 gave up.

    place: the address that was asked for. anonymous: whether the request went unsigned.
    """
    from botocore.exceptions import BotoCoreError, ParamValidationError

    if told := aws.credentials_error(error, place):
        return told
    what, status = aws.problem(error), aws.error_status(error)
    code, said = aws.error_code(error), aws.error_message(error)
    if code == "NoSuchBucket":
        bucket = place.removeprefix("s3://").partition("/")[0]
        return SourceError(
            f"{place}: there is no bucket {bucket}",
            "Correct the address.",
            uri=place,
            missing="bucket",
        )
    if what is Problem.CHANGED:
        return changed(place)
    if what is Problem.NOT_FOUND:
        return SourceError(
            f"{place} does not exist, or was removed",
            "Check the address; if it was removed meanwhile, run the command again.",
            uri=place,
        )
    if what is Problem.WRONG_REGION:
        return _wrong_region(error, place, region)
    if what is Problem.ARCHIVED:
        return SourceError(
            f"{place} is archived and cannot be read as it is",
            "Restore it (`aws s3api restore-object`), or move it out of the source.",
            uri=place,
        )
    if what in aws.BUSY:
        return SourceError(
            f"{place}: S3 is busy or failing ({code or status}: {said})",
            "Run the command again later; what was loaded before is skipped.",
            code=code,
        )
    if (what is Problem.DENIED or status == 403) and anonymous:
        return SettingsError(
            f"{place}: access is denied, and there are no AWS credentials",
            "Set AWS credentials (`aws configure`, or AWS_PROFILE, or KEY and SECRET in [AWS]);"
            " without any, only public buckets can be read.",
        )
    if what is Problem.DENIED or status == 403:
        return SettingsError(
            f"{place}: access is denied ({said or code})",
            "Allow s3:ListBucket on the bucket and s3:GetObject on its objects to this identity"
            " (`aws sts get-caller-identity` shows who it is), or correct the address.",
        )
    if what is Problem.UNREACHABLE:
        return SourceError(
            f"{place}: S3 cannot be reached: {said}",
            "Check the network, the proxy (HTTPS_PROXY), and AWS_ENDPOINT_URL if it is set; then"
            " run the command again.",
        )
    if isinstance(error, ParamValidationError):
        return SettingsError(f"{place} is not an S3 address: {said}", "Correct the address.")
    if isinstance(error, BotoCoreError):
        return SourceError(f"{place}: {said}", "Check the address and the AWS configuration.")
    kind = UnsupportedError if what is Problem.UNSUPPORTED else SourceError
    return kind(f"{place}: S3 answered {code or status}: {said}", "Check the address.", code=code)


def changed(place: str) -> SourceError:
    """Return the error of an object that is not the version that was listed."""
    return SourceError(
        f"{place} changed while it was read; nothing was loaded",
        "Run the command again when nothing else writes to it.",
        uri=place,
    )


def _wrong_region(error: Exception, place: str, region: str) -> SettingsError:
    answer = getattr(error, "response", {})
    headers = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    # AuthorizationHeaderMalformed names the Region to use in its body, redirects in a header.
    found = answer.get("Error", {}).get("Region") or headers.get("x-amz-bucket-region", "")
    return SettingsError(
        f"{place}: the bucket is in {found or 'another Region'}, not in {region}",
        f"Set REGION in [S3] to {found or 'the Region of the bucket'} (for a source), or name"
        " another bucket.",
        found=found,
    )
