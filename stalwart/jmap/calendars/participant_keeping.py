"""Participant identities in step with the addresses of an account: each has one, which goes with it (jmap.md 16.4).

Which addresses there were when somebody last looked is an object of its own, so that an identity that was destroyed
does not come back; it also says which identity is the default one.
"""

from __future__ import annotations

from typing import Any, Final

from stalwart.config.collaboration.calendar import Calendar
from stalwart.config.identity.account import Account
from stalwart.config.settings import Settings
from stalwart.jmap.accounts import account_argument
from stalwart.jmap.call import Call
from stalwart.jmap.standard.asking import Services
from stalwart.mail.own_addresses import OwnAddresses
from stalwart.store.object_types import PARTICIPANT_ADDRESSES, PARTICIPANT_IDENTITY
from stalwart.store.rows import Object
from stalwart.store.store import Transaction

MAILTO: Final = "mailto:"
_UID: Final = "participants"
_QUOTA: Final = "maxParticipantIdentities"
_ALL: Final = (1 << 63) - 1


async def keep_participants(call: Call, services: Services) -> None:
    """Bring the identities of the account of ``call`` into step, if they are not; raises as ``account_argument``."""
    account_id, now = account_argument(call), int(services["clock"].seconds())
    own, settings = services["own_addresses"], services["settings"]
    if not await services["store"].read(lambda tx: _is_in_step(tx, account_id, own)):
        await services["store"].write(lambda tx: bring_into_step(tx, account_id, own, settings, now))


def most_participants(tx: Transaction, account_id: int, settings: Settings) -> int:
    """How many an account may have."""
    row = tx.registry.get(Account.type_name, account_id)
    quota: int | None = (row.data.get("quotas") or {}).get(_QUOTA) if row is not None else None
    most = settings.of(Calendar).max_participant_identities if quota is None else quota
    return _ALL if most is None else most


def default_participant(tx: Transaction, account_id: int) -> int | None:
    """The number of the identity that is taken where none is chosen: what somebody has said, else the oldest."""
    known = _known(tx, account_id)
    said = (known.data or {}).get("default") if known is not None else None
    there = [each.id for each in tx.objects.list(account_id, PARTICIPANT_IDENTITY)]
    return said if said in there else next(iter(there), None)


def choose_participant(tx: Transaction, account_id: int, id: int, now: int) -> None:
    """Have another default identity."""
    known = _known(tx, account_id)
    if known is not None:
        tx.objects.update(account_id, known.id, now=now, data={**(known.data or {}), "default": id})


def bring_into_step(tx: Transaction, account_id: int, own: OwnAddresses, settings: Settings, now: int) -> None:
    """Make and remove identities, in a write transaction."""
    listed, known = own.listed(tx, account_id), _known(tx, account_id)
    if not listed or _is_in_step(tx, account_id, own):
        return
    there = {each.id: address_of(each.data or {}) for each in tx.objects.list(account_id, PARTICIPANT_IDENTITY)}
    for id in [id for id, address in there.items() if address not in listed]:
        tx.objects.kill(account_id, id, now=now)
        del there[id]
    data = dict(known.data or {}) if known is not None else {}
    wanted = [each for each in listed if each not in data.get("addresses", ()) and each not in there.values()]
    room = most_participants(tx, account_id, settings) - len(there)
    row = tx.registry.get(Account.type_name, account_id)
    name = (row.data.get("description") if row is not None else None) or ""
    for address in wanted[: max(room, 0)]:
        made = {"name": name, "calendarAddress": f"{MAILTO}{address}"}
        tx.objects.insert(account_id, PARTICIPANT_IDENTITY, now=now, data=made)
    data["addresses"] = list(listed)
    if known is None:
        tx.objects.insert(account_id, PARTICIPANT_ADDRESSES, now=now, uid=_UID, data=data)
    else:
        tx.objects.update(account_id, known.id, now=now, data=data)


def address_of(identity: dict[str, Any]) -> str:
    """The address of an identity, in lower case and without its scheme."""
    return str(identity["calendarAddress"])[len(MAILTO) :].lower()


def _is_in_step(tx: Transaction, account_id: int, own: OwnAddresses) -> bool:
    """Also where there is nobody to keep in step with."""
    listed, known = own.listed(tx, account_id), _known(tx, account_id)
    if not listed:
        return True
    return known is not None and (known.data or {}).get("addresses") == list(listed)


def _known(tx: Transaction, account_id: int) -> Object | None:
    return tx.objects.by_uid(account_id, PARTICIPANT_ADDRESSES, _UID)
