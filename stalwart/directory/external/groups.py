"""Groups that a person is told to be in and that nobody has here yet: the directory is asked whether they are groups.

Only what it calls a group becomes one; a mere name in a list does not, because most lists hold more names than mail has
use for. What it does not know as a group is not asked for again within the hour.
"""

from __future__ import annotations

from typing import Any

from stalwart.config.identity.authentication import Authentication
from stalwart.config.settings import Settings
from stalwart.directory.external.found import Found, PasswordDirectory
from stalwart.directory.external.provisioning import NotAccepted, synchronise, unknown_groups
from stalwart.store import Store

AT_ONCE = 20
"""How many groups a directory is asked about at one login."""
REMEMBERED = 3600.0

_MOST = 10_000


class Groups:
    """Makes groups of ``store``."""

    def __init__(self, store: Store, settings: Settings, clock: Any) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._none: dict[tuple[int, str], float] = {}

    async def learn(self, directory_id: int, client: PasswordDirectory, found: Found) -> None:
        """Make the groups of ``found`` that the directory knows and this server does not. Raises Unavailable."""
        authentication, now = self._settings.of(Authentication), self._clock.seconds()
        unknown = await self._store.read(lambda tx: unknown_groups(tx, directory_id, authentication, found))
        asked = [each for each in sorted(unknown) if self._none.get((directory_id, each), now) <= now]
        for address in asked[:AT_ONCE]:
            group = await client.find(address)
            if group is None or not await self._make(directory_id, group):
                self._remember(directory_id, address, now)

    async def _make(self, directory_id: int, group: Found) -> bool:
        authentication, now = self._settings.of(Authentication), self._clock.seconds()
        if group.kind != "Group":
            return False
        try:
            await self._store.write(lambda tx: synchronise(tx, directory_id, authentication, group, now))
        except NotAccepted:
            return False
        return True

    def _remember(self, directory_id: int, address: str, now: float) -> None:
        if len(self._none) >= _MOST:
            self._none.clear()
        self._none[directory_id, address] = now + REMEMBERED
