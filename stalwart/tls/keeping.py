"""Keeps the certificates that handshakes choose from in step with the stored x:Certificate objects.

Keys are opened and chains read in other threads. A change through this process is in force when ``changed`` is over,
one through another process as soon as that has told. An object that cannot be used is an event and is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred

from stalwart.codec.ids import encode_id
from stalwart.config.kept_text import kept_text
from stalwart.config.network.system import SystemSettings
from stalwart.config.settings import Settings
from stalwart.config.tls.certificate import Certificate
from stalwart.config.vault import Vault
from stalwart.directory.hashing import Hashing
from stalwart.schema import EnvironmentVariable, File
from stalwart.store import Row, Store, Transaction
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import RESOURCE_BAD_PARAMETERS, STORE_ERROR
from stalwart.tls.pairs import Pair, read_pair, stored_pair
from stalwart.tls.selection import Certificates

CERTIFICATE_KEY = "Certificate.privateKey"
"""What the keys of certificates are called in the vault."""

_PAGE = 200
_LULL = 0.2
"""Seconds for which changes that others tell of are collected."""


class CertificateKeeper:
    """Fills ``certificates``; ``announce(id)`` tells other processes of a change, None being any number of them."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        hashing: Hashing,
        vault: Vault,
        certificates: Certificates,
        telemetry: Telemetry,
        clock: Any,
        announce: Callable[[int | None], object] = lambda id: None,
    ) -> None:
        self._store = store
        self._settings = settings
        self._hashing = hashing
        self._vault = vault
        self._certificates = certificates
        self._telemetry = telemetry
        self._clock = clock
        self._announce = announce
        self._pairs: dict[int, Pair] = {}
        self._default: int | None = None
        self._heard: set[int | None] = set()
        self._timer: Any = None
        self._unwatch = settings.watch(self._settings_changed)

    async def load(self) -> None:
        """Read all certificates."""
        self._pairs = self._usable(await self._store.read(partial(_all, vault=self._vault)))
        self._publish()

    async def changed(self, ids: Iterable[int]) -> None:
        """Certificates were stored, changed or removed here; the next handshake has them as they are now."""
        told = tuple(ids)
        await self._take_over(told)
        for id in told:
            self._announce(id)

    async def reload(self) -> None:
        """Read everything again, files too, here and everywhere."""
        await self.load()
        self._announce(None)

    def hear(self, id: int | None) -> None:
        """Another process has changed a certificate, or any number of them."""
        self._heard.add(id)
        if self._timer is None:
            self._timer = self._clock.callLater(_LULL, self._take_heard)

    def expiries(self) -> Mapping[str, float]:
        """When the certificate for each name expires, in seconds since the epoch; the latest if there are several."""
        found: dict[str, float] = {}
        for pair in self._pairs.values():
            for name in pair.names:
                found[name] = max(found.get(name, 0.0), float(pair.not_after))
        return found

    def close(self) -> None:
        """Follow no more."""
        self._unwatch()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def _take_over(self, ids: Iterable[int]) -> None:
        wanted = tuple(ids)
        rows = await self._store.read(lambda tx: tx.registry.many(Certificate.type_name, wanted))
        found = await self._read(list(rows.values()))
        for id in wanted:
            self._pairs.pop(id, None)
        self._pairs.update(found)
        self._publish()

    def _take_heard(self) -> None:
        self._timer = None
        heard, self._heard = self._heard, set()
        numbers = [id for id in heard if id is not None]
        taking = self.load() if None in heard else self._take_over(numbers)
        Deferred.fromCoroutine(taking).addErrback(
            lambda failure: self._telemetry.emit(STORE_ERROR, reason=failure.getErrorMessage())
        )

    async def _read(self, rows: list[Row]) -> dict[int, Pair]:
        """Those that can be used, by id."""
        return self._usable(await self._hashing.run(lambda: {row.id: _pair(row, self._vault) for row in rows}))

    def _usable(self, read: Mapping[int, Pair | str]) -> dict[int, Pair]:
        """Those of ``read`` that are no problems, which are told."""
        for id, problem in read.items():
            if isinstance(problem, str):
                self._telemetry.emit(RESOURCE_BAD_PARAMETERS, object="Certificate", id=encode_id(id), reason=problem)
        return {id: pair for id, pair in read.items() if isinstance(pair, Pair)}

    def _publish(self) -> None:
        self._default = self._settings.of(SystemSettings).default_certificate_id
        self._certificates.replace(dict(self._pairs), self._default)

    def _settings_changed(self) -> None:
        if self._settings.of(SystemSettings).default_certificate_id != self._default:
            self._publish()


def _pair(row: Row, vault: Vault) -> Pair | str:
    """A stored certificate, or what is wrong with it. For threads."""
    value: Any = Certificate.from_stored(row.data)
    try:
        chain, key = kept_text(value.certificate), vault.kept(CERTIFICATE_KEY, value.private_key)
        begins, ends = value.not_valid_before, value.not_valid_after
        if begins is None or ends is None or not _is_ours(value):
            return read_pair(chain, key)
        return stored_pair(chain, key, value.subject_alternative_names, begins, ends)
    except ValueError as problem:
        return str(problem)


def _is_ours(value: Any) -> bool:
    """Whether chain and key are in the store, so that they were read before; files may have changed."""
    return not any(isinstance(place, EnvironmentVariable | File) for place in (value.certificate, value.private_key))


def _all(tx: Transaction, vault: Vault) -> dict[int, Pair | str]:
    """Everything, in one go: read by several threads, it would fill the caches of as many connections."""
    found: dict[int, Pair | str] = {}
    after = -1
    while rows := tx.registry.list(Certificate.type_name, after=after, limit=_PAGE):
        found.update((row.id, _pair(row, vault)) for row in rows)
        after = rows[-1].id
    return found
