"""``x:OAuthClient``: of secrets hashes are kept, redirect URIs can be relied on, and whoever is signed in to a client
that goes or gets another secret is signed out (settings C.4, RFC 6749 3.1.2, RFC 9700 2.1).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from stalwart.codec.redirect_uris import problem
from stalwart.config import registry
from stalwart.config.settings import Settings
from stalwart.directory import hashes
from stalwart.directory.accounts import Accounts
from stalwart.directory.directory import Directory
from stalwart.errors import Invalid
from stalwart.jmap.registry.handler import Asking, Change, Handler, handles
from stalwart.provider.clients import WEBUI
from stalwart.provider.stateless_clients import PREFIX
from stalwart.schema import MASK, Declaration
from stalwart.schema.violations import Reading
from stalwart.store import Transaction

# An id that looks like an address may be used by somebody who has registered nowhere.
_OF_TENANTS = re.compile(rf"(?!{WEBUI}\Z)[A-Za-z0-9._-]{{1,128}}")
_SECRET = "secret"
_TOKEN = "registrationSecret"


@handles("OAuthClient")
class OAuthClientHandler(Handler):
    """``accounts`` hashes as it does for passwords, without their rules."""

    def __init__(
        self, declaration: Declaration, *, settings: Settings, accounts: Accounts, directory: Directory
    ) -> None:
        super().__init__(declaration, settings=settings)
        self._accounts = accounts
        self._directory = directory

    async def prepare(self, asking: Asking, changes: Sequence[Change]) -> None:
        """Hash new secrets; the mask stays, and what is no secret is refused in the transaction."""
        for change in changes:
            clear = self._given(change, _SECRET)
            if clear is not None:
                change.data = {**change.data, _SECRET: await self._accounts.stored_password(clear, checked=False)}
            token = self._given(change, _TOKEN)
            if token is not None:  # checked within a transaction, so it cannot cost what a password does
                change.data = {**change.data, _TOKEN: token if hashes.is_hash(token) else hashes.sha256_of(token)}

    def written(
        self, tx: Transaction, asking: Asking, change: Change, former: registry.Entry | None, entry: registry.Entry
    ) -> None:
        """Check redirect URIs; sign people out whose tokens a former holder of the secret may have."""
        for uri in sorted(entry.value.redirect_uris):
            wrong = problem(uri, localhost=True)
            if wrong is not None:
                raise Invalid(f"The redirect URI {uri[:200]} {wrong}.", ("redirectUris",))
        if asking.access.tenant_id is not None and not _OF_TENANTS.fullmatch(entry.value.client_id):
            text = "Give it another id: letters, digits, dots, hyphens and underscores, and none that the server has."
            raise Invalid(text, ("clientId",))
        if entry.value.client_id.startswith(PREFIX):
            raise Invalid(f"Ids that begin with {PREFIX} are made by the server.", ("clientId",))
        if former is not None and _proof(former) != _proof(entry):
            self._sign_out(tx, former)

    def destroy(self, tx: Transaction, asking: Asking, change: Change) -> None:
        """Remove it, and sign everybody out of it."""
        assert change.id is not None
        former = self.existing(tx, asking, change.id)
        super().destroy(tx, asking, change)
        self._sign_out(tx, former)

    async def committed(self, asking: Asking, done: Sequence[Change]) -> list[str]:
        """Tokens of those who were signed out are void with the next request."""
        notices = await super().committed(asking, done)
        if any(change.kind != "create" for change in done):
            self._directory.forget_all()
        return notices

    def _sign_out(self, tx: Transaction, former: registry.Entry) -> None:
        tx.sign_ins.delete_of_client(former.value.client_id)

    def _given(self, change: Change, name: str) -> str | None:
        """A new secret in clear, or None."""
        declaration: type = self.declaration  # type: ignore[assignment]
        given = change.data.get(name)
        if given is None or given == MASK:
            return None
        clear = declaration.properties[name].type.read(given, (name,), Reading())  # type: ignore[attr-defined]
        return clear if isinstance(clear, str) else None


def _proof(entry: registry.Entry) -> tuple[str, str | None]:
    return entry.value.client_id, entry.value.secret
