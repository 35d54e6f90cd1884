"""Tickets: who has proved who he is opens one more connection with one, where no header can be sent (jmap.md 23).

Browsers give neither WebSockets nor event streams an Authorization header, so the URL carries a ticket. It is good once
and for a minute; the store has its digest, so that any process can take it and nobody can read it there.
"""

from __future__ import annotations

import re
import secrets
from hashlib import sha256
from typing import Any

import msgspec

from stalwart.directory.access import Access
from stalwart.directory.credentials import is_allowed_from
from stalwart.directory.standing import Grant, Standing
from stalwart.errors import Unauthenticated
from stalwart.store.store import Store

LIFETIME = 60
"""Seconds."""

_KIND = "stream-ticket"
_FORM = re.compile(r"[A-Za-z0-9_-]{43}\Z")


class Tickets:
    """Gives tickets and takes them."""

    def __init__(self, store: Store, standing: Standing, clock: Any) -> None:
        self._store = store
        self._standing = standing
        self._clock = clock

    async def issue(self, access: Access) -> tuple[str, int]:
        """A ticket for the holder of ``access``, and when it ends (seconds since the epoch)."""
        grant = await self._standing.grant(access)
        value = secrets.token_urlsafe(32)
        ends_at = int(self._clock.seconds()) + LIFETIME
        data = {"grant": msgspec.to_builtins(grant)}
        await self._store.write(lambda tx: tx.tokens.put(_digest(value), _KIND, data, ends_at))
        return value, ends_at

    async def redeem(self, value: str, client_ip: str) -> Access:
        """The access that the ticket gives, now and not again. Raises Unauthenticated, also where the credential behind
        it may not be used from ``client_ip``."""
        if not _FORM.match(value):
            raise Unauthenticated()
        now = int(self._clock.seconds())
        found = await self._store.write(lambda tx: tx.tokens.take(_digest(value), _KIND, now))
        access = await self._standing.access(msgspec.convert(found["grant"], Grant)) if found is not None else None
        if access is None or not is_allowed_from(client_ip, access.networks):
            raise Unauthenticated()
        return access


def _digest(value: str) -> str:
    return sha256(value.encode()).hexdigest()
