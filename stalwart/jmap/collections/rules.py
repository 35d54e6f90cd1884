"""What becomes of address books and calendars in a ``/set`` (RFC 9610 2.3, draft-ietf-jmap-calendars 4.3).

In the account of somebody else nothing is made; what people see in their own way they may always set.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import frozen

from stalwart.codec.dav.rights import Rights
from stalwart.codec.ids import encode_id
from stalwart.errors import StalwartError
from stalwart.groupware.kinds import CALENDARS
from stalwart.groupware.locking import Touch, is_locked
from stalwart.groupware.resources import Resource, locate
from stalwart.groupware.viewers import Viewer
from stalwart.jmap.collections.source import IS_DEFAULT, CollectionSource
from stalwart.jmap.errors import SetRefused
from stalwart.jmap.standard.argument_reader import ArgumentReader
from stalwart.jmap.standard.arguments import SetArguments
from stalwart.jmap.standard.asking import Asking, Change, number_of
from stalwart.jmap.standard.outcome import SetOutcome
from stalwart.jmap.standard.rules import Rules
from stalwart.store.collection_rows import Collection
from stalwart.store.store import Transaction

SET_DEFAULT: Final = "onSuccessSetIsDefault"
_ENOUGH: Final = Rights.DELETE | Rights.REMOVE_ITEMS


@frozen
class CollectionRules(Rules):
    """``removing`` is the argument that has what is inside destroyed too, ``not_empty`` the error without it."""

    source: CollectionSource
    removing: str
    not_empty: str

    async def prepare(self, asking: Asking, arguments: SetArguments) -> Mapping[str, StalwartError]:
        reader = ArgumentReader(asking.rest)
        asking.prepared[self.removing] = reader.flag(self.removing)
        asking.prepared[SET_DEFAULT] = reader.text(SET_DEFAULT)
        return {}

    def writes(self, asking: Asking) -> bool:
        return asking.rest.get(SET_DEFAULT) is not None

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
        """Have another default, if all went well and it may be (RFC 9610 2.3); no error comes of it."""
        wanted = asking.prepared[SET_DEFAULT]
        if outcome.not_created or outcome.not_updated or outcome.not_destroyed or wanted is None:
            return
        row = self._wanted(tx, asking, wanted, outcome)
        homes, kind, account_id = asking.services["homes"], self.source.kind, asking.account_id
        former = homes.default(tx, kind, account_id)
        if row is None or (former is not None and former.item_id == row.id):
            return
        homes.choose_default(tx, kind, account_id, row.id)
        for id, is_default in ((None if former is None else former.item_id, False), (row.id, True)):
            changed = None if id is None else tx.collections.get(account_id, id)
            if changed is not None:
                tx.collections.update(account_id, changed.id, now=asking.now, data=changed.data)
                _tell(outcome, encode_id(changed.id), {IS_DEFAULT: is_default})

    def _wanted(self, tx: Transaction, asking: Asking, wanted: str, outcome: SetOutcome) -> Collection | None:
        if not Viewer.of(asking.access).belongs_to(asking.account_id):
            return None
        known = {**asking.request.created_ids, **outcome.created_ids}
        number = number_of(known.get(wanted[1:], "") if wanted.startswith("#") else wanted)
        row = None if number is None else tx.collections.get(asking.account_id, number)
        return row if row is not None and row.type == self.source.kind.type else None

    def _resource(self, tx: Transaction, asking: Asking, change: Change) -> Resource:
        row = self.source.row(tx, asking, change)
        home = asking.services["homes"].get(tx, asking.account_id)
        path = tx.collections.path(asking.account_id, row.id)
        assert path is not None  # it was found in the same transaction
        return locate(tx, Viewer.of(asking.access), self.source.kind, home, path)

    def _refuse_locked(self, tx: Transaction, asking: Asking, found: Resource, touch: Touch) -> None:
        if is_locked(tx, found, touch, asking.now):
            raise SetRefused("forbidden", "Somebody has locked it over WebDAV.")


def _tell(outcome: SetOutcome, id: str, members: dict[str, Any]) -> None:
    """Have the client learn of something that the server has changed."""
    for made in outcome.created.values():
        if made["id"] == id:
            made.update(members)
            return
    outcome.updated[id] = {**(outcome.updated.get(id) or {}), **members}
