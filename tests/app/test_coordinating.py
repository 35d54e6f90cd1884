"""Nodes speak over what x:Coordinator names."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.app import coordinating
from stalwart.app.company import Alone
from stalwart.app.coordinating import coordinate
from stalwart.app.nodes import NodeCompany
from stalwart.config.settings import Settings
from stalwart.config.storage.coordinator import Coordinator
from stalwart.errors import Invalid
from stalwart.store import MemoryStore
from stalwart.telemetry import Telemetry
from tests.app.test_node_words import Bus
from tests.app.test_nodes import Part, TwinNeighbours


class CoordinatingTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.store = MemoryStore(self.clock.seconds)
        self.addCleanup(self.store.close)
        self.reasons: list[str] = []
        telemetry: Any = Telemetry()
        self.patch(telemetry, "emit", lambda event, **keys: self.reasons.append(keys["reason"]))
        settings = Settings(self.store, telemetry, self.clock)
        self.successResultOf(Deferred.fromCoroutine(settings.load()))
        self.below: Any = Part([], store=self.store, settings=settings, telemetry=telemetry, reactor=self.clock)
        self.settings = settings

    def company(self, bus: Any) -> tuple[NodeCompany, Any, list[Any]]:
        """One that coordinates with ``bus``, and the arguments with which that was asked for."""
        asked: list[Any] = []

        def bus_of(*arguments: Any) -> Any:
            asked.append(arguments)
            if isinstance(bus, Exception):
                raise bus
            return bus

        self.patch(coordinating, "bus_of", bus_of)
        neighbours: Any = TwinNeighbours()
        company = NodeCompany(Alone(), neighbours, lambda: None, self.clock)
        self.addCleanup(company.closing)
        self.successResultOf(Deferred.fromCoroutine(coordinate(company, self.below)))
        return company, neighbours, asked

    def test_words_go_over_the_bus_to_all_nodes_of_the_same_database(self) -> None:
        bus: Any = Bus()
        one, neighbours, asked = self.company(bus)
        other, _, again = self.company(bus)
        self.assertEqual(asked[0][2], again[0][2])  # the channel
        for listener in bus.listeners:
            listener.connected()
        woken: list[bool] = []
        other.letters(lambda: woken.append(True))
        one.letters(lambda: None)()
        self.clock.advance(0)
        self.assertEqual((woken, neighbours.said), ([True], []))

    def test_without_one_they_go_by_the_data_store(self) -> None:
        company, neighbours, asked = self.company(None)
        self.assertIsInstance(asked[0][0], Coordinator.default)
        company.letters(lambda: None)()
        self.assertEqual(neighbours.said, [("letters",)])

    def test_what_cannot_be_used_is_told(self) -> None:
        company, neighbours, _ = self.company(Invalid("It has no driver.", ("@type",)))
        company.letters(lambda: None)()
        self.assertEqual((self.reasons, neighbours.said), (["x:Coordinator: It has no driver."], [("letters",)]))
