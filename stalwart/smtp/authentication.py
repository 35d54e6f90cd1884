"""AUTH (RFC 4954): the dialogue of a SASL mechanism (RFC 4422), whose steps somebody else knows.

Where the policy has an ``Authenticator`` that offers mechanisms to a client, AUTH is announced. Responses may be longer
than command lines: tokens are.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Any, Protocol

from attrs import frozen

from stalwart.codec.smtp.replies import reply
from stalwart.codec.smtp_reply import Reply
from stalwart.smtp.envelope import Peer
from stalwart.smtp.reception import Refusal

LONGEST_RESPONSE = 12288
"""Octets of a line, its end included (RFC 4954 4)."""

SIGNED_IN = reply(235, "2.7.0", "Signed in")
CANCELLED = reply(501, "5.7.0", "Authentication cancelled")
NOT_BASE64 = reply(501, "5.5.2", "The response is not base64")
UNKNOWN_MECHANISM = reply(504, "5.5.4", "This mechanism is not offered")
NEEDS_TLS = reply(538, "5.7.11", "Say STARTTLS first")
ALREADY = reply(503, "5.5.1", "You are signed in already")
IN_TRANSACTION = reply(503, "5.5.1", "Not in the middle of a transaction")
TOO_MANY_FAILURES = reply(421, "4.7.0", "Too many failed sign-ins")


@frozen
class Challenge:
    """The mechanism wants a response to ``data``."""

    data: bytes = b""

    @property
    def reply(self) -> Reply:
        """What the client reads."""
        return reply(334, None, b64encode(self.data).decode())


@frozen
class Login:
    """The client is who it says; ``identity`` is what others are to know of it."""

    identity: Any


class Exchange(Protocol):
    """One attempt."""

    async def step(self, response: bytes | None) -> Challenge | Login | Refusal:
        """Take a response; the first one is None if the client sent none along. A failure is ``535 5.7.8``."""


class Authenticator(Protocol):
    """Who signs clients in."""

    def mechanisms(self, peer: Peer) -> Sequence[str]:
        """What ``peer`` may use now, in upper case: without TLS perhaps nothing."""

    def begin(self, peer: Peer, mechanism: str) -> Exchange:
        """Begin an attempt with one of them."""


def response_of(line: str | bytes) -> bytes | None:
    """What a line of the client means, None if it is not base64."""
    try:
        return b64decode(line, validate=True)
    except (binascii.Error, ValueError):
        return None
