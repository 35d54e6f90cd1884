"""``x:DkimSignature``: keys are read when they are written, the public half is shown (settings C.6).

Keys of a domain are made, and follow each other, by ``stalwart.mail.dkim_management``.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from stalwart.codec.certificate_chains import UnreadablePem
from stalwart.config import registry
from stalwart.config.domains.domain import AutomaticKeys, AutomaticRecords, Domain
from stalwart.config.kept_text import Unreadable
from stalwart.config.settings import Settings
from stalwart.config.vault import Vault, sealed_members
from stalwart.directory.hashing import Hashing
from stalwart.errors import Invalid
from stalwart.jmap.registry.completed import CompletedHandler, Members
from stalwart.jmap.registry.foreseen import TYPE, Values, foresee, members, outcome
from stalwart.jmap.registry.handler import Asking, Change, handles
from stalwart.jmap.registry.waking import Wakeable
from stalwart.mail.dkim_keys import DKIM_KEY, check_key, public_text
from stalwart.mail.dkim_management import hurry_keys
from stalwart.mail.dkim_rotation import end_of
from stalwart.mail.dns_management import hurry
from stalwart.schema import Declaration, SecretText, UtcDateTime
from stalwart.store import Row, Store, Transaction

_PUBLIC, _PRIVATE, _DATE = "publicKey", "privateKey", "nextTransitionAt"
_READ = (_PRIVATE,)


@handles("DkimSignature")
class DkimSignatureHandler(CompletedHandler):
    """A key has to fit the kind of signature."""

    def __init__(
        self,
        declaration: Declaration,
        *,
        settings: Settings,
        store: Store,
        hashing: Hashing,
        vault: Vault,
        tasks: Wakeable,
    ) -> None:
        super().__init__(declaration, settings=settings)
        self._store = store
        self._hashing = hashing
        self._vault = vault
        self._tasks = tasks
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
        """The sealed key, and a date for the end of a stage that is given without one; refuses a key that cannot be
        used, if it or the kind of signature was written.
        """
        added = _new_date(tx, asking, change, former, value)
        if not any(path.partition("/")[0] in (*_READ, TYPE) for path in change.data):
            return added
        outcome(change, members(value, _READ), self._work)
        return {**added, **sealed_members(self._vault, self.type, value, _READ)}

    def written(
        self, tx: Transaction, asking: Asking, change: Change, former: registry.Entry | None, entry: registry.Entry
    ) -> None:
        """What follows for the keys of the domain, and for its records, is seen to soon."""
        for domain_id in {each.value.domain_id for each in (former, entry) if each is not None}:
            _see_to(tx, domain_id, asking.now)

    def destroy(self, tx: Transaction, asking: Asking, change: Change) -> None:
        """Remove it; a domain whose keys the server keeps gets another one if it needs it."""
        assert change.id is not None
        domain_id = self.existing(tx, asking, change.id).value.domain_id
        super().destroy(tx, asking, change)
        _see_to(tx, domain_id, asking.now)

    async def committed(self, asking: Asking, done: Sequence[Change]) -> list[str]:
        """What was put down to be done begins."""
        notices = await super().committed(asking, done)
        self._tasks.wake()
        return notices

    def learned(self, tx: Transaction, id: int | None) -> Members:
        """The public key."""
        row = tx.registry.get(self.type, id) if id is not None else None
        return {_PUBLIC: _public(self._vault, row)} if row is not None else {}


def _see_to(tx: Transaction, domain_id: int, now: float) -> None:
    domain = registry.get(tx, Domain, domain_id)
    if domain is not None and isinstance(domain.value.dkim_management, AutomaticKeys):
        hurry_keys(tx, domain_id, now)
    if domain is not None and isinstance(domain.value.dns_management, AutomaticRecords):
        hurry(tx, domain_id, now)


def _new_date(tx: Transaction, asking: Asking, change: Change, former: Any, value: Any) -> Members:
    """When a stage ends that somebody has put a planned key into: the date of the former stage would be wrong."""
    if former is None or former.stage == value.stage or _DATE in change.data or value.next_transition_at is None:
        return {}
    domain = registry.get(tx, Domain, value.domain_id)
    if domain is None or not isinstance(domain.value.dkim_management, AutomaticKeys):
        return {}
    return {_DATE: UtcDateTime().write(int(end_of(value.stage, domain.value.dkim_management, asking.now)), False)}


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
