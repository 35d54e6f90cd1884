"""A web hook that is told of events, by a clock of the test and without a network."""

from __future__ import annotations

import json
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.net import web_hook
from stalwart.net.https import FetchFailed
from stalwart.net.json_fetch import JsonAnswer
from stalwart.net.web_hook import GRACE, LONGEST_PAUSE, LONGEST_WAIT, MOST_WAITING_LOSSY, QUIET, WebHook, Wish
from stalwart.telemetry.events import AUTH_FAILED, TELEMETRY_WEBHOOK_ERROR, Event

NOW = 1_795_253_400.0  # 2026-11-21T09:30:00Z
URL = "https://hook.example.test/"
REFUSED = FetchFailed("connect", "I/O error: Connection refused (os error 111)")


class WebHookTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(NOW)
        self.answers: list[Any] = []
        self.bodies: list[list[dict[str, Any]]] = []
        self.times: list[float] = []
        self.told: list[dict[str, Any]] = []

    async def post(self, body: bytes) -> JsonAnswer:
        """Answer with what the test has prepared: a status, an answer, a failure, a Deferred; else with 200."""
        self.bodies.append(json.loads(body)["events"])
        self.times.append(self.clock.seconds() - NOW)
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, Deferred):
            answer = await answer
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, JsonAnswer) else JsonAnswer(answer, None)

    def emit(self, event: Event, **keys: Any) -> None:
        self.assertIs(event, TELEMETRY_WEBHOOK_ERROR)
        self.told.append(keys)
        self.hook.note(event, keys)  # as telemetry does

    def open(self, **options: Any) -> None:
        self.hook = WebHook(Wish(URL, self.post, **options), self.clock, self.emit)
        self.addCleanup(self.hook.abandon)

    def note(self, *logins: str) -> None:
        for login in logins:
            self.hook.note(AUTH_FAILED, {"login": login})

    def turn(self, seconds: float = 0.0) -> None:
        """Let time pass in small steps."""
        self.clock.pump([0.0, *[0.25] * int(seconds * 4)])

    def logins(self) -> list[list[str]]:
        """What each request told of."""
        return [[event["data"]["login"] for event in body] for body in self.bodies]

    def close(self) -> Deferred[None]:
        return Deferred.fromCoroutine(self.hook.close())

    def test_event(self) -> None:
        self.open()
        self.hook.note(AUTH_FAILED, {"login": "a", "remoteIp": "192.0.2.7", "reason": None, "due": 0.0, "spanId": 5})
        self.turn()
        ((event,),) = self.bodies
        self.assertTrue(event.pop("id").isdecimal())
        data = {"login": "a", "remoteIp": "192.0.2.7", "due": "1970-01-01T00:00:00Z", "spanId": 5}
        self.assertEqual(event, {"createdAt": "2026-11-21T09:30:00Z", "type": "auth.failed", "data": data})

    def test_ids_differ_and_grow(self) -> None:
        self.open()
        for _ in range(3):
            self.note("a")
            self.turn(1)
        ids = [int(body[0]["id"]) for body in self.bodies]
        self.assertEqual((sorted(ids), len(set(ids))), (ids, 3))

    def test_events_of_one_moment_go_together(self) -> None:
        self.open()
        self.note("a", "b")
        self.assertEqual(self.bodies, [])
        self.turn()
        self.assertEqual(self.logins(), [["a", "b"]])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_throttle_is_the_least_time_between_requests(self) -> None:
        self.open(throttle=2.0)
        for login in "abcd":
            self.note(login)
            self.turn(0.5)
        self.turn(2)
        self.assertEqual((self.logins(), self.times), ([["a"], ["b", "c", "d"]], [0.0, 2.0]))

    def test_one_request_at_a_time(self) -> None:
        self.open()
        slow: Deferred[int] = Deferred()
        self.answers = [slow]
        self.note("a")
        self.turn()
        self.note("b")
        self.turn(10)
        self.assertEqual(self.logins(), [["a"]])
        slow.callback(204)
        self.turn()
        self.assertEqual(self.logins(), [["a"], ["b"]])

    def test_requests_are_bounded(self) -> None:
        self.open()
        self.patch(web_hook, "MOST_AT_ONCE", 2)
        self.note("a", "b", "c")
        self.turn(1)
        self.patch(web_hook, "MOST_AT_ONCE", 1000)
        self.patch(web_hook, "SIZE_AT_ONCE", 300)
        self.note("d" * 200, "e" * 200, "f")
        self.turn(3)
        sizes = [[len(login) for login in body] for body in self.logins()]
        self.assertEqual(sizes, [[1, 1], [1], [200], [200], [1]])

    def test_order_is_kept_and_nothing_told_twice_when_the_hook_recovers(self) -> None:
        self.open()
        self.answers = [500, REFUSED, 302, 410, 200]
        self.note("a", "b")
        self.turn()
        self.note("c")
        self.turn(30)
        self.assertEqual(self.logins(), [["a", "b"], *[["a", "b", "c"]] * 4])
        self.assertEqual(self.times, [0.0, 1.0, 3.0, 7.0, 15.0])
        self.assertEqual([told["reason"] for told in self.told], ["it answers with status 500"])
        self.assertEqual((self.told[0]["url"], self.told[0]["dropped"], self.hook.dropped), (URL, 0, 0))

    def test_hook_says_how_long_it_wants_to_be_left_alone(self) -> None:
        self.open(discard_after=10_000.0)
        self.answers = [JsonAnswer(503, None, after) for after in ("20", "soon", "99999999", "-1")]
        self.note("a")
        self.turn(LONGEST_WAIT + 60)
        self.assertEqual(self.times[:4], [0.0, 20.0, 22.0, 22.0 + LONGEST_WAIT])

    def test_pause_is_bounded(self) -> None:
        self.open(discard_after=10_000.0)
        self.answers = [500] * 20
        self.note("a")
        self.turn(600)
        self.assertEqual(self.times[-1] - self.times[-2], LONGEST_PAUSE)

    def test_what_is_too_old_is_dropped_and_counted_in_one_event(self) -> None:
        self.open(discard_after=5.0)
        self.answers = [REFUSED] * 100
        self.note("a", "b")
        self.turn(4)
        self.note("c")
        self.turn(20)
        self.assertEqual(self.logins()[-1], ["c"])
        self.assertEqual([told["dropped"] for told in self.told], [0, 2])
        self.assertEqual([told["reason"] for told in self.told], [REFUSED.reason] * 2)
        self.turn(QUIET)
        self.note("d")
        self.turn(60)
        self.assertEqual((self.hook.dropped, [told["dropped"] for told in self.told][:3]), (4, [0, 2, 1]))

    def test_own_failures_are_not_told_to_it(self) -> None:
        self.open()
        self.answers = [500]
        self.note("a")
        self.turn(10)
        self.assertEqual((len(self.told), self.logins()), (1, [["a"], ["a"]]))

    def test_memory_is_bounded(self) -> None:
        self.open(lossy=True)
        self.answers = [Deferred()]
        self.note(*["a"] * (MOST_WAITING_LOSSY + 5))
        self.assertEqual(self.hook.dropped, 5)
        self.open(lossy=True)
        self.answers = [Deferred()]
        self.note(*["a" * 4000] * MOST_WAITING_LOSSY)
        self.assertGreater(self.hook.dropped, MOST_WAITING_LOSSY // 2)
        self.assertEqual(self.told, [])
        self.turn(1)

    def test_what_did_not_fit_is_told(self) -> None:
        self.open(lossy=True)
        self.note(*["a"] * (MOST_WAITING_LOSSY + 5))
        self.turn()
        self.assertEqual(self.told, [{"url": URL, "reason": "too many events at once", "dropped": 5}])

    def test_fault_of_ours_is_a_failure_too(self) -> None:
        self.open()
        self.answers = [ZeroDivisionError("here")]
        self.note("a")
        self.turn(1)
        self.assertEqual((self.logins(), self.told[0]["reason"]), ([["a"], ["a"]], "here"))

    def test_other_wish_is_obeyed_for_what_waits(self) -> None:
        self.open(throttle=1.0)
        self.note("a")
        self.turn()
        self.note("b")
        self.hook.wish = Wish("https://other.example.test/", self.post, discard_after=0.5)
        self.turn(2)
        self.assertEqual((self.logins(), self.told[0]["url"]), ([["a"]], "https://other.example.test/"))

    def test_end_sends_what_waits(self) -> None:
        self.open(throttle=60.0)
        slow: Deferred[int] = Deferred()
        self.answers = [slow]
        self.note("a")
        self.turn()
        self.note("b")
        closing = self.close()
        self.note("late")
        self.assertNoResult(closing)
        slow.callback(200)
        self.successResultOf(closing)
        self.assertEqual((self.logins(), self.told, self.clock.getDelayedCalls()), ([["a"], ["b"]], [], []))

    def test_end_does_not_wait_for_a_hook_that_is_silent(self) -> None:
        self.open()
        silent: Deferred[int] = Deferred()
        self.answers = [silent]
        self.note("a", "b")
        self.turn()
        closing = self.close()
        self.turn(GRACE)
        self.successResultOf(closing)
        self.assertEqual((silent.called, self.clock.getDelayedCalls()), (True, []))
        self.assertEqual(self.told, [{"url": URL, "reason": "the server stops", "dropped": 2}])

    def test_end_does_not_try_a_hook_that_does_not_answer(self) -> None:
        self.open()
        self.answers = [500]
        self.note("a")
        self.turn()
        self.successResultOf(self.close())
        self.assertEqual((len(self.bodies), self.told[-1]["dropped"], self.clock.getDelayedCalls()), (1, 1, []))

    def test_end_of_an_idle_one(self) -> None:
        self.open()
        self.successResultOf(self.close())
        self.assertEqual(self.told, [])

    def test_abandoned_one_sends_nothing_more(self) -> None:
        self.open()
        slow: Deferred[int] = Deferred()
        self.answers = [slow]
        self.note("a")
        self.turn()
        self.note("b")
        self.hook.abandon()
        self.turn(10)
        self.assertEqual((self.logins(), slow.called, self.told), ([["a"]], True, []))
        self.open()
        self.note("a")
        self.hook.abandon()
        self.assertEqual(self.clock.getDelayedCalls(), [])
