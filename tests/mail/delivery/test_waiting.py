"""Who still waits, and which of several failures is told."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.mail.delivery.shipment import RecipientOutcome, ShipmentRecipient
from stalwart.mail.delivery.waiting import HostFailure, Waiting

PASSING = HostFailure("connectionError", "refused", "4.4.1", "a.test")
TLS = HostFailure("tlsError", "bad certificate", "4.7.5", "b.test")
FINAL = HostFailure("dnsError", "no address", "5.4.4", "c.test", is_final=True)
HELD = HostFailure("rateLimited", "too much", "4.4.5", "a.test", unreachable=False)


class WaitingTests(SynchronousTestCase):
    """Two recipients."""

    def setUp(self) -> None:
        self.waiting = Waiting([ShipmentRecipient("a@x.test"), ShipmentRecipient("b@x.test")])

    def told(self, *failures: HostFailure) -> tuple[str, str, str | None]:
        """What is told after these failures."""
        for failure in failures:
            self.waiting.host_failed(failure)
        outcome = self.waiting.outcomes()[0]
        return outcome.kind, outcome.status, outcome.hostname

    def test_a_host_failed(self) -> None:
        self.assertEqual(self.told(PASSING), ("temporary", "4.4.1", "a.test"))

    def test_what_is_to_be_put_right_comes_first(self) -> None:
        self.assertEqual(self.told(PASSING, TLS)[1], "4.7.5")

    def test_while_one_may_work_later_nothing_is_final(self) -> None:
        self.assertEqual(self.told(FINAL, PASSING), ("temporary", "4.4.1", "a.test"))

    def test_all_are_final(self) -> None:
        self.assertEqual(self.told(FINAL), ("permanent", "5.4.4", "c.test"))

    def test_one_that_is_held_back_says_nothing_of_others(self) -> None:
        self.told(HELD)
        self.assertFalse(self.waiting.outcomes()[0].unreachable)

    def test_no_host_at_all(self) -> None:
        self.assertEqual(self.told(), ("temporary", "4.4.4", None))

    def test_the_words_of_a_host_stay(self) -> None:
        first = self.waiting.left[0]
        first.outcome, first.over = RecipientOutcome("a@x.test", "delivered", "2.0.0"), True
        self.waiting.left[0].outcome = RecipientOutcome("b@x.test", "temporary", "4.7.1")
        self.waiting.host_failed(TLS)
        self.assertEqual([one.status for one in self.waiting.outcomes()], ["2.0.0", "4.7.1"])
        self.assertEqual((len(self.waiting.left), self.waiting.is_over), (1, False))
