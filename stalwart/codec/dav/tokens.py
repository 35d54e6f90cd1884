"""Tokens that clients get and give back: of locks (RFC 4918 6.5) and of synchronisation (RFC 6578 3)."""

from __future__ import annotations

import re

from attrs import frozen

_LOCK = "urn:stalwart:davlock:"
_SYNC = "urn:stalwart:davsync:"
_NUMBER = "(0|[1-9a-f][0-9a-f]{0,15})"
_LOCK_TOKEN = re.compile(rf"{_LOCK}([0-9a-f]{{1,16}})", re.ASCII | re.IGNORECASE)
_SYNC_TOKEN = re.compile(rf"{_SYNC}{_NUMBER}(?::{_NUMBER})?", re.ASCII)


def lock_token(number: int) -> str:
    """The token of a lock, which is a number of 64 bits."""
    return f"{_LOCK}{number:x}"


def parse_lock_token(token: str) -> int | None:
    """The number of a lock; None if the token is not one of ours. Angle brackets may stand around it."""
    token = token.strip()
    if token.startswith("<") and token.endswith(">"):
        token = token[1:-1].strip()
    match = _LOCK_TOKEN.fullmatch(token)
    return int(match[1], 16) if match else None


@frozen
class SyncToken:
    """Where a client stands: at the change ``number``, with ``page`` in the middle of a listing as of that change."""

    number: int
    page: int | None = None

    def __str__(self) -> str:
        """As it is given to clients."""
        return f"{_SYNC}{self.number:x}" + ("" if self.page is None else f":{self.page:x}")


def parse_sync_token(token: str) -> SyncToken | None:
    """What a client gives back; None if the token is not one of ours."""
    match = _SYNC_TOKEN.fullmatch(token.strip())
    if match is None:
        return None
    return SyncToken(int(match[1], 16), None if match[2] is None else int(match[2], 16))
