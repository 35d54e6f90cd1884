"""The running settings: one immutable snapshot of all singletons and small collections.

Reading is synchronous and cheap; a reload replaces everything or nothing (settings A.11). What was not
written yet reads as its defaults, so the snapshot is usable before the first load. Large collections
(accounts) are not kept here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar, overload

from attrs import field, frozen
from twisted.internet.defer import Deferred, DeferredLock
from twisted.python.failure import Failure

from stalwart.codec.ids import SINGLETON
from stalwart.config import registry
from stalwart.config.catalogue import declarations
from stalwart.errors import Invalid, StalwartError
from stalwart.schema import Declaration, Object, Singleton, Union
from stalwart.store import Row, Store, Transaction
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import RESOURCE_BAD_PARAMETERS, RESOURCE_ERROR

S = TypeVar("S", bound=Singleton)
T = TypeVar("T", bound=Object)

DEBOUNCE = 0.25  # seconds


class SettingsBroken(Invalid):
    """A stored object cannot be used, so the settings stay as they were; ``object`` is its (type, id)."""

    title = "Settings cannot be used"

    def __init__(self, object: tuple[str, int], reason: str) -> None:
        super().__init__(f"{object[0]}: {reason}")
        self.object = object


@frozen
class _Snapshot:
    singletons: Mapping[str, Any]
    collections: Mapping[str, tuple[tuple[int, Any], ...]]
    read: Mapping[tuple[str, int], registry.Entry] = field(factory=dict)


class Settings:
    """The settings of this process. ``clock`` tells the time of writes and delays ``reload_soon``.

    ``overrides`` are members of singletons, by type name, that hold for this process whatever is stored. ``announce``
    tells other processes to read anew; it is called after each reload that none of them asked for.
    """

    def __init__(
        self,
        store: Store,
        telemetry: Telemetry,
        clock: Any,
        overrides: Mapping[str, Mapping[str, Any]] | None = None,
        *,
        announce: Callable[[], object] = lambda: None,
    ) -> None:
        self._store = store
        self._overrides = dict(overrides or {})
        self._announce = announce
        self._telemetry = telemetry
        self._clock = clock
        self._lock = DeferredLock()
        self._watchers: list[Callable[[], object]] = []
        self._delayed: Any = None
        self._snapshot = _defaults()

    @overload
    def of(self, declaration: type[S]) -> S: ...
    @overload
    def of(self, declaration: Union) -> Any: ...
    def of(self, declaration: type[Singleton] | Union) -> Any:
        """The instance of a singleton as it is in force."""
        return self._snapshot.singletons[declaration.type_name]

    @overload
    def all(self, declaration: type[T]) -> tuple[tuple[int, T], ...]: ...
    @overload
    def all(self, declaration: Union) -> tuple[tuple[int, Any], ...]: ...
    def all(self, declaration: type[Object] | Union) -> tuple[tuple[int, Any], ...]:
        """The objects of a small collection with their ids, in the order of the ids."""
        return self._snapshot.collections[declaration.type_name]

    def watch(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Call ``callback`` after every reload that changed something; calling the result ends that."""
        self._watchers.append(callback)
        return lambda: self._watchers.remove(callback)

    async def load(self) -> None:
        """Read everything for the first time; as ``reload``."""
        await self.reload(announced=True)

    async def reload(self, types: Collection[str] | None = None, *, announced: bool = False) -> bool:
        """Read everything again, or the objects of some ``types`` only; whether anything changed.

        Raises ``SettingsBroken`` and keeps what there was. Of overlapping reloads the later sees what the
        earlier did. ``announced``: the other processes know already.
        """
        kept = {name: made for name, made in _kept().items() if types is None or name in types}
        if not kept:
            return False
        try:
            return await self._reload(kept)
        finally:
            if not announced:  # even if nothing is new here: an announced reload may have come in between
                self._announce()

    async def _reload(self, kept: Mapping[str, Declaration]) -> bool:
        await self._lock.acquire()
        try:
            former = self._snapshot
            found = await self._store.read(lambda tx: _read(tx, kept, former, self._overrides))
            if found.read == former.read:
                return False
            self._snapshot = found
            for watcher in tuple(self._watchers):
                self._tell(watcher)
        except SettingsBroken as broken:
            self._telemetry.emit(RESOURCE_BAD_PARAMETERS, object=broken.object[0], reason=broken.detail)
            raise
        finally:
            self._lock.release()
        return True

    def reload_soon(self) -> None:
        """Reload once the writes that come in quick succession are over."""
        if self._delayed is not None and self._delayed.active():
            self._delayed.reset(DEBOUNCE)
        else:
            self._delayed = self._clock.callLater(DEBOUNCE, self._reload_now)

    def close(self) -> None:
        """Drop a reload that is due."""
        if self._delayed is not None and self._delayed.active():
            self._delayed.cancel()

    async def change(self, declaration: Declaration, patch: Mapping[str, Any], id: int = SINGLETON) -> None:
        """Patch a stored object and reload."""
        now = self._clock.seconds()
        await self._store.write(lambda tx: registry.update(tx, declaration, id, patch, now=now))
        await self.reload()

    async def create(self, declaration: Declaration, data: Mapping[str, Any]) -> int:
        """Store a new object and reload; its id."""
        now = self._clock.seconds()
        entry = await self._store.write(lambda tx: registry.create(tx, declaration, data, now=now))
        await self.reload()
        return entry.id

    async def destroy(self, declaration: Declaration, id: int) -> None:
        """Remove a stored object and reload."""
        await self._store.write(lambda tx: registry.destroy(tx, declaration, id))
        await self.reload()

    def _reload_now(self) -> None:
        Deferred.fromCoroutine(self.reload()).addErrback(self._failed)

    def _failed(self, failure: Failure) -> None:
        if not isinstance(failure.value, SettingsBroken):  # that one has been told
            self._telemetry.emit(RESOURCE_ERROR, reason=failure.getErrorMessage())

    def _tell(self, watcher: Callable[[], object]) -> None:
        try:
            watcher()
        except Exception as problem:
            self._telemetry.emit(RESOURCE_ERROR, reason=f"a part did not take new settings: {problem}")


def _kept() -> dict[str, Declaration]:
    """The declarations whose objects the snapshot holds, by name."""
    return {name: made for name, made in declarations().items() if (made.is_singleton or made.snapshot) and made.stored}


def _defaults() -> _Snapshot:
    kept = _kept()
    return _Snapshot(
        {name: registry.defaults(made) for name, made in kept.items() if made.is_singleton},
        {name: () for name, made in kept.items() if not made.is_singleton},
    )


def _read(
    tx: Transaction,
    kept: Mapping[str, Declaration],
    former: _Snapshot,
    overrides: Mapping[str, Mapping[str, Any]],
) -> _Snapshot:
    """``former`` with the stored objects of ``kept``; instances of rows that did not change are taken over."""
    singletons, collections = dict(former.singletons), dict(former.collections)
    read = {key: entry for key, entry in former.read.items() if key[0] not in kept}
    for name, declaration in kept.items():
        if declaration.is_singleton:
            row = tx.registry.get(name, SINGLETON)
            entries = [_entry(declaration, row, former)] if row is not None else []
            value = entries[0].value if entries else registry.defaults(declaration)
            singletons[name] = declaration.patched(value, overrides[name]) if name in overrides else value
        else:
            entries = [_entry(declaration, row, former) for row in tx.registry.list(name)]
            collections[name] = tuple((entry.id, entry.value) for entry in entries)
        read.update(((name, entry.id), entry) for entry in entries)
    return _Snapshot(singletons, collections, read)


def _entry(declaration: Declaration, row: Row, former: _Snapshot) -> registry.Entry:
    known = former.read.get((declaration.type_name, row.id))
    if known is not None and known.revision == row.revision:
        return known
    try:
        return registry.Entry(row.id, row.revision, declaration.from_stored(row.data))
    except StalwartError as problem:
        raise SettingsBroken((declaration.type_name, row.id), problem.detail) from problem
