"""Private keys are encrypted where they are stored: ``Vault`` seals them when they are written and opens them for use.

The key of the vault is not in the store (``app.vault_key``), so a copy of the store alone tells no private key. What
lies in a file or an environment variable stays there, and texts that were stored in the clear can still be read.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from attrs import frozen

from stalwart.codec.sealing import Sealer
from stalwart.config.kept_text import LONGEST, Unreadable, kept_text

KEY_FILE = "vault.key"
"""What the file of the key is called, beside the store."""

_MARK = "sealed:1:"
_NEEDED = 2 * LONGEST  # base64 of the longest text, and what belongs to the sealing


@frozen
class VaultKey:
    """A master key that stays the same; see ``codec.sealing.MasterKey``."""

    text: str


class Vault:
    """Seals and opens under ``key``; ``context`` is type and property (``Certificate.privateKey``)."""

    def __init__(self, key: VaultKey) -> None:
        self._sealer = Sealer(key)

    def seal(self, context: str, text: str) -> str:
        """``text`` as it is to be stored."""
        return _MARK + self._sealer.seal(f"vault {context}", text.encode())

    def open(self, context: str, stored: str) -> str:
        """The text again. Raises ``Unreadable`` if it was sealed under another key or elsewhere."""
        if not stored.startswith(_MARK):
            return stored
        found = self._sealer.open(f"vault {context}", stored.removeprefix(_MARK), longest=_NEEDED)
        if found is None:
            raise Unreadable("it was encrypted under another key of the vault, so it has to be entered again")
        return found.decode()

    def kept(self, context: str, place: Any) -> str:
        """As ``kept_text`` for a secret that may be sealed. For threads. Raises ``Unreadable``."""
        return self.open(context, kept_text(place))

    def sealed(self, context: str, place: Any) -> dict[str, Any] | None:
        """The wire form that takes the place of a ``SecretKey`` or ``SecretText``; None if it may stay as it is."""
        secret = getattr(place, "secret", None)
        if not isinstance(secret, str) or secret.startswith(_MARK):
            return None
        return {"@type": place.tag, "secret": self.seal(context, secret)}


def sealed_members(vault: Vault, type: str, value: Any, names: Collection[str]) -> dict[str, Any]:
    """What has to be written of an object of ``type`` in place of the secrets among its members ``names``."""
    found = {}
    for name in names:
        place = getattr(value, value.properties[name].attribute)
        sealed = vault.sealed(f"{type}.{name}", place)
        if sealed is not None:
            found[name] = sealed
    return found
