"""A house without threads and sockets: memory store, memory reactor, and what it would have printed."""

from __future__ import annotations

import io
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.app import foundations
from stalwart.app import house as module
from stalwart.app.environment import Environment
from stalwart.app.house import House, open_house
from stalwart.app.startup import Startup
from stalwart.directory.hashing import SynchronousHashing
from stalwart.store import MemoryStore
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import Event, Level

T = TypeVar("T")

NOW = 1_800_000_000
HTTP = "tcp:80:interface=127.0.0.1"
SMTP = "tcp:25:interface=127.0.0.1"
ENDPOINTS = {"http": [HTTP], "smtp": [SMTP]}
"""Instead of the sockets that a first start would open."""


class HouseCase(SynchronousTestCase):
    """Opens houses; whatever store one asks for is in memory and outlives it, as a disk would."""

    def setUp(self) -> None:
        self.reactor = MemoryReactorClock()
        self.reactor.advance(NOW)
        self.telemetry = Telemetry(threshold=Level.ERROR + 1)  # type: ignore[arg-type]  # nothing is logged
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.telemetry.observe(self._note)
        self.folder = self.mktemp()
        self.disk = MemoryStore(self.reactor.seconds)
        self.addCleanup(self.disk.close)
        self.closed: list[str] = []
        self._open: list[House] = []
        self.configs: list[Any] = []
        self.output, self.errors = io.StringIO(), io.StringIO()
        self.patch(sys, "__stdout__", self.output)
        self.patch(sys, "__stderr__", self.errors)
        self.patch(module, "open_store", self._open_store)
        self.patch(foundations, "open_store", self._open_store)
        self.patch(foundations, "HashingPool", lambda _reactor: SynchronousHashing())

    def _note(self, event: Event, keys: dict[str, Any]) -> None:
        self.events.append((event.id, keys))

    def _open_store(self, config: Any, _reactor: Any, _telemetry: Telemetry, *, blobs: Any = None) -> Any:
        self.configs.append(config)
        return KeptStore(self.disk, self.closed)

    def event(self, name: str) -> dict[str, Any]:
        """The keys of the one event of this name."""
        (keys,) = [keys for each, keys in self.events if each == name]
        return keys

    def settle(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of something that needs no time to pass."""
        result: T = self.successResultOf(Deferred.fromCoroutine(work))
        return result

    def open(self, *, hostname: str = "mail.example.test", startup: Startup | None = None, **environment: Any) -> House:
        """An open house that serves at ``HTTP`` and ``SMTP``, closed at the end of the test."""
        house = self.settle(self.opening(hostname=hostname, startup=startup, **environment))
        self._open.append(house)
        self.addCleanup(self.shut, house)
        return house

    def opening(
        self, *, hostname: str = "mail.example.test", startup: Startup | None = None, **environment: Any
    ) -> Coroutine[Any, Any, House]:
        """The same, not yet run."""
        chosen = startup or Startup(data=self.folder, endpoints=ENDPOINTS)
        return open_house(self.reactor, chosen, Environment(hostname, **environment), self.telemetry)

    def shut(self, house: House) -> None:
        """Close it, if it still is open."""
        if house in self._open:
            self._open.remove(house)
            self.settle(house.close(1.0))


class KeptStore:
    """A store whose content outlives closing; notes that it was closed."""

    def __init__(self, disk: MemoryStore, closed: list[str]) -> None:
        self._disk = disk
        self._closed = closed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._disk, name)

    def close(self) -> Deferred[None]:
        """See ``stalwart.store.Store``."""
        self._closed.append("store")
        return self._disk.read(lambda _: None)
