"""``x:AcmeProvider``: each gets an account key of its own when it is made (settings C.3, RFC 8555 6.2, 7.3.4).

The registration at the authority comes later, so the account has no URI at first and what an external account binding
needs is kept until then.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from typing import Any, ClassVar

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from stalwart.config.settings import Settings
from stalwart.directory.hashing import Hashing
from stalwart.errors import Invalid
from stalwart.jmap.registry.completed import CompletedHandler, Members
from stalwart.jmap.registry.handler import Asking, Change, handles
from stalwart.schema import Declaration
from stalwart.store import Transaction

REGISTERED_LATER = "The account is registered at the certificate authority later, when certificates are first wanted."

_BASE64URL = re.compile(r"[A-Za-z0-9_-]+={0,2}")


@handles("AcmeProvider")
class AcmeProviderHandler(CompletedHandler):
    """Keys are made in the threads of ``hashing``."""

    told: ClassVar[tuple[str, ...]] = ("accountKey", "accountUri")

    def __init__(self, declaration: Declaration, *, settings: Settings, hashing: Hashing) -> None:
        super().__init__(declaration, settings=settings)
        self._hashing = hashing

    def extras(self, tx: Transaction, asking: Asking, found: list[tuple[int, dict[str, Any]]]) -> None:
        """The label."""
        for _id, shown in found:
            shown["description"] = _label(shown)

    async def prepare(self, asking: Asking, changes: Sequence[Change]) -> None:
        """Make a key for each new provider."""
        for change in changes:
            if change.kind == "create":
                change.prepared = await self._hashing.run(new_account_key)

    def supplied(self, tx: Transaction, asking: Asking, change: Change, former: Any, value: Any) -> Members:
        """The account key of a new provider."""
        if former is not None:
            return {}
        _check(value)
        return {"accountKey": change.prepared}

    def learned(self, tx: Transaction, id: int | None) -> Members:
        """The mask of the key, the URI that there is not yet, and the label."""
        found = super().learned(tx, id)
        row = tx.registry.get(self.type, id) if id is not None else None
        return {**found, "description": _label(row.data)} if row is not None else found

    async def committed(self, asking: Asking, done: Sequence[Change]) -> list[str]:
        """Say that the registration is still to come."""
        notices = await super().committed(asking, done)
        created = any(change.kind == "create" for change in done)
        return [*notices, REGISTERED_LATER] if created else notices


def new_account_key() -> str:
    """A P-256 key in PEM, for signatures with ES256 (RFC 8555 6.2)."""
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _check(provider: Any) -> None:
    """Raises Invalid."""
    if not provider.directory.lower().startswith("https://"):  # RFC 8555 6.1
        raise Invalid("The directory URL must begin with https://.", ("directory",))
    if (provider.eab_key_id is None) != (provider.eab_hmac_key is None):
        missing = "eabKeyId" if provider.eab_key_id is None else "eabHmacKey"
        raise Invalid("An external account needs both a key id and a key.", (missing,))
    if provider.eab_hmac_key is not None and not _is_base64url(provider.eab_hmac_key.strip()):
        raise Invalid("The key of the external account is not in base64url.", ("eabHmacKey",))


def _is_base64url(text: str) -> bool:
    """RFC 4648 5, with or without padding."""
    bare = text.rstrip("=")
    if not _BASE64URL.fullmatch(text):
        return False
    try:
        return bool(base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4)))
    except (binascii.Error, ValueError):
        return False


def _label(shown: dict[str, Any]) -> str:
    """``<directory> (<last segment of the account's URL>)``; the directory alone without an account."""
    directory, account = str(shown.get("directory")), shown.get("accountUri")
    if not account:
        return directory
    return f"{directory} ({str(account).rstrip('/').rpartition('/')[2]})"
