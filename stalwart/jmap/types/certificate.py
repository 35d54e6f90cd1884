"""``x:Certificate``: chain and key are read when they are written, and what the chain says is filled in (A.11, C.3).

A certificate that has expired, or is not valid yet, can be stored. Its key is sealed by the vault. Which certificate a
client gets is the business of TLS, which is told of every change.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, ClassVar, Protocol

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from stalwart.codec.certificate_chains import Chain, UnreadablePem, belongs, read_chain, read_signing_key
from stalwart.config.kept_text import Unreadable, kept_text
from stalwart.config.settings import Settings
from stalwart.config.vault import Vault, sealed_members
from stalwart.directory.hashing import Hashing
from stalwart.errors import Invalid
from stalwart.jmap.registry.completed import CompletedHandler, Members
from stalwart.jmap.registry.foreseen import Values, foresee, members, outcome
from stalwart.jmap.registry.handler import Asking, Change, handles
from stalwart.schema import Declaration, UtcDateTime
from stalwart.store import Store, Transaction
from stalwart.tls.pairs import LEAST_RSA_BITS

_READ = ("certificate", "privateKey")
LAST_MOMENT = 32_535_215_999  # the end of the year 3000, which is as far as our dates go


class Served(Protocol):
    """See ``stalwart.tls.keeping.CertificateKeeper``."""

    async def changed(self, ids: Iterable[int]) -> None: ...


@handles("Certificate")
class CertificateHandler(CompletedHandler):
    """Issuer, dates and names come from the chain."""

    told: ClassVar[tuple[str, ...]] = ("subjectAlternativeNames", "issuer", "notValidBefore", "notValidAfter")

    def __init__(
        self,
        declaration: Declaration,
        *,
        settings: Settings,
        store: Store,
        hashing: Hashing,
        vault: Vault,
        certificates: Served,
    ) -> None:
        super().__init__(declaration, settings=settings)
        self._certificates = certificates
        self._store = store
        self._hashing = hashing
        self._vault = vault
        self._work = partial(described, vault)

    async def prepare(self, asking: Asking, changes: Sequence[Change]) -> None:
        """Read chains and keys, which may be in files."""
        await foresee(self._store, self._hashing, self.declaration, changes, _READ, self._work)

    def supplied(self, tx: Transaction, asking: Asking, change: Change, former: Any, value: Any) -> Members:
        """What the chain says, if it or the key was written."""
        if not any(path.partition("/")[0] in _READ for path in change.data):
            return {}
        found: Members = outcome(change, members(value, _READ), self._work)
        return {**found, **sealed_members(self._vault, self.type, value, ("privateKey",))}

    async def committed(self, asking: Asking, done: Sequence[Change]) -> list[str]:
        """The next handshake has the certificates as they are now."""
        notices = await super().committed(asking, done)
        await self._certificates.changed(change.id for change in done if change.id is not None)
        return notices


def described(vault: Vault, values: Values) -> Members | Invalid:
    """The server-set members of a certificate with this ``certificate`` and ``privateKey``, or what is wrong."""
    try:
        text = kept_text(values["certificate"])
        if "PRIVATE KEY-----" in text:
            return Invalid("There is a private key beside the certificate; put it into privateKey.", ("certificate",))
        chain = read_chain(text)
    except (UnreadablePem, Unreadable) as problem:
        return Invalid(f"Failed to read certificate: {problem}.", ("certificate",))
    try:
        key = read_signing_key(vault.kept("Certificate.privateKey", values["privateKey"]))
    except (UnreadablePem, Unreadable) as problem:
        return Invalid(f"Failed to read private key: {problem}.", ("privateKey",))
    if not belongs(key, chain):
        return Invalid("The private key does not belong to the first certificate of the chain.", ("privateKey",))
    if isinstance(key, RSAPrivateKey) and key.key_size < LEAST_RSA_BITS:
        return Invalid(f"RSA keys of less than {LEAST_RSA_BITS} bits are not served.", ("privateKey",))
    return _members(chain)


def _members(chain: Chain) -> Members:
    return {
        "subjectAlternativeNames": dict.fromkeys(chain.names, True),
        "issuer": chain.issuer,
        "notValidBefore": _date(chain.not_before),
        "notValidAfter": _date(chain.not_after),
    }


def _date(moment: int) -> str:
    """The moment on the wire; "no end" (RFC 5280 4.1.2.5) is the last one that there is."""
    text: str = UtcDateTime().write(min(max(moment, 0), LAST_MOMENT), False)
    return text
