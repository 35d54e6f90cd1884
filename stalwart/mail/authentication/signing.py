"""Signs messages with the keys of a domain: every active x:DkimSignature makes a field (RFC 6376, RFC 8463, settings
C.6).

What is stored of a domain's keys is looked at for each message, so a change holds from the next one on, in every
process; keys that were parsed are remembered. A key that cannot be used is an event, and the others sign without it.
Signatures of an alias name the domain itself, for that is where the keys are published.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from attrs import evolve, frozen

from stalwart.codec.certificate_chains import UnreadablePem
from stalwart.codec.dkim.fields import HeadTooLong, pieces_of
from stalwart.codec.dkim.keys import SigningKey, UnusableKey, read_signing_key
from stalwart.codec.dkim.signing import Signer, sign
from stalwart.codec.dns_names import InvalidName, to_ascii
from stalwart.codec.ids import encode_id
from stalwart.config import index
from stalwart.config.domains.dkim_signature import Dkim1, DkimSignature
from stalwart.config.kept_text import Unreadable
from stalwart.config.vault import Vault
from stalwart.mail.dkim_keys import DKIM_KEY
from stalwart.schema import EnvironmentVariable, File
from stalwart.store import Row, Store, Transaction
from stalwart.store.blob_files import BlobFiles, Stored
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import RESOURCE_BAD_PARAMETERS

MOST_KEYS = 10
"""Signatures of one message."""
MOST_CACHED = 1000
REREAD_AFTER = 60.0
"""Seconds for which a key from a file or the environment is remembered."""


@frozen
class _Kept:
    """What was made of a stored object; ``signer`` is None if it does not sign, ``until`` when to look again."""

    revision: int
    domain: str
    signer: Signer | None
    until: float | None = None
    problem: str = ""


class Signing:
    """The service ``dkim_signing``. ``clock`` tells the time of signatures."""

    def __init__(self, store: Store, vault: Vault, clock: Any, telemetry: Telemetry) -> None:
        self._store = store
        self._vault = vault
        self._clock = clock
        self._telemetry = telemetry
        self._signers: OrderedDict[int, _Kept] = OrderedDict()

    async def signed(self, content: bytes | Stored, domain: str) -> bytes:
        """The DKIM-Signature fields, with their line ends, to put before a message that ``domain`` signs; empty if it
        has no active key. ``content`` is the message as it leaves; a file is read piece by piece.

        Raises NotFound (the file), Unavailable.
        """
        name, rows = await self._store.read(lambda tx: _signatures(tx, domain))
        if not rows:
            return b""
        now = self._clock.seconds()
        kept, known = self._known(name, rows, now)

        def work(files: BlobFiles) -> tuple[list[_Kept], bytes]:
            made = [known.get(row.id) or self._read(row, name, now) for row in rows]
            signers = [each.signer for each in made if each.signer is not None]
            pieces = files.chunks(content.hash) if isinstance(content, Stored) else pieces_of(content)
            return made, sign(pieces, signers, int(now)) if signers else b""

        try:
            made, fields = await self._store.blob_work(work)
        except HeadTooLong:
            self._telemetry.emit(RESOURCE_BAD_PARAMETERS, object="message", reason="its head is too long to be signed")
            return b""
        self._remember(rows, made, kept)
        return fields

    def _known(self, name: str, rows: Sequence[Row], now: float) -> tuple[frozenset[int], dict[int, _Kept]]:
        """What need not be read again, by the id of the object."""
        found = {}
        for row in rows:
            one = self._signers.get(row.id)
            if one is None or (one.revision, one.domain) != (row.revision, name):
                continue
            if one.until is None or one.until > now:
                found[row.id] = one
        return frozenset(found), found

    def _remember(self, rows: Sequence[Row], made: Sequence[_Kept], kept: frozenset[int]) -> None:
        for row, one in zip(rows, made, strict=True):
            if row.id not in kept and one.problem:
                which = f"{DkimSignature.type_name} {encode_id(row.id)}"
                reason = f"{one.problem} ({one.domain})"
                self._telemetry.emit(RESOURCE_BAD_PARAMETERS, object=which, reason=reason)
            self._signers[row.id] = one
            self._signers.move_to_end(row.id)
        while len(self._signers) > MOST_CACHED:
            self._signers.popitem(last=False)

    def _read(self, row: Row, domain: str, now: float) -> _Kept:
        """What an object signs with; in a thread."""
        value = DkimSignature.from_stored(row.data)
        if not isinstance(value, Dkim1):  # nothing is signed with DKIM2 yet
            return _Kept(row.revision, domain, None)
        place = value.private_key
        until = now + REREAD_AFTER if isinstance(place, File | EnvironmentVariable) else None
        try:
            signer = _signer(value, read_signing_key(self._vault.kept(DKIM_KEY, place)), domain)
        except (Unreadable, UnreadablePem, UnusableKey) as problem:
            return _Kept(row.revision, domain, None, now + REREAD_AFTER, f"the key cannot be used: {problem}")
        return _Kept(row.revision, domain, signer, until)


def _signatures(tx: Transaction, domain: str) -> tuple[str, list[Row]]:
    """The name that signs, and the active signatures of its domain in the order of their ids."""
    name = domain.strip().rstrip(".").lower()
    holder = tx.registry.lookup("Domain.name", name) if name else None
    if holder is None:
        return name, []
    ids = tx.registry.search(DkimSignature.type_name, index.term(DkimSignature, "domainId", "=", encode_id(holder[1])))
    rows = tx.registry.many(DkimSignature.type_name, sorted(ids)).values()
    active = [row for row in rows if row.data.get("stage", "active") == "active"][:MOST_KEYS]
    row = tx.registry.get("Domain", holder[1]) if active else None
    return (str(row.data["name"]), active) if row is not None else (name, [])


def _signer(value: Any, key: SigningKey, domain: str) -> Signer:
    """How ``value`` wants it. An identity that is not of the domain would make signatures void, so it is left out."""
    try:
        name = to_ascii(domain)
        selector = to_ascii(value.selector)
        third_party = to_ascii(value.third_party) if value.third_party else None
    except InvalidName as problem:
        raise UnusableKey(f"a name of it cannot be in DNS: {problem}") from None
    head, _, body = value.canonicalization.partition("/")
    signer = Signer(
        key,
        name,
        selector,
        tuple(sorted(each.lower() for each in value.headers)),
        head == "relaxed",
        body == "relaxed",
        _identity(value.auid, name),
        None if value.expire is None else value.expire // 1000,
        value.report,
    )
    if third_party is None:
        return signer
    return evolve(signer, third_party=third_party, third_party_hash=value.third_party_hash)


def _identity(auid: str | None, domain: str) -> str | None:
    """RFC 6376 3.5: at the domain, or below it; a bare local part is completed."""
    if not auid:
        return None
    local, at, place = auid.strip().rpartition("@")
    identity = f"{local}@{place.lower()}" if at else f"{place}@{domain}"
    found = identity.rpartition("@")[2]
    is_plain = identity.isascii() and identity.isprintable() and not set(identity) & set("; ")
    return identity if is_plain and (found == domain or found.endswith(f".{domain}")) else None
