"""The key behind all sealed texts: ``OidcProvider.encryptionKey``, or one that the store keeps.

It is read before the server answers anybody, and again whenever the settings change; a key in a file is read in a
thread. One that cannot be read is an event, and the store's key takes its place. Without a store that
lasts (bootstrap mode) that key is as new as the process.
"""

from __future__ import annotations

import secrets
from typing import Any

from twisted.internet.defer import Deferred

from stalwart.config.identity.oidc_provider import OidcProvider
from stalwart.config.kept_text import Unreadable, kept_text
from stalwart.config.settings import Settings
from stalwart.config.vault import Vault
from stalwart.store import Store, Transaction
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import RESOURCE_BAD_PARAMETERS, STORE_ERROR

_NAME = "token-key"


class StoredMasterKey:
    """The present key as ``text``; call ``load`` first and ``close`` at the end."""

    def __init__(self, store: Store, settings: Settings, telemetry: Telemetry, vault: Vault) -> None:
        self._store = store
        self._vault = vault
        self._settings = settings
        self._telemetry = telemetry
        self._place: Any = None
        self._unwatch = settings.watch(self._changed)
        self.text = secrets.token_urlsafe(48)

    async def load(self) -> None:
        """Read the key."""
        self._place = self._settings.of(OidcProvider).encryption_key
        own = await self._store.write(self._own)
        self.text = await self._store.blob_work(lambda _: self._configured()) or own

    def close(self) -> None:
        """Stop watching the settings."""
        self._unwatch()

    def _own(self, tx: Transaction) -> str:
        """The store's key, sealed there; a new one, if the vault has another key than when it was made."""
        found = (tx.secrets.get(_NAME) or b"").decode("ascii")
        try:
            text = self._vault.open(_NAME, found) or secrets.token_urlsafe(48)
        except Unreadable:
            text = secrets.token_urlsafe(48)
        else:
            if found and text != found:
                return text
        tx.secrets.put(_NAME, self._vault.seal(_NAME, text).encode("ascii"))
        return text

    def _changed(self) -> None:
        if self._settings.of(OidcProvider).encryption_key != self._place:
            Deferred.fromCoroutine(self.load()).addErrback(
                lambda failure: self._telemetry.emit(STORE_ERROR, reason=failure.getErrorMessage())
            )

    def _configured(self) -> str:
        try:
            return kept_text(self._place) if self._place is not None else ""
        except Unreadable as problem:
            self._telemetry.emit(
                RESOURCE_BAD_PARAMETERS, object="OidcProvider", property="encryptionKey", reason=str(problem)
            )
            return ""
