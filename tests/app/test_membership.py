"""A node shows that it is there."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, fail
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.app.membership import EVERY, Membership
from stalwart.config import registry
from stalwart.config.storage.cluster import ClusterNode
from stalwart.errors import Unavailable
from stalwart.store import MemoryStore
from stalwart.telemetry import Telemetry


class MembershipTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(1_800_000_000)
        self.store: Any = MemoryStore(self.clock.seconds)
        self.addCleanup(self.store.close)
        self.events: list[str] = []
        telemetry: Any = Telemetry()
        self.patch(telemetry, "emit", lambda event, **keys: self.events.append(keys["reason"]))
        self.telemetry, self.shares = telemetry, True
        self.membership = Membership(self.store, "one.test", "here", telemetry, self.clock, lambda: self.shares)

    def seen(self) -> list[tuple[str, int]]:
        """Hosts, and when they were heard of."""
        found = self.successResultOf(self.store.read(lambda tx: registry.listed(tx, ClusterNode)))
        return [(entry.value.hostname, entry.value.last_renewal) for entry in found]

    def test_it_is_renewed_at_once_and_from_then_on_until_the_end(self) -> None:
        self.membership.start()
        self.assertEqual(self.seen(), [("one.test", 1_800_000_000)])
        self.clock.advance(EVERY)
        self.assertEqual(self.seen(), [("one.test", 1_800_000_000 + EVERY)])
        self.membership.close()
        self.clock.advance(EVERY)
        self.assertEqual(self.seen(), [("one.test", 1_800_000_000 + EVERY)])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_who_leads_says_so_at_once_also_while_it_is_being_renewed(self) -> None:
        write, waiting = self.store.write, list[Deferred[None]]()

        def later(work: Any) -> Deferred[None]:
            waiting.append(Deferred().addCallback(lambda _: write(work)))
            return waiting[-1]

        self.store.write = later
        self.membership.start()
        self.membership.lead()
        for each in waiting:
            each.callback(None)
        ((entry,),) = (self.successResultOf(self.store.read(lambda tx: registry.listed(tx, ClusterNode))),)
        self.assertEqual((len(waiting), entry.value.leads), (2, True))

    def test_nodes_with_folders_of_their_own_are_told_of_it_once(self) -> None:
        other = Membership(self.store, "two.test", "there", self.telemetry, self.clock)
        other.start()
        self.membership.start()
        self.clock.advance(3 * EVERY)
        self.assertEqual(self.events, [], "they share")
        self.shares = False
        self.clock.pump([EVERY] * 3)
        (said,) = self.events
        self.assertIn("there are other nodes (there): what one of them keeps", said)
        other.close()
        self.events.clear()
        self.clock.pump([EVERY] * 5)
        later = Membership(self.store, "three.test", "alone", self.telemetry, self.clock, lambda: False)
        self.membership.close()
        self.clock.pump([EVERY] * 3)
        later.start()
        self.assertEqual(self.events, [], "nobody else was heard of lately")
        later.close()

    def test_a_store_that_cannot_be_written_is_told_and_tried_again(self) -> None:
        write = self.store.write
        self.store.write = lambda work: fail(Unavailable("The disk is full."))
        self.membership.start()
        self.assertEqual(self.events, ["the entry of this node: The disk is full."])
        self.store.write = write
        self.clock.advance(EVERY)
        self.assertEqual(len(self.seen()), 1)

    def test_what_is_still_being_written_at_the_end_is_given_up(self) -> None:
        waiting: Deferred[None] = Deferred()
        self.store.write = lambda work: waiting
        self.membership.start()
        self.clock.advance(EVERY)
        self.membership.close()
        self.assertTrue(waiting.called)
        self.assertEqual(self.events, [])
