"""``x:PublicKey``: a key has to be one; addresses and expiry come from it unless they are given (settings C.5).

Of OpenPGP keys the shape is checked and the user ids are read, no signatures; so their expiry is not known.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from stalwart.codec.encryption_keys import EncryptionKey, UnreadableKey, read_key
from stalwart.config import registry
from stalwart.config.collaboration.email import Email
from stalwart.config.settings import Settings
from stalwart.directory.hashing import Hashing
from stalwart.errors import Invalid
from stalwart.jmap.registry.completed import CompletedHandler, Members
from stalwart.jmap.registry.foreseen import Values, foresee, members, outcome
from stalwart.jmap.registry.handler import Asking, Change, handles
from stalwart.jmap.registry.per_account import check_number
from stalwart.jmap.types.certificate import LAST_MOMENT
from stalwart.schema import Declaration, String, UtcDateTime
from stalwart.schema.violations import FAILED, Reading
from stalwart.store import Store, Transaction

_READ = ("key",)


@handles("PublicKey")
class PublicKeyHandler(CompletedHandler):
    """Keys are read in the threads of ``hashing``."""

    told: ClassVar[tuple[str, ...]] = ("emailAddresses", "expiresAt")

    def __init__(self, declaration: Declaration, *, settings: Settings, store: Store, hashing: Hashing) -> None:
        super().__init__(declaration, settings=settings)
        self._store = store
        self._hashing = hashing

    async def prepare(self, asking: Asking, changes: Sequence[Change]) -> None:
        """Read the keys."""
        await foresee(self._store, self._hashing, self.declaration, changes, _READ, described)

    def supplied(self, tx: Transaction, asking: Asking, change: Change, former: Any, value: Any) -> Members:
        """What a new key says and the client does not."""
        if "key" not in change.data:
            return {}
        found: EncryptionKey = outcome(change, members(value, _READ), described)
        given = {path.partition("/")[0] for path, what in change.data.items() if what is not None}
        return {name: what for name, what in _members(found).items() if name not in given}

    def written(
        self, tx: Transaction, asking: Asking, change: Change, former: registry.Entry | None, entry: registry.Entry
    ) -> None:
        """Check how many keys the account has."""
        if former is None:
            limit = self.settings.of(Email).max_public_keys
            check_number(tx, self.declaration, entry.value.account_id, "maxPublicKeys", limit)


def described(values: Values) -> EncryptionKey | Invalid:
    """What the ``key`` is, or what is wrong with it."""
    try:
        return read_key(values["key"])
    except UnreadableKey as problem:
        return Invalid(f"Failed to read the key: {problem}.", ("key",))


def _members(key: EncryptionKey) -> Members:
    """In wire form; addresses that ours could not be are left out."""
    reading, address = Reading(), String("emailAddress")
    cleaned = [address.read(each, (), reading) for each in key.addresses]
    ends = key.expires_at is not None and key.expires_at <= LAST_MOMENT
    expiry = UtcDateTime().write(key.expires_at, False) if ends else None
    return {"emailAddresses": {each: True for each in cleaned if each is not FAILED}, "expiresAt": expiry}
