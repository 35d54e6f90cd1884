"""What a web hook is sent: events as JSON, and the signature of the body (telemetry 4.1; RFC 2104)."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec


def event_object(id: int, created_at: str, type: str, data: Mapping[str, Any]) -> bytes:
    """One event; ``data`` is ready for JSON, ``created_at`` as RFC 3339 5.6 writes it."""
    try:
        return msgspec.json.encode({"id": str(id), "createdAt": created_at, "type": type, "data": data})
    except UnicodeEncodeError:  # half a surrogate pair, which is not for interchange (RFC 8259 8.2)
        return event_object(id, created_at, type, {name: _replaced(value) for name, value in data.items()})


def body_of(events: Iterable[bytes]) -> bytes:
    """The body with these ``event_object``s."""
    return b'{"events":[' + b",".join(events) + b"]}"


def signature_of(key: bytes, body: bytes) -> str:
    """What `X-Signature` says of a body: its HMAC-SHA256, in base64."""
    return b64encode(hmac.digest(key, body, "sha256")).decode("ascii")


def _replaced(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    return [_replaced(each) for each in value] if isinstance(value, list) else value
