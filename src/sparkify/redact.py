"""Secrets masked in whatever is shown: keys, tokens, passwords, signed addresses."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

MASK = "****"
UNSAFE = "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
"""Characters that control a terminal, reverse the direction of text or break lines, and lone
surrogates (bytes of a file name that are not text), as a regular expression."""
_SHORTEST_SECRET = 8
"""No key of AWS is shorter, and a shorter text would match inside words."""

_NAMES = (
    r"(?:secret_?access_?key|access_?key_?id|secret_?key|session_?token|security-?_?token"
    r"|x-amz-(?:credential|signature)|signature|password|passwd|master_symmetric_key)"
)
_SECRETS = (
    # Identifiers of access keys, temporary ones included (IAM User Guide, "Unique identifiers").
    re.compile(r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{8,}"),
    # Session tokens of STS begin like this, in whatever text they stand.
    re.compile(r"\b(?:FwoGZXIvYXdz|FQoGZXIvYXdz|IQoJb3JpZ2lu)[\w+/=%-]*"),
    # name=value, "name": "value", name 'value': what COPY, URLs and headers call secrets.
    re.compile(
        rf"{_NAMES}[\"']{{0,2}}\s*(?:[=:]|%3D)\s*[\"']?(?P<value>[^\s\"';,&]+)", re.IGNORECASE
    ),
    re.compile(rf"{_NAMES}\s+[\"'](?P<value>[^\"']+)", re.IGNORECASE),
)
_VARIABLES = (
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
    *("SPARKIFY_AWS_KEY", "SPARKIFY_AWS_SECRET"),
)
_known: set[str] = set()


def remember(*secrets: str) -> None:
    """Let `mask_all` mask these texts, too: the keys of a settings file."""
    _known.update(secret for secret in secrets if secret)


def mask(text: str, known: Iterable[str] = ()) -> str:
    """Return a text with MASK for access keys, tokens, passwords, and every text in `known`."""
    for secret in known:
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, MASK)
    for pattern in _SECRETS:
        text = pattern.sub(_masked, text)
    return text


def mask_all(text: str) -> str:
    """Return a text with secrets masked, the keys of settings and environment included."""
    found = (os.environ.get(variable, "") for variable in _VARIABLES)
    return mask(text, sorted({*_known, *found}, key=len, reverse=True))


def _masked(match: re.Match[str]) -> str:
    value = match.groupdict().get("value")
    return match[0].removesuffix(value) + MASK if value else MASK
