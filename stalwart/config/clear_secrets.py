"""Secrets that were stored before there was a vault: by a first set-up, or an older version. They are sealed once.

Rows that cannot be read are left to whoever reads the settings, who says what is wrong.
"""

from __future__ import annotations

from typing import Any

from stalwart.config import registry
from stalwart.config.domains.dkim_signature import DkimSignature
from stalwart.config.tls.certificate import Certificate
from stalwart.config.tls.dns_server import DnsServer
from stalwart.config.vault import Vault, sealed_members
from stalwart.schema import Declaration, ValidationFailed
from stalwart.store import Transaction

SECRETS: tuple[tuple[Declaration, tuple[str, ...]], ...] = (
    (Certificate, ("privateKey",)),
    (DkimSignature, ("privateKey",)),
    (DnsServer, ("key", "secret")),
)
"""What lies in the vault, by the type that has it."""

_AT_ONCE = 100


def seal_clear_secrets(tx: Transaction, vault: Vault, now: float) -> int:
    """Seal them all; how many objects had some."""
    return sum(_seal(tx, vault, declaration, names, now) for declaration, names in SECRETS)


def _seal(tx: Transaction, vault: Vault, declaration: Any, names: tuple[str, ...], now: float) -> int:
    found, after = 0, -1
    while rows := tx.registry.list(declaration.type_name, after, _AT_ONCE):
        after = rows[-1].id
        for row in rows:
            try:
                value = declaration.from_stored(row.data)
            except ValidationFailed:
                continue
            own = [name for name in names if name in value.properties]
            sealed = sealed_members(vault, declaration.type_name, value, own)
            if sealed:
                registry.update(tx, declaration, row.id, sealed, now=now, by_server=True)
                found += 1
    return found
