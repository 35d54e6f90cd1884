"""Participant identities in step with the addresses of an account (jmap.md 16.4), and which is the default one.

What was known of the addresses also says which identity is taken where none is chosen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from stalwart.config.collaboration.calendar import Calendar
from stalwart.jmap.standard.address_keeping import AddressKeeping
from stalwart.mail.own_addresses import OwnAddresses
from stalwart.store.object_types import PARTICIPANT_ADDRESSES, PARTICIPANT_IDENTITY
from stalwart.store.rows import Object
from stalwart.store.store import Transaction

MAILTO: Final = "mailto:"


def address_of(identity: Mapping[str, Any]) -> str:
    """The address of an identity, in lower case and without its scheme."""
    return str(identity["calendarAddress"])[len(MAILTO) :].lower()


def _address_of(identity: Object) -> str:
    return address_of(identity.data or {})


def _lost(tx: Transaction, account_id: int, own: OwnAddresses, identities: Sequence[Object]) -> list[Object]:
    listed = own.listed(tx, account_id)
    return [each for each in identities if _address_of(each) not in listed]


def _identity(account: Mapping[str, Any], address: str) -> dict[str, Any]:
    return {"name": account.get("description") or "", "calendarAddress": f"{MAILTO}{address}"}


PARTICIPANTS: Final = AddressKeeping(
    type=PARTICIPANT_IDENTITY,
    known_type=PARTICIPANT_ADDRESSES,
    uid="participants",
    quota="maxParticipantIdentities",
    most=lambda settings: settings.of(Calendar).max_participant_identities,
    address_of=_address_of,
    make=_identity,
    lost=_lost,
)


def default_participant(tx: Transaction, account_id: int) -> int | None:
    """The number of the identity that is taken where none is chosen: what somebody has said, else the oldest."""
    known = PARTICIPANTS.known(tx, account_id)
    said = (known.data or {}).get("default") if known is not None else None
    there = [each.id for each in tx.objects.list(account_id, PARTICIPANT_IDENTITY)]
    return said if said in there else next(iter(there), None)


def choose_participant(tx: Transaction, account_id: int, id: int, now: int) -> None:
    """Have another default identity."""
    known = PARTICIPANTS.known(tx, account_id)
    if known is not None:
        tx.objects.update(account_id, known.id, now=now, data={**(known.data or {}), "default": id})
