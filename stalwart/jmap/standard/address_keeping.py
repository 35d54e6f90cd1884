"""Identities in step with the addresses of an account: each has one, which goes with it (jmap.md 11, 16.4).

Which addresses there were when somebody last looked is an object of its own, so that an identity that was destroyed
does not come back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from attrs import frozen

from stalwart.config.identity.account import Account
from stalwart.config.settings import Settings
from stalwart.jmap.accounts import account_argument
from stalwart.jmap.call import Call
from stalwart.jmap.standard.asking import Services
from stalwart.mail.own_addresses import OwnAddresses
from stalwart.store.rows import Object
from stalwart.store.store import Transaction

_ALL: Final = (1 << 63) - 1

Made = Callable[[Mapping[str, Any], str], dict[str, Any]]
"""The identity of an address, from the members of its account."""
Lost = Callable[[Transaction, int, OwnAddresses, Sequence[Object]], Sequence[Object]]
"""Those identities, among some, whose address an account does not have any more."""


@frozen
class AddressKeeping:
    """Identities that are objects of ``type``; what was known is one of ``known_type``, named ``uid``.

    ``quota`` is the member of x:Account that says how many there may be, ``most`` what holds where it says nothing.
    """

    type: int
    known_type: int
    uid: str
    quota: str
    most: Callable[[Settings], int | None]
    address_of: Callable[[Object], str]
    make: Made
    lost: Lost

    async def keep(self, call: Call, services: Services) -> None:
        """Bring those of the account of ``call`` into step, if they are not; raises as ``account_argument``."""
        account_id, now = account_argument(call), int(services["clock"].seconds())
        own, settings = services["own_addresses"], services["settings"]
        if not await services["store"].read(lambda tx: self._is_in_step(tx, account_id, own)):
            await services["store"].write(lambda tx: self.bring_into_step(tx, account_id, own, settings, now))

    def most_of(self, tx: Transaction, account_id: int, settings: Settings) -> int:
        """How many an account may have."""
        quota: int | None = (_account(tx, account_id).get("quotas") or {}).get(self.quota)
        most = self.most(settings) if quota is None else quota
        return _ALL if most is None else most

    def known(self, tx: Transaction, account_id: int) -> Object | None:
        """What there was when somebody last looked."""
        return tx.objects.by_uid(account_id, self.known_type, self.uid)

    def bring_into_step(
        self, tx: Transaction, account_id: int, own: OwnAddresses, settings: Settings, now: int
    ) -> None:
        """Make and remove identities, in a write transaction."""
        if self._is_in_step(tx, account_id, own):
            return
        listed, known = own.listed(tx, account_id), self.known(tx, account_id)
        there = tx.objects.list(account_id, self.type)
        lost = {each.id for each in self.lost(tx, account_id, own, there)}
        for id in lost:
            tx.objects.kill(account_id, id, now=now)
        kept = {self.address_of(each) for each in there if each.id not in lost}
        data = dict(known.data or {}) if known is not None else {}
        wanted = [each for each in listed if each not in data.get("addresses", ()) and each not in kept]
        room = self.most_of(tx, account_id, settings) - (len(there) - len(lost))
        account = _account(tx, account_id)
        for address in wanted[: max(room, 0)]:
            tx.objects.insert(account_id, self.type, now=now, data=self.make(account, address))
        data["addresses"] = list(listed)
        if known is None:
            tx.objects.insert(account_id, self.known_type, now=now, uid=self.uid, data=data)
        elif known.data != data:
            tx.objects.update(account_id, known.id, now=now, data=data)

    def _is_in_step(self, tx: Transaction, account_id: int, own: OwnAddresses) -> bool:
        """Also where there is nobody to keep in step with."""
        listed, known = own.listed(tx, account_id), self.known(tx, account_id)
        if not listed:
            return True
        if known is None or (known.data or {}).get("addresses") != list(listed):
            return False
        others = [each for each in tx.objects.list(account_id, self.type) if self.address_of(each) not in listed]
        return not self.lost(tx, account_id, own, others)


def _account(tx: Transaction, account_id: int) -> Mapping[str, Any]:
    row = tx.registry.get(Account.type_name, account_id)
    return row.data if row is not None else {}
