"""The opening handshake of WebSockets (RFC 6455 4.2): whether a request is one, and what the answer says."""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from hashlib import sha1

from attrs import frozen

from stalwart.errors import Invalid
from stalwart.web.answers import Answer
from stalwart.web.exchange import Exchange
from stalwart.web.problems import problem, reason_phrase

VERSION = "13"
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


@frozen
class Handshake:
    """What the answer says: the proof that the request was understood, and the subprotocol, if one was asked for."""

    accept: str
    protocol: str | None


def read_handshake(exchange: Exchange, protocol: str) -> Handshake | Answer:
    """Read a request for a WebSocket on which ``protocol`` is spoken; the refusal of one of another version.

    Raises Invalid for anything else.
    """
    head = exchange.head
    if exchange.method != "GET":
        raise Invalid("A WebSocket is opened with GET.")
    if head.version != "HTTP/1.1":  # RFC 8441 is not offered
        raise Invalid("WebSockets are opened over HTTP/1.1.")
    if "websocket" not in _tokens(exchange, "upgrade") or "upgrade" not in _tokens(exchange, "connection"):
        raise Invalid("This resource is a WebSocket; the request must ask for the upgrade to websocket.", ("Upgrade",))
    version = exchange.header("sec-websocket-version")
    if version is None:
        raise Invalid("The field Sec-WebSocket-Version is missing.", ("Sec-WebSocket-Version",))
    if version.strip() != VERSION:
        detail = f"The version of WebSockets that is spoken here is {VERSION}."
        headers = (("Upgrade", "websocket"), ("Sec-WebSocket-Version", VERSION))  # RFC 6455 4.4
        return problem(426, reason_phrase(426), detail, headers=headers)
    key = exchange.header("sec-websocket-key") or ""
    if not _is_key(key.strip()):
        raise Invalid("The field Sec-WebSocket-Key must be 16 octets in base64.", ("Sec-WebSocket-Key",))
    if exchange.body_stream is not None:
        raise Invalid("A request for a WebSocket has no body.")
    offered = exchange.header("sec-websocket-protocol")
    if offered is not None and protocol not in [each.strip() for each in offered.split(",")]:
        raise Invalid(f'The subprotocol that is spoken here is "{protocol}".', ("Sec-WebSocket-Protocol",))
    return Handshake(accept_of(key.strip()), protocol if offered is not None else None)


def accept_of(key: str) -> str:
    """``Sec-WebSocket-Accept`` for a key (RFC 6455 4.2.2)."""
    return b64encode(sha1(key.encode("latin-1") + _GUID).digest()).decode("ascii")


def _tokens(exchange: Exchange, name: str) -> list[str]:
    return [each.strip().lower() for each in (exchange.header(name) or "").split(",")]


def _is_key(text: str) -> bool:
    try:
        return len(b64decode(text, validate=True)) == 16
    except (binascii.Error, ValueError):
        return False
