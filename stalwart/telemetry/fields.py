"""The fields of events: what kind of value each has wherever it is told, and what is masked in it.

One name has one kind, whichever event it belongs to: logs, streams, web hooks, traces and exports derive their forms
from it. ``spanId`` belongs to every event that happens on a connection or in a delivery.
"""

from __future__ import annotations

import re
import time
from base64 import b64encode
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any
from urllib.parse import unquote_plus

from stalwart.codec.ids import encode_id

LONGEST = 4096
"""Characters of a text that are told."""


class Kind(Enum):
    """What a field holds."""

    TEXT = "text"
    NUMBER = "number"
    FRACTION = "fraction"
    TRUTH = "truth"
    DURATION = "duration"
    """Whole milliseconds."""
    MOMENT = "moment"
    """Seconds since 1970."""
    ADDRESS = "address"
    """An IP address, as text."""
    URL = "url"
    """An address or a request target; credentials in it are masked."""
    LIST = "list"
    """Texts."""
    ID = "id"
    """The id that an object of the API has; events are given its number."""


_NAMES: Mapping[Kind, str] = {
    Kind.TEXT: """
        accountName address again client config contents created destroyed details directory domain from hint hostname
        id kind listenerId method mode object path permission property queueName reason requestId result source to trace
        type updated version
        """,
    Kind.NUMBER: """
        accountId code documentId dropped limit line listeners localPort remotePort size spanId total
        totalFailures totalSuccesses worker
        """,
    Kind.DURATION: "elapsed",
    Kind.MOMENT: "due nextRetry",
    Kind.ADDRESS: "remoteIp",
    Kind.URL: "url",
    Kind.ID: "queueId",
}

FIELDS: Mapping[str, Kind] = {name: kind for kind, names in _NAMES.items() for name in names.split()}
"""The kind of each field."""

_REFERENCE = """
    accountName accountId blobId causedBy changeId code collection contents details dkimFail dkimNone dkimPass dmarcNone
    dmarcPass dmarcQuarantine dmarcReject documentId domain due elapsed expires from hostname id key limit listenerId
    localIp localPort mailboxName mailboxId messageId nextDsn nextRetry path policy queueId rangeFrom rangeTo reason
    remoteIp remotePort reportId result size source spanId spfFail spfNone spfPass strict tls to total totalFailures
    totalSuccesses type uid uidNext uidValidity url validFrom validTo value version queueName
    """
REFERENCE_KEYS = tuple(_REFERENCE.split())
"""Names that the reference has for fields (telemetry 4): whoever asks for one that no event has yet finds nothing."""

_LAST = 253_402_300_799  # of the year 9999
_SECRET_NAME = re.compile(
    "token|secret|pass|pwd|^pin$|^sid$|bearer|code|assertion|key|auth|signature|session|ticket|jwt|credential|otp|hint"
    "|state|nonce"
)
_SECRET_VALUE = re.compile(
    r"(?:[Bb]earer |API_|app_|sw1\.|ey[A-Za-z0-9_-]{8})"
)  # as our own credentials begin, and any JWT
_HIDDEN = "***"
_DIVIDED = re.compile("([?&;#])")
_DIVIDER = re.compile("[?&;#]")
_USER = re.compile(r"(?i)^([a-z][a-z0-9+.-]*://)[^/?#@]*@")


def kind_of(name: str) -> Kind:
    """What ``name`` holds; TEXT for one that is not declared."""
    return FIELDS.get(name, Kind.TEXT)


def masked(target: str) -> str:
    """A URL or request target without user and password, and without the values of parameters that may be credentials.

    Names count however they are written (RFC 3986 2.1); rather too much is hidden than too little.
    """
    target = _USER.sub(r"\1***@", target)
    if not _DIVIDER.search(target):
        return target
    return "".join(part if _DIVIDER.fullmatch(part) else _pair(part) for part in _DIVIDED.split(target))


def _pair(text: str) -> str:
    """``name=value``, or whatever else stands between dividers."""
    name, equals, value = text.partition("=")
    if not equals or not value or "/" in name:
        return _HIDDEN if _SECRET_VALUE.match(unquote_plus(text)) else text
    is_secret = _SECRET_NAME.search(unquote_plus(name).lower()) or _SECRET_VALUE.match(unquote_plus(value))
    return f"{name}={_HIDDEN}" if is_secret else text


def clean(name: str, value: Any) -> Any:
    """``value`` without secrets; one that is computed on demand is computed now."""
    if callable(value):
        value = value()
    kind = FIELDS.get(name)
    if kind is Kind.URL and isinstance(value, str):
        return masked(value)
    if kind is Kind.ID and isinstance(value, int):
        return encode_id(value)
    return value


def moment_text(seconds: float) -> str:
    """RFC 3339 5.6, whole seconds, UTC; what is out of its range is its first or last moment."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(min(max(seconds, 0), _LAST)))


def shown(name: str, value: Any) -> Any:
    """``value`` as a person reads it."""
    if isinstance(value, (int, float)) and FIELDS.get(name) is Kind.MOMENT:
        return moment_text(value)
    return value


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """``values`` for JSON: nothing that is None, moments and addresses as text, bytes as base64, long texts cut."""
    return {name: _json(shown(name, value)) for name, value in values.items() if value is not None}


def _json(value: Any) -> Any:
    if isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, bytes):
        return b64encode(value[:LONGEST]).decode()
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_json(each) for each in value]
    text = str(value)
    if not text.isascii():
        text = text.encode(errors="replace").decode()  # half of a surrogate pair is no character
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
