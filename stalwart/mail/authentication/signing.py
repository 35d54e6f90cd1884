"""Signs messages with the keys of a domain (RFC 6376, RFC 8463, settings C.6)."""

from __future__ import annotations

from typing import Any

from stalwart.config.settings import Settings
from stalwart.config.vault import Vault
from stalwart.store import Store
from stalwart.store.blob_files import Stored
from stalwart.telemetry import Telemetry


class Signing:
    """The service ``dkim_signing``. ``clock`` tells the time of signatures."""

    def __init__(self, store: Store, settings: Settings, vault: Vault, clock: Any, telemetry: Telemetry) -> None:
        self._store = store
        self._settings = settings
        self._vault = vault
        self._clock = clock
        self._telemetry = telemetry

    async def signed(self, content: bytes | Stored, domain: str) -> bytes:
        """The DKIM-Signature fields, with their line ends, to put before a message that ``domain`` signs; empty if it
        has no active key. ``content`` is the message as it leaves; a file is read piece by piece.
        """
        return b""
