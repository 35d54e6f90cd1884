"""The certificates of domains behind the interface of txacme (``ICertificateStore``).

What a domain's certificate is called there is the name of the domain.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pem
from twisted.internet.defer import Deferred
from zope.interface import implementer

from stalwart.config import registry
from stalwart.config.domains.domain import Domain
from stalwart.config.kept_text import kept_text
from stalwart.config.vault import Vault
from stalwart.errors import NotFound
from stalwart.store import Store, Transaction
from stalwart.tls.keeping import CERTIFICATE_KEY
from stalwart.tls.managed import Managed, domain_id_of, managed_certificates
from stalwart.tls.txacme_parts import ICertificateStore


@implementer(ICertificateStore)
class CertificateStore:
    """``ICertificateStore`` over the settings. ``saved(chain, key)`` by domain is for ``store``."""

    def __init__(self, store: Store, vault: Vault, save: Any) -> None:
        self._store = store
        self._vault = vault
        self._save = save

    def get(self, server_name: str) -> Deferred[list[Any]]:
        """Key and chain of a domain. Fails with KeyError if there are none."""
        return Deferred.fromCoroutine(self._get(server_name))

    def store(self, server_name: str, pem_objects: Sequence[Any]) -> Deferred[None]:
        """Take over a new certificate of a domain. Fails with NotFound."""
        return Deferred.fromCoroutine(self._store_objects(server_name, pem_objects))

    def as_dict(self) -> Deferred[dict[str, list[Any]]]:
        """All, by domain; an empty list for a domain that still waits for its first one."""
        return Deferred.fromCoroutine(self._as_dict())

    async def _get(self, name: str) -> list[Any]:
        def read(tx: Transaction) -> Managed | None:
            return next(iter(managed_certificates(tx, domain_id_of(tx, name))), None)

        try:
            found = await self._store.read(read)
        except NotFound:
            found = None
        if found is None:
            raise KeyError(name)
        return self._objects(found)

    async def _store_objects(self, name: str, objects: Sequence[Any]) -> None:
        key = "".join(str(each) for each in objects if isinstance(each, pem.Key))
        chain = "".join(str(each) for each in objects if isinstance(each, pem.Certificate))
        await self._save(await self._store.read(lambda tx: domain_id_of(tx, name)), chain, key)

    async def _as_dict(self) -> dict[str, list[Any]]:
        def read(tx: Transaction) -> dict[str, Managed | None]:
            domains = registry.listed(tx, Domain)
            automatic = [each for each in domains if each.value.certificate_management.tag == "Automatic"]
            return {each.value.name: next(iter(managed_certificates(tx, each.id)), None) for each in automatic}

        found = await self._store.read(read)
        return {name: self._objects(one) if one is not None else [] for name, one in found.items()}

    def _objects(self, one: Managed) -> list[Any]:
        key = self._vault.kept(CERTIFICATE_KEY, one.private_key)
        return list(pem.parse(f"{key.strip()}\n{kept_text(one.certificate)}\n"))
