"""``x:OAuthClient``: of the secret a hash is kept, redirect URIs can be relied on (settings C.4, RFC 6749 3.1.2)."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from stalwart.config import registry
from stalwart.config.settings import Settings
from stalwart.directory.accounts import Accounts
from stalwart.errors import Invalid
from stalwart.jmap.registry.handler import Asking, Change, Handler, handles
from stalwart.schema import MASK, Declaration
from stalwart.schema.violations import FAILED, Reading
from stalwart.store import Transaction

_SECRET = "secret"
_ACTIVE_SCHEMES = frozenset(("javascript", "data", "vbscript", "file", "blob", "about"))


@handles("OAuthClient")
class OAuthClientHandler(Handler):
    """``accounts`` hashes as it does for passwords, without their rules."""

    def __init__(self, declaration: Declaration, *, settings: Settings, accounts: Accounts) -> None:
        super().__init__(declaration, settings=settings)
        self._accounts = accounts

    async def prepare(self, asking: Asking, changes: Sequence[Change]) -> None:
        """Hash new secrets; the mask stays, and what is no secret is refused in the transaction."""
        declaration: type = self.declaration  # type: ignore[assignment]
        secret = declaration.properties[_SECRET].type  # type: ignore[attr-defined]
        for change in changes:
            given = change.data.get(_SECRET)
            if given is None or given == MASK:
                continue
            clear = secret.read(given, (_SECRET,), Reading())
            if clear is not FAILED and clear is not None:
                change.data = {**change.data, _SECRET: await self._accounts.stored_password(clear, checked=False)}

    def written(
        self, tx: Transaction, asking: Asking, change: Change, former: registry.Entry | None, entry: registry.Entry
    ) -> None:
        """Check redirect URIs."""
        for uri in sorted(entry.value.redirect_uris):
            problem = uri_problem(uri)
            if problem is not None:
                raise Invalid(f"The redirect URI {uri[:200]} {problem}.", ("redirectUris",))


def uri_problem(uri: str) -> str | None:
    """What keeps people from being sent to ``uri``, as the end of a sentence; None if nothing does."""
    try:
        parts = urlsplit(uri)
        host = parts.hostname
    except ValueError:
        return "cannot be read"
    if "#" in uri:
        return "has a fragment"
    if parts.scheme in _ACTIVE_SCHEMES:
        return "is of a kind that runs or reads something where it is opened"
    if parts.scheme in ("http", "https") and not host:
        return "has no host"
    if parts.username is not None or parts.password is not None:
        return "holds a user name or password"
    return None
