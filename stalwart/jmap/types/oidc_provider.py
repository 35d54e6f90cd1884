"""``x:OidcProvider``: keys are read when they are written, so that a key that cannot sign is refused and not found out
at the first sign-in (settings C.4, RFC 7518 3.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from stalwart.codec.certificate_chains import UnreadablePem
from stalwart.config.kept_text import Unreadable, kept_text
from stalwart.config.settings import Settings
from stalwart.directory.hashing import Hashing
from stalwart.errors import Invalid
from stalwart.jmap.registry.completed import CompletedHandler, Members
from stalwart.jmap.registry.foreseen import Values, foresee, members, outcome
from stalwart.jmap.registry.handler import Asking, Change, handles
from stalwart.provider.keys import check_signature_key
from stalwart.schema import Declaration
from stalwart.store import Store, Transaction

_READ = ("signatureAlgorithm", "signatureKey", "encryptionKey")
_SHORTEST = 16


@handles("OidcProvider")
class OidcProviderHandler(CompletedHandler):
    """Refuses keys that are no use."""

    told: ClassVar[tuple[str, ...]] = ()

    def __init__(self, declaration: Declaration, *, settings: Settings, store: Store, hashing: Hashing) -> None:
        super().__init__(declaration, settings=settings)
        self._store = store
        self._hashing = hashing

    async def prepare(self, asking: Asking, changes: Sequence[Change]) -> None:
        """Read the keys, which may be in files."""
        await foresee(self._store, self._hashing, self.declaration, changes, _READ, judged)

    def supplied(self, tx: Transaction, asking: Asking, change: Change, former: Any, value: Any) -> Members:
        """Nothing; raises Invalid for a key that was written and is no use."""
        if any(path.partition("/")[0] in _READ for path in change.data):
            outcome(change, members(value, _READ), judged)
        return {}


def judged(values: Values) -> Members | Invalid:
    """What is wrong with keys, or nothing."""
    algorithm: Any = values["signatureAlgorithm"]
    if algorithm.startswith("hs") and values["signatureKey"] is None:
        return Invalid(
            f"{algorithm} signs with a secret that others share: give one as signatureKey.", ("signatureKey",)
        )
    try:
        if values["signatureKey"] is not None:
            check_signature_key(algorithm, kept_text(values["signatureKey"]))
    except (UnreadablePem, Unreadable) as problem:
        return Invalid(f"The key cannot sign with {algorithm}: {problem}.", ("signatureKey",))
    try:
        if values["encryptionKey"] is not None and len(kept_text(values["encryptionKey"])) < _SHORTEST:
            return Invalid(f"The secret needs at least {_SHORTEST} characters.", ("encryptionKey",))
    except Unreadable as problem:
        return Invalid(f"The secret cannot be used: {problem}.", ("encryptionKey",))
    return {}
