"""Sessions are counted in batches, and nothing that goes wrong with it comes in the way of sending."""

from __future__ import annotations

from typing import Any

from attrs import evolve
from twisted.internet.defer import Deferred, fail
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.tls_report import FailureDetail, PolicyResult
from stalwart.errors import Unavailable
from stalwart.mail.delivery.shipment import TlsResult
from stalwart.mail.reports import counting
from stalwart.mail.reports.counting import DAY, TlsCounting, policies_of
from stalwart.store import MemoryStore
from stalwart.store.mail_reports import TlsCount
from stalwart.telemetry import Telemetry

TODAY = 20_800
GOOD = TlsResult("Example.ORG.", "sts", ("version: STSv1", "mode: enforce"), ("*.example.org",))
BAD = evolve(
    GOOD, failure="certificate-expired", hostname="mx.example.org", ip="192.0.2.1", source_ip="192.0.2.9", reason="old"
)


class CountingCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(TODAY * DAY + 5)
        self.store = MemoryStore()
        self.successResultOf(self.store.start())
        self.events: list[str] = []
        telemetry = Telemetry(threshold=9)  # type: ignore[arg-type]  # nothing is logged
        telemetry.observe(lambda event, values: self.events.append(event.id))
        self.counting = TlsCounting(self.store, self.clock, telemetry)

    def counted(self, domain: str = "example.org", day: int = TODAY) -> list[TlsCount]:
        return list(self.successResultOf(self.store.read(lambda tx: tx.tls_counts.of_domain(day, domain))))


class CountingTests(CountingCase):
    def test_sessions_are_written_after_some_seconds(self) -> None:
        for result in (GOOD, BAD, GOOD, evolve(GOOD, domain="other.test")):
            self.counting.note(result)
        self.assertEqual(self.counted(), [])
        self.clock.advance(counting.PERIOD)
        self.assertEqual([each.sessions for each in self.counted()], [2, 1])
        self.assertEqual(len(self.counted("other.test")), 1)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.counting.note(GOOD)
        self.clock.advance(counting.PERIOD)
        self.assertEqual([each.sessions for each in self.counted()], [3, 1])

    def test_days_are_counted_apart(self) -> None:
        self.counting.note(GOOD)
        self.clock.advance(DAY)
        self.counting.note(GOOD)
        self.clock.advance(counting.PERIOD)
        self.assertEqual([len(self.counted(day=day)) for day in (TODAY, TODAY + 1)], [1, 1])

    def test_what_a_report_tells(self) -> None:
        for result in (GOOD, BAD, BAD, evolve(BAD, ip="192.0.2.2"), TlsResult("example.org", "no-policy-found")):
            self.counting.note(result)
        self.clock.advance(counting.PERIOD)
        sts, none = sorted(policies_of("example.org", self.counted()), key=lambda each: each.type, reverse=True)
        detail = FailureDetail("certificate-expired", "192.0.2.9", "mx.example.org", "", "192.0.2.1", 2, "", "old")
        rarer = evolve(detail, receiving_ip="192.0.2.2", failed_session_count=1)
        self.assertEqual(sts, PolicyResult("sts", "example.org", GOOD.policy, GOOD.mx_patterns, 1, 3, (detail, rarer)))
        self.assertEqual(none, PolicyResult("no-policy-found", "example.org", (), (), 1, 0))

    def test_what_the_store_does_not_take_is_tried_again(self) -> None:
        write = self.store.write
        self.patch(self.store, "write", lambda work: fail(Unavailable("away")))
        self.counting.note(GOOD)
        self.clock.advance(counting.PERIOD)
        self.counting.note(GOOD)
        self.clock.advance(counting.PERIOD)
        self.assertEqual(self.events, ["outgoing-report.error"])
        self.patch(self.store, "write", write)
        self.clock.advance(counting.PERIOD)
        self.assertEqual([each.sessions for each in self.counted()], [2])

    def test_memory_is_bounded(self) -> None:
        self.patch(counting, "MOST_WAITING", 3)
        for number in range(10):
            self.counting.note(evolve(GOOD, domain=f"{number}.test"))
        self.counting.note(evolve(GOOD, domain="0.test"))
        self.clock.advance(counting.PERIOD)
        self.assertEqual([len(self.counted(f"{number}.test")) for number in range(4)], [1, 1, 1, 0])
        self.assertEqual(self.counted("0.test")[0].sessions, 2)

    def test_texts_are_cut(self) -> None:
        self.counting.note(evolve(BAD, reason="x" * 5000, policy=("y" * 5000,) * 500))
        self.clock.advance(counting.PERIOD)
        (policy,) = policies_of("example.org", self.counted())
        self.assertEqual((len(policy.details[0].failure_reason_code), len(policy.strings)), (300, 50))

    def test_the_last_ones_are_written_at_the_end(self) -> None:
        self.counting.note(GOOD)
        self.successResultOf(Deferred.fromCoroutine(self.counting.close()))
        self.assertEqual(len(self.counted()), 1)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_the_end_does_not_wait_for_ever(self) -> None:
        never: Any = Deferred()
        self.patch(self.store, "write", lambda work: never)
        self.counting.note(GOOD)
        closing = Deferred.fromCoroutine(self.counting.close())
        self.assertNoResult(closing)
        self.clock.advance(counting.PATIENCE)
        self.successResultOf(closing)
        self.assertEqual(self.clock.getDelayedCalls(), [])
