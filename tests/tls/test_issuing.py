"""The issuing service: one order at a time for a name, and a check every hour."""

from __future__ import annotations

import gc
from typing import Any

import pem
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.net.acme import AcmeProblem
from stalwart.tls.issuing import CHECK_INTERVAL, IssuingService
from stalwart.tls.plan import Obtained
from tests.tls.world import chain_pem, key_pem

HOUR = CHECK_INTERVAL.total_seconds()


class FakeOrdering:
    """Answers when ``gate`` is opened; notes what it was asked for."""

    def __init__(self, obtained: Obtained) -> None:
        self.obtained = obtained
        self.asked: list[tuple[Any, Any, Any]] = []
        self.gate: Deferred[None] | None = None
        self.problem: Exception | None = None

    async def obtain(self, client: Any, plan: Any, responders: Any) -> Obtained:
        """See ``Ordering``."""
        self.asked.append((client, plan, responders))
        if self.gate is not None:
            await self.gate
        if self.problem is not None:
            raise self.problem
        return self.obtained


class FakeStore:
    """``ICertificateStore``, as far as it is called."""

    def __init__(self) -> None:
        self.stored: list[tuple[str, list[Any]]] = []

    def store(self, server_name: str, pem_objects: Any) -> Deferred[None]:
        """See txacme."""
        self.stored.append((server_name, list(pem_objects)))
        done: Deferred[None] = Deferred()
        done.callback(None)
        return done


class IssuingTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.key = key_pem()
        self.chain = chain_pem(["a.test"], self.key)
        self.ordering = FakeOrdering(Obtained(self.chain, self.key))
        self.certificates = FakeStore()
        self.checks = 0
        self.planning_problem: Exception | None = None
        ordering: Any = self.ordering
        self.service = IssuingService(
            self.certificates, self.clock, ordering, self.plan_for, self.responders_for, self.check
        )

    async def plan_for(self, name: str) -> tuple[Any, Any]:
        if self.planning_problem is not None:
            raise self.planning_problem
        return "client", f"plan for {name}"

    async def responders_for(self, plan: Any) -> list[Any]:
        return [f"responder of the {plan}"]

    async def check(self) -> None:
        self.checks += 1

    def test_certificate_is_ordered_as_planned_and_stored_with_its_key(self) -> None:
        self.successResultOf(self.service.issue_cert("a.test"))
        expected = ("client", "plan for a.test", ["responder of the plan for a.test"])
        self.assertEqual(self.ordering.asked, [expected])
        ((name, objects),) = self.certificates.stored
        self.assertEqual([type(each) for each in objects[1:]], [pem.Certificate])
        self.assertIsInstance(objects[0], pem.Key)
        self.assertEqual((name, str(objects[0]).strip()), ("a.test", self.key.strip()))

    def test_name_is_ordered_once_however_many_ask(self) -> None:
        self.ordering.gate = Deferred()
        asking = [self.service.issue_cert("a.test") for _ in range(3)]
        other = self.service.issue_cert("b.test")
        self.assertEqual(len(self.ordering.asked), 2)
        for each in (*asking, other):
            self.assertNoResult(each)
        self.ordering.gate.callback(None)
        for each in (*asking, other):
            self.successResultOf(each)
        self.assertEqual(len(self.certificates.stored), 2)

    def test_failure_reaches_all_who_ask_and_the_next_attempt_is_a_new_one(self) -> None:
        self.ordering.gate, self.ordering.problem = Deferred(), AcmeProblem("rejectedIdentifier", "no")
        asking = [self.service.issue_cert("a.test") for _ in range(2)]
        self.ordering.gate.callback(None)
        for each in asking:
            self.assertEqual(self.failureResultOf(each, AcmeProblem).value.detail, "no")
        self.ordering.gate = self.ordering.problem = None
        self.successResultOf(self.service.issue_cert("a.test"))
        self.assertEqual(len(self.certificates.stored), 1)

    def test_plan_that_cannot_be_made(self) -> None:
        self.planning_problem = AcmeProblem("malformed", "no account")
        self.failureResultOf(self.service.issue_cert("a.test"), AcmeProblem)
        self.assertEqual((self.ordering.asked, self.certificates.stored), ([], []))

    def test_attempt_that_is_cancelled_ends(self) -> None:
        cancelled: list[bool] = []
        self.ordering.gate = Deferred(lambda _: cancelled.append(True))
        asking = self.service.issue_cert("a.test")
        asking.cancel()
        self.failureResultOf(asking)
        self.assertEqual((cancelled, self.certificates.stored), ([True], []))
        self.ordering.gate = None
        self.successResultOf(self.service.issue_cert("a.test"))

    def test_who_leaves_takes_nothing_from_the_others(self) -> None:
        cancelled: list[bool] = []
        self.ordering.gate = Deferred(lambda _: cancelled.append(True))
        first, second = self.service.issue_cert("a.test"), self.service.issue_cert("a.test")
        first.cancel()
        self.failureResultOf(first)
        self.ordering.gate.callback(None)
        self.successResultOf(second)
        self.assertEqual((cancelled, len(self.certificates.stored)), ([], 1))
        gc.collect()  # what is told to nobody is logged now
        self.assertEqual(self.flushLoggedErrors(), [])

    def test_what_is_under_way_can_be_given_up(self) -> None:
        self.ordering.gate = Deferred()
        waiting = [self.service.issue_cert("a.test"), self.service.issue_cert("a.test")]
        self.service.cancel()
        for each in waiting:
            self.failureResultOf(each)

    def test_check_is_done_at_the_start_and_every_hour_until_the_end(self) -> None:
        waiting = self.service.when_certs_valid()
        self.assertNoResult(waiting)
        self.service.startService()
        self.successResultOf(waiting)
        self.assertEqual(self.checks, 1)
        self.successResultOf(self.service.when_certs_valid())
        self.clock.pump([HOUR / 2, HOUR / 2, HOUR])
        self.assertEqual(self.checks, 3)
        self.successResultOf(self.service.stopService())
        self.clock.advance(3 * HOUR)
        self.assertEqual((self.checks, self.clock.getDelayedCalls()), (3, []))
