"""Reading with boto3: slow, for any key, and with an answer to everything that goes wrong."""

from __future__ import annotations

import random
import threading
import time
from typing import TYPE_CHECKING, Any

from .addresses import Location, S3Object
from .failures import OtherVersionError, changed, cut, reported

if TYPE_CHECKING:
    from .access import Access

ATTEMPTS = 6
"""How often a body that breaks off is asked for again."""
_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 5.0
DEADLINE_SECONDS = 180.0


def read_part(
    access: Access, wanted: S3Object, start: int, stop: int, gone: threading.Event
) -> bytes:
    """Read bytes start to stop of an object as it was listed.

    gone: when it is set, no further attempt is made.
    Raises SourceError when it vanished, changed, or never comes whole; SettingsError when it may
    not be read.
    """
    options: dict[str, Any] = {"Bucket": wanted.bucket, "Key": wanted.key}
    if wanted.etag:
        options["IfMatch"] = f'"{wanted.etag}"'
    if stop - start < wanted.size:
        options["Range"] = f"bytes={start}-{stop - 1}"
    certain = False
    try:
        answer, data = _whole(access, options, wanted.address, stop - start, gone)
    except OtherVersionError:
        if not options.pop("IfMatch", None):
            raise
        # Some local servers compare If-Match letter by letter, quotes too: look at what is there.
        certain = True
        answer, data = _whole(access, options, wanted.address, stop - start, gone)
    etag = answer.get("ETag", "").strip('"')
    same = etag == wanted.etag or not (certain or (wanted.etag and etag))
    if len(data) != stop - start or not same:
        raise changed(wanted.address)
    return data


def read_object(access: Access, location: Location) -> bytes:
    """Read an object whole, whatever version is there; errors as of `read_part`."""
    options = {"Bucket": location.bucket, "Key": location.key}
    return _whole(access, options, str(location), 0, threading.Event())[1]


def _whole(
    access: Access, options: dict[str, Any], address: str, size: int, gone: threading.Event
) -> tuple[dict[str, Any], bytes]:
    """Get an answer with its whole body. size: what is expected, to tell of in an error."""
    from botocore.exceptions import HTTPClientError, IncompleteReadError

    began = time.monotonic()
    for attempt in range(ATTEMPTS):
        if attempt:
            pause = min(_FIRST_PAUSE_SECONDS * 2 ** (attempt - 1), _LONGEST_PAUSE_SECONDS)
            if gone.wait(pause * random.uniform(0.5, 1)):
                break
        with reported(access.asked(address)):
            answer = access.client.get_object(**options)
            try:
                return answer, answer["Body"].read()
            except (HTTPClientError, IncompleteReadError):
                size = answer.get("ContentLength", size)
            finally:
                answer["Body"].close()
        if time.monotonic() - began > DEADLINE_SECONDS:
            break
    raise cut(address, size)
