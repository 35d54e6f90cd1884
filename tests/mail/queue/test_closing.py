"""The end of the server while letters are tried."""

from __future__ import annotations

from twisted.internet.defer import Deferred

from stalwart.codec.smtp_reply import Reply
from stalwart.mail.delivery.progress import asking_hosts, giving
from stalwart.mail.delivery.shipment import RecipientOutcome, Shipment
from stalwart.mail.queue.dispatcher import ANSWERING, GLANCE, GRACE
from stalwart.net.smtp_message import Transmission
from tests.mail.queue.world import QueueCase, accepted


class ClosingTests(QueueCase):
    def setUp(self) -> None:
        super().setUp()
        self.hosts: dict[str, tuple[Transmission, Deferred[None]]] = {}
        self.cancelled: list[str] = []
        self.patch(self.sender, "send", self.send)

    async def send(self, shipment: Shipment) -> list[RecipientOutcome]:
        """A host for each recipient, which answers when the test wants it."""
        address, sent = shipment.recipients[0].address, Transmission()
        self.hosts[address] = sent, Deferred()
        with asking_hosts():
            try:
                with giving(sent):
                    await self.hosts[address][1]
            except BaseException:
                self.cancelled.append(address)
                raise
        return [accepted(shipment, address)]

    def close(self) -> Deferred[None]:
        closing = Deferred.fromCoroutine(self.queue.close())
        self.assertNoResult(closing)
        return closing

    def begin(self) -> None:
        for address in ("asked@one.test", "given@two.test"):
            self.put(address)
        self.lead()
        self.hosts["given@two.test"][0].complete = True

    def test_who_has_all_of_it_is_waited_for(self) -> None:
        self.begin()
        closing = self.close()
        self.assertEqual(self.cancelled, ["asked@one.test"])
        self.clock.pump([GLANCE] * int(2 * GRACE / GLANCE))
        self.assertNoResult(closing)
        sent, answer = self.hosts["given@two.test"]
        sent.final = [Reply(250, None, ("taken",))]
        answer.callback(None)
        self.successResultOf(closing)
        self.assertEqual((self.cancelled, self.waiting()), (["asked@one.test"], 1))

    def test_who_has_answered_is_not_asked_for_more(self) -> None:
        self.begin()
        closing = self.close()
        self.hosts["given@two.test"][0].final = [Reply(250, None, ("taken",))]
        self.clock.advance(GLANCE)
        self.successResultOf(closing)
        self.assertEqual(self.cancelled, ["asked@one.test", "given@two.test"])

    def test_not_for_ever(self) -> None:
        self.begin()
        closing = self.close()
        self.clock.pump([GLANCE] * int(ANSWERING / GLANCE))
        self.successResultOf(closing)
        self.assertEqual((self.cancelled, self.waiting()), (["asked@one.test", "given@two.test"], 2))
