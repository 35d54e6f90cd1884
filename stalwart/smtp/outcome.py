"""What a step of the dialogue leads to: replies, and what comes next on the connection."""

from __future__ import annotations

from collections.abc import Awaitable, Coroutine
from enum import Enum
from typing import Any

from attrs import frozen

from stalwart.codec.smtp_reply import Reply
from stalwart.web.coroutines import begun

HANGS_UP = frozenset((421, 521))
"""Codes after which the server closes the connection (RFC 5321 3.8, RFC 7504 3)."""


class Then(Enum):
    """What comes next."""

    COMMAND = "command"
    MESSAGE = "message"
    """The message, up to the dot: ``data``, then ``finish``."""
    CHUNK = "chunk"
    """``chunk_left`` octets of it: ``data``, then ``chunk_ended``."""
    TLS = "tls"
    CLOSE = "close"


@frozen
class Outcome:
    """The replies to a command, and what comes next."""

    replies: tuple[Reply, ...]
    then: Then = Then.COMMAND


Step = Outcome | Awaitable[Outcome]
"""The outcome, or what has to be waited for first."""


def refused(answer: Reply) -> Outcome:
    """Say ``answer``, and close the connection if that is what its code means."""
    return Outcome((answer,), Then.CLOSE if answer.code in HANGS_UP else Then.COMMAND)


def begun_step(work: Coroutine[Any, Any, Outcome]) -> Step:
    """``work`` up to its first wait: its outcome, or what is left of it."""
    step: Step = begun(work)
    return step
