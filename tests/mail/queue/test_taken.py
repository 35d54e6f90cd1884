"""``taken``: what some have got is written while others of the same attempt still wait."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.defer import Deferred

from stalwart.errors import Unavailable
from stalwart.mail.delivery.shipment import RecipientOutcome, Shipment
from stalwart.store.queue_rows import DELIVERED, WAITING
from tests.mail.queue.world import QueueCase, accepted, postponed


class TakenTests(QueueCase):
    """A sender whose first host takes a letter for ``b``, and whose second one is slow."""

    def setUp(self) -> None:
        super().setUp()
        self.second: Deferred[Callable[[Shipment, str], RecipientOutcome]] = Deferred()
        self.patch(self.sender, "send", self.send)
        self.shipped: list[list[str]] = []

    async def send(self, shipment: Shipment) -> list[RecipientOutcome]:
        addresses = [each.address for each in shipment.recipients]
        self.shipped.append(addresses)
        if len(self.shipped) > 1:
            return [accepted(shipment, each) for each in addresses]
        first = accepted(shipment, addresses[1])
        await shipment.taken([(1, first)])
        answer = await self.second
        return [answer(shipment, addresses[0]), first]

    def states(self, id: int) -> list[tuple[int, int]]:
        return [(self.recipient(id, number).state, self.recipient(id, number).attempts) for number in (0, 1)]

    def test_it_is_written_before_the_next_host_has_answered(self) -> None:
        self.lead()
        id = self.put("a@remote.test", "b@remote.test")
        self.assertEqual(self.states(id), [(WAITING, 0), (DELIVERED, 1)])
        self.second.callback(accepted)
        self.assertEqual((self.waiting(), len(self.shipped)), (0, 1))
        self.assertEqual(self.names().count("delivery.completed"), 1)

    def test_only_the_others_are_tried_again(self) -> None:
        self.lead()
        id = self.put("a@remote.test", "b@remote.test")
        self.second.callback(postponed)
        self.assertEqual(self.states(id), [(WAITING, 1), (DELIVERED, 1)])
        self.later(121)
        self.assertEqual((self.shipped[1:], self.waiting()), ([["a@remote.test"]], 0))

    def test_a_fault_afterwards_takes_nothing_back(self) -> None:
        for problem in (Unavailable("The disk is full."), ZeroDivisionError()):
            self.shipped.clear()
            self.second = Deferred()
            self.lead()
            id = self.put("a@remote.test", "b@remote.test")
            self.second.errback(problem)
            self.assertEqual(self.states(id), [(WAITING, 1), (DELIVERED, 1)])
            self.later(121)
            self.assertEqual((self.shipped[1:], self.waiting()), ([["a@remote.test"]], 0))
            self.stop()
