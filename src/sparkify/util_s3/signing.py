"""AWS Signature Version 4 for a GET without a body, with little work a request.

IAM/latest/UserGuide/reference_sigv-create-signed-request.html. boto3 takes ten times as long for
the same, which counts where thousands of small objects are read.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from botocore.credentials import Credentials

_NO_BODY = hashlib.sha256(b"").hexdigest()


def signed_headers(credentials: Credentials, region: str, host: str, path: str) -> str:
    """Make the header lines that sign a GET.

    host: as the Host header has it. path: in URL encoding; there may be no query.
    """
    now = credentials.get_frozen_credentials()  # renewed by boto3 when it is about to expire
    moment = _moment(int(time.time()))
    scope = f"{moment[:8]}/{region}/s3/aws4_request"
    signed = [("host", host), ("x-amz-content-sha256", _NO_BODY), ("x-amz-date", moment)]
    if now.token:
        signed.append(("x-amz-security-token", now.token))
    names = ";".join(name for name, _ in signed)
    lines = "".join(f"{name}:{value}\n" for name, value in signed)
    request = f"GET\n{path}\n\n{lines}\n{names}\n{_NO_BODY}"
    digest = hashlib.sha256(request.encode()).hexdigest()
    key = _key(now.secret_key or "", scope)
    signature = hmac.digest(
        key, f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{digest}".encode(), "sha256"
    )
    sent = "".join(f"{name}: {value}\r\n" for name, value in signed[1:])
    return (
        f"{sent}authorization: AWS4-HMAC-SHA256 Credential={now.access_key}/{scope}, "
        f"SignedHeaders={names}, Signature={signature.hex()}\r\n"
    )


@lru_cache(maxsize=2)
def _moment(seconds: int) -> str:
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(seconds))


@lru_cache(maxsize=8)
def _key(secret: str, scope: str) -> bytes:
    """Derive the key of a day, a Region and a service from a secret key."""
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
