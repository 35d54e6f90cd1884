"""``x:AcmeProvider``: an account is registered at the authority when it is made (settings C.3, RFC 8555 7.3).

That happens before anything is stored, so that an authority that refuses, or cannot be reached, refuses the object. The
account's key is sealed by the vault; what an external account binding needs is used once and not kept.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from typing import Any, ClassVar

from stalwart.config import registry
from stalwart.config.network.listener import NetworkListener
from stalwart.config.settings import Settings
from stalwart.config.tls.acme_provider import AcmeProvider
from stalwart.config.vault import Vault
from stalwart.errors import Invalid, StalwartError
from stalwart.jmap.registry.completed import CompletedHandler, Members
from stalwart.jmap.registry.handler import Asking, Change, handles
from stalwart.jmap.standard.asking import number_of
from stalwart.schema import Declaration, ValidationFailed
from stalwart.store import Store, Transaction
from stalwart.tls.authorities import ACCOUNT_KEY, Authorities, Registered

NOT_BUILT = "Challenges of the type DnsPersist01 cannot be answered yet; choose Http01, TlsAlpn01 or Dns01."
NO_PORT_80 = (
    "Authorities ask for HTTP-01 challenges at port 80. No listener is bound there, so let something forward "
    "/.well-known/acme-challenge/ from port 80 to this server, or add a listener for it."
)
NO_PORT_443 = (
    "Authorities ask for TLS-ALPN-01 challenges at port 443. No listener with implicit TLS is bound there, so let "
    "something forward connections from port 443 to this server, or add a listener for it."
)

_BASE64URL = re.compile(r"[A-Za-z0-9_-]+={0,2}")


@handles("AcmeProvider")
class AcmeProviderHandler(CompletedHandler):
    """``authorities`` speak with the authority."""

    told: ClassVar[tuple[str, ...]] = ("accountKey", "accountUri")

    def __init__(
        self, declaration: Declaration, *, settings: Settings, store: Store, vault: Vault, authorities: Authorities
    ) -> None:
        super().__init__(declaration, settings=settings)
        self._store = store
        self._vault = vault
        self._authorities = authorities

    def extras(self, tx: Transaction, asking: Asking, found: list[tuple[int, dict[str, Any]]]) -> None:
        """The label."""
        for _id, shown in found:
            shown["description"] = _label(shown)

    async def prepare(self, asking: Asking, changes: Sequence[Change]) -> None:
        """Register new accounts, and tell authorities of other addresses."""
        for change in changes:
            try:
                if change.kind == "create":
                    change.prepared = await self._registered(change, asking.access.tenant_id is not None)
                elif change.kind == "update" and not {"contact", "profile"}.isdisjoint(_written(change)):
                    await self._update(change)
            except StalwartError as problem:
                change.refused = problem

    def supplied(self, tx: Transaction, asking: Asking, change: Change, former: Any, value: Any) -> Members:
        """Key and URL of a new account; its binding to an external one is forgotten."""
        _check(value)
        if former is not None:
            if value.fallback_provider_id == change.id:
                raise Invalid("An account is no fallback for itself.", ("fallbackProviderId",))
            return {}
        made = change.prepared
        if not isinstance(made, Registered):
            raise Invalid(
                "Failed to create ACME account: the object refers to others of the same call.", ("directory",)
            )
        key = self._vault.seal(ACCOUNT_KEY, made.key)
        return {"accountKey": key, "accountUri": made.uri, "eabKeyId": None, "eabHmacKey": None}

    def learned(self, tx: Transaction, id: int | None) -> Members:
        """The mask of the key, the URL of the account, and the label."""
        found = super().learned(tx, id)
        row = tx.registry.get(self.type, id) if id is not None else None
        return {**found, "description": _label(row.data)} if row is not None else found

    async def committed(self, asking: Asking, done: Sequence[Change]) -> list[str]:
        """Say what authorities would not find."""
        notices = await super().committed(asking, done)
        bound = {address for _, each in self.settings.all(NetworkListener) for address in each.bind}
        ports = {address.rpartition(":")[2] for address in bound}
        kinds = {str(change.data.get("challengeType", "TlsAlpn01")) for change in done if change.kind == "create"}
        if "Http01" in kinds and "80" not in ports:
            notices.append(NO_PORT_80)
        if "TlsAlpn01" in kinds and "443" not in ports:
            notices.append(NO_PORT_443)
        return notices

    async def _registered(self, change: Change, for_tenant: bool) -> Registered | None:
        """The new account; None for an object that the transaction will refuse in better words."""
        try:
            provider: Any = self.declaration.from_wire(dict(change.data))
        except ValidationFailed:
            return None
        _check(provider)
        return await self._authorities.register(provider, for_tenant=for_tenant)

    async def _update(self, change: Change) -> None:
        id = number_of(change.key)
        entry = await self._store.read(lambda tx: registry.get(tx, AcmeProvider, id)) if id is not None else None
        if entry is None or id is None:
            return
        try:
            provider: Any = AcmeProvider.patched(entry.value, change.data)
        except ValidationFailed:
            return
        if (provider.contact, provider.profile) != (entry.value.contact, entry.value.profile):
            await self._authorities.update(id, provider)


def _written(change: Change) -> set[str]:
    return {path.partition("/")[0] for path in change.data}


def _check(provider: Any) -> None:
    """Raises Invalid."""
    if provider.challenge_type == "DnsPersist01":
        raise Invalid(NOT_BUILT, ("challengeType",))
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
