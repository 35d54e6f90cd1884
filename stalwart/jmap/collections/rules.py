"""What becomes of address books and calendars in a ``/set`` (RFC 9610 2.3, draft-ietf-jmap-calendars 4.3).

In the account of somebody else nothing is made; what people see in their own way they may always set.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import frozen

from stalwart.codec.dav.rights import Rights
from stalwart.errors import StalwartError
from stalwart.groupware.kinds import CALENDARS
from stalwart.groupware.locking import Touch, is_locked
from stalwart.groupware.resources import Resource, locate
from stalwart.groupware.viewers import Viewer
from stalwart.jmap.collections.source import CollectionSource
from stalwart.jmap.errors import SetRefused
from stalwart.jmap.standard.argument_reader import ArgumentReader
from stalwart.jmap.standard.arguments import SetArguments
from stalwart.jmap.standard.asking import Asking, Change
from stalwart.jmap.standard.default_choice import chosen, makes_choice, read_choice, tell_choice
from stalwart.jmap.standard.outcome import SetOutcome
from stalwart.jmap.standard.rules import Rules
from stalwart.store.store import Transaction

_ENOUGH: Final = Rights.DELETE | Rights.REMOVE_ITEMS


@frozen
class CollectionRules(Rules):
    """``removing`` is the argument that has what is inside destroyed too, ``not_empty`` the error without it."""

    source: CollectionSource
    removing: str
    not_empty: str

    async def prepare(self, asking: Asking, arguments: SetArguments) -> Mapping[str, StalwartError]:
        asking.prepared[self.removing] = ArgumentReader(asking.rest).flag(self.removing)
        read_choice(asking)
        return {}

    def writes(self, asking: Asking) -> bool:
        return makes_choice(asking)

    def check(self, tx: Transaction, asking: Asking, change: Change) -> None:
        if change.id is None:
            if not Viewer.of(asking.access).belongs_to(asking.account_id):
                raise SetRefused("forbidden", "Only in your own account something can be made at the top.")
            asking.services["homes"].check_room(tx, self.source.kind, asking.account_id)
        elif change.changed:
            self._refuse_locked(tx, asking, self._resource(tx, asking, change), Touch.ITSELF)

    def destroying(self, tx: Transaction, asking: Asking, change: Change) -> None:
        row, found = self.source.row(tx, asking, change), self._resource(tx, asking, change)
        if _ENOUGH not in found.rights:
            raise SetRefused("forbidden", "You may not destroy this.")
        is_calendar = self.source.kind is CALENDARS and found.member is not None
        if is_calendar and asking.services["homes"].is_needed(tx, asking.account_id, found.member):
            raise SetRefused("forbidden", "Invitations go to this calendar. Choose another one for them first.")
        if row.items and not asking.prepared[self.removing]:
            raise SetRefused(self.not_empty, "There is something in it.")
        self._refuse_locked(tx, asking, found, Touch.ITSELF | Touch.NAME | Touch.BELOW)

    def finishing(self, tx: Transaction, asking: Asking, outcome: SetOutcome) -> None:
        number = chosen(asking, outcome)
        if number is None or not Viewer.of(asking.access).belongs_to(asking.account_id):
            return
        homes, kind, account_id = asking.services["homes"], self.source.kind, asking.account_id
        row, former = tx.collections.get(account_id, number), homes.default(tx, kind, account_id)
        if row is None or row.type != kind.type or (former is not None and former.item_id == number):
            return
        homes.choose_default(tx, kind, account_id, number)
        for id in (number, *(() if former is None else (former.item_id,))):
            changed = tx.collections.get(account_id, id)
            if changed is not None:
                tx.collections.update(account_id, id, now=asking.now, data=changed.data)
        tell_choice(outcome, None if former is None else former.item_id, number)

    def _resource(self, tx: Transaction, asking: Asking, change: Change) -> Resource:
        row = self.source.row(tx, asking, change)
        home = asking.services["homes"].get(tx, asking.account_id)
        path = tx.collections.path(asking.account_id, row.id)
        assert path is not None  # it was found in the same transaction
        return locate(tx, Viewer.of(asking.access), self.source.kind, home, path)

    def _refuse_locked(self, tx: Transaction, asking: Asking, found: Resource, touch: Touch) -> None:
        if is_locked(tx, found, touch, asking.now):
            raise SetRefused("forbidden", "Somebody has locked it over WebDAV.")
