"""Signatures of letters that leave long after they were signed: they get another one.

What is held, or has waited, may outlive the key of its signature, whose record goes when another key has followed it
(``mail.dkim_rotation``) or somebody withdraws it, and the time that the signature is good for (RFC 6376 3.5, ``x=``).
So whatever leaves late is signed when it leaves, with the keys of that moment, for the domain for which it was signed
when it came. The former signature stays where it is; a receiver needs one that is good.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from stalwart.store.blob_files import Stored
from stalwart.store.queue_rows import QueuedLetter

GOOD_FOR: Final = 900
"""Seconds after which a signature is not relied upon."""

Sign = Callable[[bytes | Stored, str], Awaitable[bytes]]
"""``mail.authentication.signing.Signing.signed``."""


class Signatures:
    """Signs letters that are late."""

    def __init__(self, sign: Sign) -> None:
        self._sign = sign

    async def front(self, letter: QueuedLetter, content: bytes | Stored, now: int) -> bytes:
        """What is put before ``content`` when it leaves. Raises NotFound, Unavailable."""
        if not letter.signed_for or now - letter.signed_at < GOOD_FOR:
            return b""
        return await self._sign(content, letter.signed_for)
