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
from stalwart.store import Store
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import RESOURCE_BAD_PARAMETERS, STORE_ERROR

_NAME = "token-key"


class StoredMasterKey:
    """The present key as ``text``; call ``load`` first and ``close`` at the end."""

    def __init__(self, store: Store, settings: Settings, telemetry: Telemetry) -> None:
        self._store = store
        self._settings = settings
        self._telemetry = telemetry
        self._place: Any = None
        self._unwatch = settings.watch(self._changed)
        self.text = secrets.token_urlsafe(48)

    async def load(self) -> None:
        """Read the key."""
        self._place = self._settings.of(OidcProvider).encryption_key
        own = await self._store.write(lambda tx: tx.secrets.get_or_create(_NAME, _make))
        self.text = await self._store.blob_work(lambda _: self._configured()) or own.decode("ascii")

    def close(self) -> None:
        """Stop watching the settings."""
        self._unwatch()

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


def _make() -> bytes:
    return secrets.token_urlsafe(48).encode("ascii")
