"""Reading with obstore: fast, for all but odd keys, and without a word on what goes wrong."""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ..aws import CONNECT_SECONDS, READ_SECONDS
from .addresses import S3Object
from .failures import MissedError

if TYPE_CHECKING:
    from obstore import GetOptions
    from obstore.store import ClientConfig, S3Credential, S3Store

    from .access import Access

# What obstore refuses or would change: segments that are empty, `.` or `..`, and control characters
# (docs.rs/object_store, path::Path).
_ODD_KEY = re.compile(r"(^|/)\.{0,2}(/|$)|[\x00-\x1f\x7f]")
_CREDENTIALS_LAST = timedelta(minutes=5)
_MOST_RETRIES = 5
_FIRST_PAUSE = timedelta(milliseconds=100)
_LONGEST_PAUSE = timedelta(seconds=3)
_PATIENCE = timedelta(seconds=30)


class ObjectStores:
    """The obstore of each bucket, made when it is first used."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._stores: dict[str, S3Store] = {}
        self._lock = threading.Lock()

    def read_part(self, wanted: S3Object, start: int, stop: int) -> bytes:
        """Read bytes start to stop of an object as it was listed.

        A busy server and a broken connection are tried again for some seconds.
        Raises MissedError for whatever reason it cannot.
        """
        from obstore.exceptions import BaseError

        if _ODD_KEY.search(wanted.key):
            raise MissedError
        options: GetOptions = {}
        if wanted.etag:
            options["if_match"] = f'"{wanted.etag}"'
        if stop - start < wanted.size:
            options["range"] = (start, stop)
        try:
            result = self._store(wanted.bucket).get(wanted.key, options=options)
            data = result.bytes().to_bytes()
        except (BaseError, ValueError, OSError) as error:
            raise MissedError from error
        etag = (result.meta["e_tag"] or "").strip('"')
        if len(data) != stop - start or (wanted.etag and etag and etag != wanted.etag):
            raise MissedError
        return data

    def _store(self, bucket: str) -> S3Store:
        with self._lock:
            if bucket not in self._stores:
                self._stores[bucket] = self._made(bucket)
            return self._stores[bucket]

    def _made(self, bucket: str) -> S3Store:
        from obstore.store import S3Store

        base = self._access.base(bucket)
        return S3Store(
            bucket,
            endpoint=base,
            aws_endpoint_url_s3=base,  # else the variable of that name would win
            virtual_hosted_style_request=True,  # the endpoint is that of the bucket
            region=self._access.region,
            skip_signature=self._access.credentials is None,
            credential_provider=self._credentials if self._access.credentials else None,
            client_options=self._client_options(base),
            retry_config={
                "max_retries": _MOST_RETRIES,
                "retry_timeout": _PATIENCE,
                "backoff": {"init_backoff": _FIRST_PAUSE, "max_backoff": _LONGEST_PAUSE, "base": 2},
            },
        )

    def _client_options(self, base: str) -> ClientConfig:
        options: ClientConfig = {
            "allow_http": base.startswith("http://"),
            "connect_timeout": timedelta(seconds=CONNECT_SECONDS),
            "read_timeout": timedelta(seconds=READ_SECONDS),
        }
        if self._access.ca_bundle:
            options["root_certificate"] = Path(self._access.ca_bundle).read_bytes()
        return options

    def _credentials(self) -> S3Credential:
        """Hand on what boto3 has, which renews what is about to expire."""
        assert self._access.credentials is not None
        now = self._access.credentials.get_frozen_credentials()
        return {
            "access_key_id": now.access_key or "",
            "secret_access_key": now.secret_key or "",
            "token": now.token,
            "expires_at": datetime.now(UTC) + _CREDENTIALS_LAST,
        }
