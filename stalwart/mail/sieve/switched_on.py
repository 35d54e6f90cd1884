"""Who has a script or a vacation response, kept for those who got mail of late, as long as nothing of it has changed.

Most have none, and no message should wait for a look at the store for that.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

from attrs import frozen

from stalwart.mail.sieve.scripts import Active, active_of
from stalwart.store import Store, Transaction
from stalwart.store.object_types import SIEVE_SCRIPT, VACATION

MOST: Final = 50_000
"""Accounts that are remembered."""


@frozen
class _Kept:
    active: Active | None
    script_state: int
    vacation_state: int
    moment: int | None


class SwitchedOn:
    """For the reactor thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._kept: OrderedDict[int, _Kept] = OrderedDict()

    async def of(self, accounts: Iterable[int]) -> dict[int, Active]:
        """What is switched on, of those accounts that have anything. Raises Unavailable."""
        accounts = list(accounts)
        known = {id: self._kept[id] for id in accounts if await self._stands(id)}
        unknown = [id for id in accounts if id not in known]
        if unknown:
            moment = self._store.states.moment()
            known |= await self._store.read(lambda tx: _read(tx, unknown, moment))
        for id, kept in known.items():
            self._kept[id] = kept
            self._kept.move_to_end(id)
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)
        found = ((id, known[id].active) for id in accounts)
        return {id: active for id, active in found if active is not None}

    async def _stands(self, id: int) -> bool:
        kept = self._kept.get(id)
        if kept is None:
            return False
        states = ((SIEVE_SCRIPT, kept.script_state), (VACATION, kept.vacation_state))
        return await self._store.states.still_stand(id, states, kept.moment)


def _read(tx: Transaction, accounts: Iterable[int], moment: int | None) -> dict[int, _Kept]:
    found = {}
    for id in accounts:
        states = tx.objects.states(id)
        script, vacation = states.get(SIEVE_SCRIPT, 0), states.get(VACATION, 0)
        active = active_of(tx, id) if script or vacation else None
        found[id] = _Kept(active, script, vacation, moment)
    return found
