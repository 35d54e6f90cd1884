"""Errors as SMTP replies: what is wrong now but not for good is 4yz, so that the client keeps the message.

Nothing of an exception that is not of the family reaches the client.
"""

from __future__ import annotations

import errno

from twisted.internet.defer import CancelledError
from twisted.internet.error import TimeoutError as TwistedTimeout

from stalwart.codec.smtp import replies
from stalwart.codec.smtp.replies import reply
from stalwart.codec.smtp_reply import Reply
from stalwart.errors import (
    Forbidden,
    Invalid,
    NotFound,
    OverQuota,
    StalwartError,
    TooLarge,
    TooMany,
    Unauthenticated,
)
from stalwart.mail.circles import RunsInACircle
from stalwart.mail.queue.quotas import QueueFull
from stalwart.smtp.reception import Refused

_FULL = frozenset((errno.ENOSPC, errno.EDQUOT))
_SQLITE_FULL = 13
_POSTGRESQL_FULL = "53100"
_KINDS: tuple[tuple[type[StalwartError], int, str], ...] = (
    (QueueFull, 452, "4.3.1"),
    (OverQuota, 452, "4.2.2"),
    (TooLarge, 552, "5.3.4"),
    (TooMany, 451, "4.7.1"),
    (NotFound, 550, "5.1.1"),
    (Forbidden, 550, "5.7.1"),
    (Unauthenticated, 530, "5.7.0"),
    (RunsInACircle, 554, "5.4.6"),
    (Invalid, 550, "5.6.0"),
)
_EXPECTED = (StalwartError, Refused, CancelledError, TimeoutError, TwistedTimeout)
DISK_FULL = reply(452, "4.3.1", "The mail system is full; please try again later")


def is_expected(error: BaseException) -> bool:
    """Whether ``error`` is no fault of the program."""
    return isinstance(error, _EXPECTED) or is_disk_full(error)


def is_disk_full(error: BaseException) -> bool:
    """Whether ``error``, or what caused it, says that there is no room."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in _FULL:
            return True
        if (
            getattr(cause, "sqlite_errorcode", None) == _SQLITE_FULL
            or getattr(cause, "sqlstate", None) == _POSTGRESQL_FULL
        ):
            return True
        cause = cause.__cause__
    return False


def reply_to(error: BaseException) -> Reply:
    """What the client is told of ``error``."""
    if isinstance(error, Refused):
        return error.refusal.reply
    if is_disk_full(error):
        return DISK_FULL
    for kind, code, enhanced in _KINDS:
        if isinstance(error, kind):
            return reply(code, enhanced, error.detail)
    if isinstance(error, StalwartError):
        return reply(451, "4.3.0", error.detail)
    if isinstance(error, CancelledError | TimeoutError | TwistedTimeout):
        return replies.TOOK_TOO_LONG
    return replies.OUT_OF_ORDER
