"""What is remembered of an order while it runs, so that a process that dies does not order twice (RFC 8555 7.4).

The key is written down before anything is asked of the authority, the URL of the order as soon as there is one. Whoever
comes next finds the order where it is at the authority: it is proved further, finished with the same key, or fetched.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import field, frozen

from stalwart.config.kept_text import Unreadable
from stalwart.config.vault import Vault
from stalwart.store import Store

LIFETIME = 7 * 86_400
"""Seconds after which an order is not taken up again; authorities forget orders after about as long."""

_KIND = "acme-order"
_KEY = "order"


@frozen
class Entry:
    """An order of ``names`` by the account ``provider_id``; ``url`` is None until the authority has answered.

    ``key`` is the private key of the certificate, in PEM.
    """

    provider_id: int
    names: tuple[str, ...]
    key: str = field(repr=False)
    began_at: int
    url: str | None = None


class OrderJournal:
    """One entry for each domain, in the store; keys are sealed."""

    def __init__(self, store: Store, vault: Vault) -> None:
        self._store = store
        self._vault = vault

    async def entry(self, domain_id: int, now: float) -> Entry | None:
        """The order of the domain that is not finished, None if there is none that could be taken up."""
        data = await self._store.read(lambda tx: tx.tokens.get(str(domain_id), _KIND, int(now)))
        if data is None:
            return None
        try:
            key = self._vault.open(_KEY, data["key"])
        except Unreadable:
            return None
        return Entry(data["provider"], tuple(data["names"]), key, data["began"], data["url"])

    async def write(self, domain_id: int, entry: Entry) -> None:
        """Remember ``entry`` in place of any other order of the domain."""
        data: dict[str, Any] = {
            "provider": entry.provider_id,
            "names": list(entry.names),
            "key": self._vault.seal(_KEY, entry.key),
            "began": entry.began_at,
            "url": entry.url,
        }
        await self._store.write(lambda tx: tx.tokens.put(str(domain_id), _KIND, data, entry.began_at + LIFETIME))

    async def forget(self, domain_id: int) -> None:
        """The order is over."""
        await self._store.write(lambda tx: drop(tx, domain_id))


def drop(tx: Any, domain_id: int) -> None:
    """Forget the order of a domain, in a transaction that does more."""
    tx.tokens.take(str(domain_id), _KIND, 0)


def same_names(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two certificates are for the same names."""
    return set(one) == set(other)
