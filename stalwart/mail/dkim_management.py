"""The task ``DkimManagement``: makes the DKIM keys that a domain lacks (settings C.6, A.12).

It makes what is missing and no more, so it can run any number of times. A domain that is gone, or whose keys somebody
else keeps, is left alone. Rotating keys comes with the transport of mail.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.config import index, registry
from stalwart.config.domains.dkim_signature import DkimSignature
from stalwart.config.domains.domain import AutomaticKeys, AutomaticRecords, Domain
from stalwart.config.settings import Settings
from stalwart.config.vault import Vault
from stalwart.directory.hashing import Hashing
from stalwart.mail.dkim_keys import DKIM_KEY, missing, new_key, new_signature
from stalwart.mail.dns_management import hurry
from stalwart.store import Store, Transaction
from stalwart.tasks.work import Work

DKIM_TASK = "DkimManagement"


def dkim_management(store: Store, settings: Settings, hashing: Hashing, vault: Vault, clock: Any) -> Work:
    """The work; keys are made in the threads of ``hashing`` and stored under the seal of ``vault``."""

    async def run(task: Any) -> None:
        domain_id: int = task.domain_id
        keys = {}
        for type in await store.read(lambda tx: missing_keys(tx, domain_id)):
            keys[type] = vault.seal(DKIM_KEY, await hashing.run(partial(new_key, type)))
        if keys:
            now = clock.seconds()
            await store.write(lambda tx: _create(tx, domain_id, keys, now))
            await settings.reload((DkimSignature.type_name,))

    return Work(run, lambda task: ("domain keys", task.domain_id))


def missing_keys(tx: Transaction, domain_id: int) -> list[str]:
    """The kinds of signatures that the domain should have and has not."""
    entry = registry.get(tx, Domain, domain_id)
    if entry is None or not isinstance(entry.value.dkim_management, AutomaticKeys):
        return []
    return missing(entry.value.dkim_management.algorithms, _signatures(tx, domain_id))


def _create(tx: Transaction, domain_id: int, keys: Mapping[str, str], now: float) -> None:
    """Store those of the sealed ``keys``, by kind, that are still missing."""
    for type in missing_keys(tx, domain_id):
        entry = registry.get(tx, Domain, domain_id)
        if entry is not None and type in keys:
            made = new_signature(domain_id, entry.value, type, keys[type], _signatures(tx, domain_id), now)
            registry.create(tx, DkimSignature, made, now=now, by_server=True)
            if isinstance(entry.value.dns_management, AutomaticRecords):
                hurry(tx, domain_id, now)


def _signatures(tx: Transaction, domain_id: int) -> list[dict[str, Any]]:
    terms = index.term(DkimSignature, "domainId", "=", encode_id(domain_id))
    ids = tx.registry.search(DkimSignature.type_name, terms)
    return [row.data for row in tx.registry.many(DkimSignature.type_name, ids).values()]
