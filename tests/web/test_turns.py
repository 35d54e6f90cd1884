"""Requests that wait for others of their account."""

from __future__ import annotations

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.directory.places import MemoryPlaces
from stalwart.errors import LimitExceeded, TooManyAtOnce
from stalwart.web import turns
from stalwart.web.limits import Limits
from stalwart.web.turns import MOST_WAITING, PATIENCE, RETRY_AFTER, Turns
from tests.web.client import BASIC_ALICE, Response, request_bytes
from tests.web.test_limits import account
from tests.web.test_pipeline import PipelineCase


class TurnTests(SynchronousTestCase):
    """``Turns`` on a clock; one request of an account runs at a time."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.places = MemoryPlaces()
        self.limits = Limits(places=self.places)
        self.turns = Turns(self.limits, self.clock)

    def waiting(self, number: int = 7) -> Deferred[int]:
        place = self.turns.enter(account(number), 1)
        assert isinstance(place, Deferred)
        place.addErrback(lambda failure: failure.trap(CancelledError) and None)
        return place

    def test_who_finds_a_place_does_not_wait(self) -> None:
        self.assertEqual(self.turns.enter(account(), 1), 7)
        self.assertEqual(self.turns.enter(account(8), 1), 8)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_turns_come_in_order(self) -> None:
        self.turns.enter(account(), 1)
        first, second = self.waiting(), self.waiting()
        self.limits.leave(7)
        self.assertNoResult(first)  # what gave the place back goes on before
        self.clock.advance(0)
        self.assertEqual(self.successResultOf(first), 7)
        self.assertNoResult(second)
        self.limits.leave(7)
        self.clock.advance(0)
        self.assertEqual(self.successResultOf(second), 7)
        self.assertEqual(self.places.taken("requests", 7), 1)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_nobody_gets_in_before_those_who_wait(self) -> None:
        self.turns.enter(account(), 1)
        first = self.waiting()
        self.limits.leave(7)
        second = self.waiting()
        self.clock.advance(0)
        self.assertEqual(self.successResultOf(first), 7)
        self.assertNoResult(second)

    def test_a_place_that_another_process_gives_back_is_found(self) -> None:
        self.turns.enter(account(), 1)
        waiting = self.waiting()
        self.places.free("requests", 7)
        self.clock.advance(0.3)
        self.assertEqual(self.successResultOf(waiting), 7)

    def test_it_does_not_take_long(self) -> None:
        self.turns.enter(account(), 1)
        place = self.turns.enter(account(), 1)
        assert isinstance(place, Deferred)
        self.clock.pump([0.25] * int(4 * PATIENCE - 1))
        self.assertNoResult(place)
        self.clock.advance(0.5)
        refused = self.failureResultOf(place, TooManyAtOnce).value
        self.assertEqual(
            list(refused.headers.items()),
            [
                ("Retry-After", str(RETRY_AFTER)),
                ("RateLimit-Policy", '"concurrent-requests";q=1;qu="concurrent-requests"'),
                ("RateLimit", '"concurrent-requests";r=0'),
            ],
        )
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_not_many_wait(self) -> None:
        self.patch(turns, "MOST_WAITING", 2)
        self.turns.enter(account(), 1)
        waiting = [self.waiting(), self.waiting()]
        self.assertRaises(TooManyAtOnce, self.turns.enter, account(), 1)
        self.assertEqual(self.turns.enter(account(8), 1), 8)
        waiting[0].cancel()
        waiting.append(self.waiting())
        self.assertGreater(MOST_WAITING, 2)

    def test_who_leaves_takes_no_place(self) -> None:
        self.turns.enter(account(), 1)
        first, second = self.waiting(), self.waiting()
        first.cancel()
        self.limits.leave(7)
        self.clock.advance(0)
        self.assertEqual(self.successResultOf(second), 7)
        self.limits.leave(7)
        self.assertEqual(self.places.taken("requests", 7), 0)

    def test_one_turn_may_end_the_waiting_of_another(self) -> None:
        self.turns.enter(account(), 1)
        first, second, third = self.waiting(), self.waiting(), self.waiting()
        first.addCallback(lambda _: (second.cancel(), self.limits.leave(7)))
        self.limits.leave(7)
        self.clock.advance(0)
        self.assertEqual(self.successResultOf(third), 7)
        self.clock.advance(1)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_who_is_unlimited_does_not_wait(self) -> None:
        self.turns.enter(account(), 1)
        self.waiting()
        self.assertEqual(self.turns.enter(account(7, "unlimitedRequests"), 1), 7)

    def test_others_are_refused_as_before(self) -> None:
        self.turns.enter(account(), 1)
        self.assertRaises(LimitExceeded, self.limits.enter, account(), 1)


class WaitingRequestTests(PipelineCase):
    """On connections: ``/patient`` waits for its turn."""

    def test_the_next_is_answered_after_the_one_before(self) -> None:
        server = self.server(Jmap={"maxConcurrentRequests": 1})
        first, second = server.connect(), server.connect()
        for connected in (first, second):
            connected.send(request_bytes("GET", "/patient", BASIC_ALICE))
        self.assertEqual((len(self.desk.waiting), second.received()), (1, b""))
        self.desk.waiting[0].callback("one")
        self.assertEqual(first.response().body, b"one")
        server.clock.advance(0)
        self.desk.waiting[1].callback("two")
        self.assertEqual(second.response().body, b"two")
        self.assertEqual(server.request("GET", "/api/account", BASIC_ALICE).status, 200)

    def refused(self, waited: float) -> Response:
        server = self.server(Jmap={"maxConcurrentRequests": 1})
        first, second = server.connect(), server.connect()
        for connected in (first, second):
            connected.send(request_bytes("GET", "/patient", BASIC_ALICE))
        server.clock.pump([0.25] * int(4 * waited))
        self.assertIn("limit.concurrent-request", server.event_ids())
        return second.response()

    def test_who_has_waited_for_long_is_told_to_come_again(self) -> None:
        answer = self.refused(PATIENCE + 1)
        self.assertEqual((answer.status, answer.headers["retry-after"]), (429, str(RETRY_AFTER)))
        self.assertEqual(answer.json()["title"], "Too Many Requests")

    def test_who_finds_many_waiting_is_told_at_once(self) -> None:
        self.patch(turns, "MOST_WAITING", 0)
        self.assertEqual(self.refused(0).status, 429)

    def test_a_client_that_leaves_while_it_waits_takes_no_place(self) -> None:
        server = self.server(Jmap={"maxConcurrentRequests": 1})
        first, second = server.connect(), server.connect()
        for connected in (first, second):
            connected.send(request_bytes("GET", "/patient", BASIC_ALICE))
        second.lose()
        first.lose()
        server.clock.advance(0.5)
        self.assertEqual(len(self.desk.waiting), 1)
        self.assertEqual(server.request("GET", "/api/account", BASIC_ALICE).status, 200)

    def test_what_may_not_be_done_is_said_after_the_wait(self) -> None:
        server = self.server(Jmap={"maxConcurrentRequests": 1})
        first = server.connect()
        first.send(request_bytes("GET", "/patient", BASIC_ALICE))
        second = server.connect()
        second.send(request_bytes("GET", "/patient/secret", BASIC_ALICE))
        first.lose()
        server.clock.advance(0)
        self.assertEqual(second.response().status, 403)
        self.assertEqual(server.request("GET", "/api/account", BASIC_ALICE).status, 200)
