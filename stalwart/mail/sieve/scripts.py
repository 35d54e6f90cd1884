"""The scripts of accounts: which one is active, what it says, made ready once for all messages.

A script is an object whose blob is its text; the active one is found by its uid, so that delivery looks once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from attrs import field, frozen

from stalwart.codec.sieve.grammar import EXTENSIONS
from stalwart.codec.sieve.syntax import SieveError
from stalwart.codec.sieve.world import Bounds
from stalwart.config.mail.sieve import SieveUserInterpreter
from stalwart.config.settings import Settings
from stalwart.store import Transaction
from stalwart.store.object_types import SIEVE_SCRIPT, VACATION
from stalwart.store.rows import Object

if TYPE_CHECKING:
    from stalwart.codec.sieve.compiling import Script

ACTIVE: Final = "active"
"""The uid of the script that runs; others have none."""
VACATION_ID: Final = "vacation"
"""The uid of the vacation response, of which an account has one."""

_CACHED: Final = 1000
_MILLISECONDS: Final = 1000


@frozen
class Active:
    """What an account has switched on: the hash of its script, the members of its vacation response."""

    script: bytes | None = None
    vacation: Mapping[str, object] | None = None


def active_script(tx: Transaction, account_id: int) -> Object | None:
    """The script that runs, if there is one."""
    return tx.objects.by_uid(account_id, SIEVE_SCRIPT, ACTIVE)


def active_of(tx: Transaction, account_id: int) -> Active | None:
    """What is switched on; None is nothing, which most accounts have."""
    states = tx.objects.states(account_id)
    script = active_script(tx, account_id) if SIEVE_SCRIPT in states else None
    vacation = tx.objects.by_uid(account_id, VACATION, VACATION_ID) if VACATION in states else None
    data = vacation.data if vacation is not None and vacation.data and vacation.data.get("isEnabled") else None
    if script is None and data is None:
        return None
    return Active(script.blob if script is not None else None, data)


@frozen
class _Kept:
    script: Script | None
    problem: SieveError | None = None


@frozen(eq=False)
class Scripts:
    """Makes scripts ready, and remembers those that ran of late by the hash of their text."""

    settings: Settings
    _kept: OrderedDict[tuple[bytes, frozenset[str]], _Kept] = field(factory=OrderedDict, init=False)

    @property
    def extensions(self) -> frozenset[str]:
        """What scripts may require."""
        return EXTENSIONS - self.settings.of(SieveUserInterpreter).disable_capabilities

    @property
    def bounds(self) -> Bounds:
        """How far they may go."""
        limits = self.settings.of(SieveUserInterpreter)
        return Bounds(
            steps=limits.max_cpu_cycles,
            redirects=limits.max_redirects,
            messages=limits.max_out_messages,
            variables=limits.max_local_vars,
            longest_variable=limits.max_var_size,
            longest_string=limits.max_string_length,
            received=limits.max_received_headers,
            protected=frozenset(name.lower() for name in limits.protected_headers),
            remembered=limits.default_expiry_duplicate // _MILLISECONDS,
        )

    def knows(self, hash: bytes) -> bool:
        """Whether the text of a script need not be read."""
        return (hash, self.extensions) in self._kept

    def ready(self, hash: bytes, source: bytes | None) -> Script:
        """The script with that hash; ``source`` is its text, None if it is known. Raises ``SieveError``.

        It may be forgotten between: then it is an error like any other. May run in several threads at once.
        """
        extensions = self.extensions
        kept = self._kept.get((hash, extensions))
        if kept is None:
            if source is None:
                raise SieveError("The script cannot be read.", 1)
            from stalwart.codec.sieve.compiling import compiled  # when there is a script; threads run this

            try:
                kept = _Kept(compiled(source, extensions))
            except SieveError as problem:
                kept = _Kept(None, problem)
            self._kept[(hash, extensions)] = kept
            while len(self._kept) > _CACHED:
                self._kept.popitem(last=False)
        if kept.script is None:
            assert kept.problem is not None
            raise SieveError(kept.problem.text, kept.problem.line)
        return kept.script
