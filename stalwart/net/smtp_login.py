"""Logging in at a relay (RFC 4954): PLAIN (RFC 4616), or LOGIN where a server knows nothing better.

Whether the connection is safe enough for a password is the caller's question. The transcript keeps no credentials.
"""

from __future__ import annotations

from base64 import b64encode

from stalwart.codec.smtp_reply import Capabilities, Reply
from stalwart.net.smtp import SmtpConnection
from stalwart.net.smtp_dialogue import SmtpFailed

NO_MECHANISM = "The host offers neither AUTH PLAIN nor AUTH LOGIN"


def mechanism_of(offered: Capabilities) -> str | None:
    """The mechanism to use with a server that offers this, ``None`` if there is none."""
    known = {word.upper() for word in offered.parameters("AUTH") or ()}
    return next((mechanism for mechanism in ("PLAIN", "LOGIN") if mechanism in known), None)


async def log_in(connection: SmtpConnection, username: str, secret: str, timeout: float) -> Reply:
    """The answer to the login: 235 if it is accepted.

    :raises SmtpFailed: kind ``reply`` if there is no mechanism; otherwise the connection ended.
    :raises ValueError: name or password are too long for a command.
    """
    mechanism = mechanism_of(connection.capabilities)
    if mechanism is None:
        raise SmtpFailed(NO_MECHANISM, "reply")
    if mechanism == "PLAIN":
        return await connection.command(f"AUTH PLAIN {_coded(f'{chr(0)}{username}{chr(0)}{secret}')}", timeout)
    reply = await connection.command("AUTH LOGIN", timeout)
    for said in (username, secret):
        if reply.code != 334:
            break
        reply = await connection.command(_coded(said), timeout)
    return reply


def _coded(text: str) -> str:
    return b64encode(text.encode()).decode("ascii")
