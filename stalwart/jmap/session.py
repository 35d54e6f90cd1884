"""The Session object: what a client may use here, and for which accounts (RFC 8620 2, jmap.md 3).

A session and its state are made once for everybody with the same access and kept until settings change, so that the
``sessionState`` of each response costs a look-up: an access says itself which accounts others have shared with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from hashlib import blake2s
from typing import Any

import msgspec
from attrs import frozen

from stalwart.codec.ids import encode_id
from stalwart.directory.access import Access, SharedAccount
from stalwart.jmap.capabilities import Audience, Capability
from stalwart.store import Store

MAX_KEPT = 4096
NAMES_HOLD = 30.0
"""How long the names of other accounts are taken as still right for ``sessionState``, in seconds."""

_DOWNLOAD = "/jmap/download/{accountId}/{blobId}/{name}?accept={type}"
_EVENTS = "/jmap/eventsource/?types={types}&closeafter={closeafter}&ping={ping}"
_CHANGES = ("Create", "Update", "Destroy", "Import", "Copy")
_NO_DATA = ("jmapBlob", "jmapPushSubscription")
_Key = tuple[int, str, frozenset[str], frozenset[int], tuple[SharedAccount, ...], str, str, str | None]


@frozen
class Session:
    """One session: ``state`` is 8 hex digits, ``body`` the JSON, which holds until ``until``."""

    state: str
    body: bytes
    until: float


class Sessions:
    """Makes sessions over ``capabilities``; ``settings``, ``store`` and ``seconds`` (a clock) are asked as needed."""

    def __init__(
        self,
        capabilities: Iterable[Capability],
        *,
        settings: Any,
        store: Store,
        base_url: str,
        seconds: Callable[[], float],
        push_key: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._capabilities = tuple(capabilities)
        self._settings = settings
        self._store = store
        self._base_url = base_url
        self._seconds = seconds
        self._push_key = push_key
        self._kept: dict[_Key, Session] = {}
        settings.watch(self._kept.clear)

    async def state(self, access: Access) -> str:
        """The ``sessionState`` of ``access``."""
        kept = self._kept.get(self._kept_under(access))
        if kept is not None and (_is_alone(access) or kept.until > self._seconds()):
            return kept.state
        return (await self.fresh(access)).state

    async def fresh(self, access: Access) -> Session:
        """The session of ``access`` as it is now."""
        key = self._kept_under(access)
        kept = self._kept.get(key)
        if kept is not None and _is_alone(access):
            return kept
        others = {} if _is_alone(access) else await self._others(access)
        members = self._members(access, {access.account_id: access.login} | others)
        session = _sealed(members, [*sorted(access.permissions), access.locale], self._seconds() + NAMES_HOLD)
        if len(self._kept) >= MAX_KEPT:
            del self._kept[next(iter(self._kept))]
        self._kept[key] = session
        return session

    def _kept_under(self, access: Access) -> _Key:
        whose = access.account_id, access.login, access.permissions, access.group_ids, access.shared, access.kind
        return *whose, access.locale, self._push_key()

    def anonymous(self) -> bytes:
        """The session of nobody: capabilities and URLs, no account."""
        nobody = Access(0, "", None, frozenset())
        return msgspec.json.encode(self._members(nobody, {}) | {"state": "0"})

    async def _others(self, access: Access) -> dict[int, str]:
        """The names of groups, then of those who have shared something."""
        ids = (*sorted(access.group_ids), *(each.account_id for each in access.shared))
        rows = await self._store.read(lambda tx: tx.accounts.many(ids))
        return {id: rows[id].login for id in ids if id in rows}

    def _members(self, access: Access, names: Mapping[int, str]) -> dict[str, Any]:
        """All members but ``state``; the own account comes first in ``names``."""
        base = self._base_url
        held = [each for each in self._capabilities if each.is_for(access)]
        own = encode_id(access.account_id)
        return {
            "capabilities": self._announced(access),
            "accounts": {encode_id(id): self._account(access, id, name, held) for id, name in names.items()},
            "primaryAccounts": {each.urn: own for each in held if each.primary} if names else {},
            "username": access.login,
            "apiUrl": f"{base}/jmap/",
            "downloadUrl": base + _DOWNLOAD,
            "uploadUrl": f"{base}/jmap/upload/{{accountId}}/",
            "eventSourceUrl": base + _EVENTS,
        }

    def _announced(self, access: Access) -> dict[str, Any]:
        audience = Audience(self._settings, self._base_url, access, access.account_id, self._push_key())
        return _said({each.urn: each.session(audience) for each in self._capabilities if each.session is not None})

    def _account(self, access: Access, id: int, name: str, held: Iterable[Capability]) -> dict[str, Any]:
        return account_object(Audience(self._settings, self._base_url, access, id), name, held)


def account_object(audience: Audience, name: str, held: Iterable[Capability]) -> dict[str, Any]:
    """An Account (RFC 8620 2), as those see it who hold these capabilities."""
    access, id = audience.access, audience.account_id
    said = {each.urn: each.account(audience) for each in held if each.account is not None and each.is_on(access, id)}
    return {
        "name": name,
        "isPersonal": id == access.account_id,
        "isReadOnly": _is_read_only(access, id),
        "accountCapabilities": _said(said),
    }


def _is_alone(access: Access) -> bool:
    """Whether only the own account is in the session."""
    return not access.group_ids and not access.shared


def _is_read_only(access: Access, account_id: int) -> bool:
    """Whether permissions, and rights on what is shared, allow no change of data or settings (RFC 8620 2)."""
    if any(each.account_id == account_id and not each.changeable for each in access.shared):
        return True
    data = (each for each in access.permissions if each.startswith(("jmap", "sys")) and not each.startswith(_NO_DATA))
    return not any(each.endswith(_CHANGES) for each in data)


def _said(values: Mapping[str, Mapping[str, Any] | None]) -> dict[str, Any]:
    return {urn: value for urn, value in values.items() if value is not None}


def _sealed(members: dict[str, Any], more: list[str], until: float) -> Session:
    # what ``/api/account`` says of the account is in the state too: whoever keeps both sees here that they changed
    told = msgspec.json.encode((members, more))
    state = blake2s(told, digest_size=4).hexdigest()
    return Session(state, msgspec.json.encode(members | {"state": state}), until)
