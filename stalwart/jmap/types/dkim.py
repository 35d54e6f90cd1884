"""``x:DkimSignature``: keys are read when they are written, the public half is shown (settings C.6).

Missing keys of a domain are made by ``stalwart.mail.dkim_management``.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from stalwart.codec.certificate_chains import UnreadablePem
from stalwart.config.kept_text import Unreadable
from stalwart.config.settings import Settings
from stalwart.config.vault import Vault, sealed_members
from stalwart.directory.hashing import Hashing
from stalwart.errors import Invalid
from stalwart.jmap.registry.completed import CompletedHandler, Members
from stalwart.jmap.registry.foreseen import TYPE, Values, foresee, members, outcome
from stalwart.jmap.registry.handler import Asking, Change, handles
from stalwart.mail.dkim_keys import DKIM_KEY, check_key, public_text
from stalwart.schema import Declaration, SecretText
from stalwart.store import Row, Store, Transaction

_PUBLIC, _PRIVATE = "publicKey", "privateKey"
_READ = (_PRIVATE,)


@handles("DkimSignature")
class DkimSignatureHandler(CompletedHandler):
    """A key has to fit the kind of signature."""

    def __init__(
        self, declaration: Declaration, *, settings: Settings, store: Store, hashing: Hashing, vault: Vault
    ) -> None:
        super().__init__(declaration, settings=settings)
        self._store = store
        self._hashing = hashing
        self._vault = vault
        self._work = partial(problem, vault)

    def extras(self, tx: Transaction, asking: Asking, found: list[tuple[int, dict[str, Any]]]) -> None:
        """The public keys, unless nobody wants them."""
        if not asking.wants(_PUBLIC):
            return
        rows = tx.registry.many(self.type, [id for id, _ in found])
        for id, shown in found:
            shown[_PUBLIC] = _public(self._vault, rows[id])

    async def prepare(self, asking: Asking, changes: Sequence[Change]) -> None:
        """Check private keys, which may be in files."""
        await foresee(self._store, self._hashing, self.declaration, changes, _READ, self._work)

    def supplied(self, tx: Transaction, asking: Asking, change: Change, former: Any, value: Any) -> Members:
        """The sealed key; refuses one that cannot be used, if it or the kind of signature was written."""
        if not any(path.partition("/")[0] in (*_READ, TYPE) for path in change.data):
            return {}
        outcome(change, members(value, _READ), self._work)
        return sealed_members(self._vault, self.type, value, _READ)

    def learned(self, tx: Transaction, id: int | None) -> Members:
        """The public key."""
        row = tx.registry.get(self.type, id) if id is not None else None
        return {_PUBLIC: _public(self._vault, row)} if row is not None else {}


def problem(vault: Vault, values: Values) -> Invalid | None:
    """What is wrong with a ``privateKey`` for signatures of an ``@type``."""
    try:
        check_key(values[TYPE], vault.kept(DKIM_KEY, values[_PRIVATE]))
    except (UnreadablePem, Unreadable) as reason:
        return Invalid(f"Failed to read private key: {reason}.", (_PRIVATE,))
    return None


def _public(vault: Vault, row: Row) -> str | None:
    """The public key of a stored signature; None if the file that it is in cannot be read any more."""
    try:
        return public_text(vault.kept(DKIM_KEY, SecretText.from_stored(row.data.get(_PRIVATE))))
    except (UnreadablePem, Unreadable):
        return None
