"""Identity/get and Identity/changes (RFC 8621 6): one identity for each address of an account, for programs that ask
before they show mail.

They follow from the account and cannot be changed. ``urn:ietf:params:jmap:submission`` is not announced, because
nothing can be sent.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from hashlib import blake2s
from typing import Any, Final

import msgspec
from attrs import frozen

from stalwart.codec.ids import encode_id
from stalwart.config.domains.domain import Domain
from stalwart.config.identity.account import Account
from stalwart.jmap.standard.asking import Asking
from stalwart.jmap.standard.containers import ListOf
from stalwart.jmap.standard.data_type import DataType
from stalwart.jmap.standard.declaration import Declaration
from stalwart.jmap.standard.object_source import ObjectSource
from stalwart.jmap.standard.property import computed
from stalwart.jmap.standard.scalars import Boolean, Nullable, String
from stalwart.jmap.standard.source import Found
from stalwart.jmap.standard.states import State
from stalwart.store.object_types import IDENTITY as NUMBER
from stalwart.store.rows import Changes
from stalwart.store.store import Transaction

SUBMISSION: Final = "urn:ietf:params:jmap:submission"
MOST: Final = 20
"""Addresses of an account that are identities."""


@frozen
class IdentitySource(ObjectSource):
    """Worked out whenever they are asked for; an address has the same id as long as it is there."""

    def state(self, tx: Transaction, asking: Asking) -> int:
        identities = _identities(tx, asking)
        return _digest(identities) if identities else 0

    def fetch(
        self, tx: Transaction, asking: Asking, ids: Collection[int] | None, names: Collection[str], limit: int
    ) -> Found:
        return [(id, identity) for id, identity in _identities(tx, asking) if ids is None or id in ids][:limit]

    def changes(self, tx: Transaction, asking: Asking, since: State, limit: int) -> Changes | None:
        """That nothing has changed; else nothing can be told, because what was there before is not kept."""
        now = self.state(tx, asking)
        if since != State(now):
            return None
        return Changes((), (), (), now, now, has_more=False, only_counts=False, origin=now)


def _identities(tx: Transaction, asking: Asking) -> Found:
    registered = tx.registry.get(Account.type_name, asking.account_id)
    row = tx.accounts.get(asking.account_id)
    if registered is None or row is None:
        return []
    data = registered.data
    name = data.get("description") or data.get("name") or ""
    domains = {encode_id(id): domain for id, domain in asking.services["settings"].all(Domain)}
    addresses = dict.fromkeys((row.login, *_aliases(data, domains)))
    return [(_digest(address), _identity(name, address)) for address in list(addresses)[:MOST]]


def _aliases(data: Any, domains: dict[str, Domain]) -> Iterator[str]:
    for alias in (data.get("aliases") or {}).values():
        domain = domains.get(alias["domainId"])
        if domain is not None and alias.get("enabled", True):
            yield f"{alias['name']}@{domain.name}"


def _identity(name: str, address: str) -> dict[str, Any]:
    return {
        "name": name,
        "email": address,
        "replyTo": None,
        "bcc": None,
        "textSignature": "",
        "htmlSignature": "",
        "mayDelete": False,
    }


def _digest(value: Any) -> int:
    return int.from_bytes(blake2s(msgspec.json.encode(value), digest_size=6).digest()) | 1


IDENTITY = DataType(
    Declaration(
        name="Identity",
        capability=SUBMISSION,
        properties={
            "name": computed(String()),
            "email": computed(String()),
            "replyTo": computed(Nullable(ListOf(String()))),
            "bcc": computed(Nullable(ListOf(String()))),
            "textSignature": computed(String()),
            "htmlSignature": computed(String()),
            "mayDelete": computed(Boolean()),
        },
    ),
    source=IdentitySource(NUMBER),
    supports=("get", "changes"),
    services=("settings",),
)
