"""One collector is kept informed: rounds, pauses, losses, the end."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.app.observing.otlp_delivery import (
    LONGEST_PAUSE,
    LONGEST_TRIAL,
    PATIENCE,
    QUIET,
    Complaints,
    Delivery,
    Destination,
)
from stalwart.config.kept_text import Unreadable
from stalwart.net.otlp import SendFailed, Signal
from stalwart.telemetry.events import (
    AUTH_FAILED,
    HTTP_CONNECTION_END,
    HTTP_CONNECTION_START,
    TELEMETRY_OTEL_ERROR,
    Event,
)
from stalwart.telemetry.otlp.records import MOST, Note, Recorder, Span

Outcome = bytes | SendFailed | Exception | Deferred[bytes]


class FakeSender:
    """A collector that does what ``outcomes`` say, and takes everything when there are none left."""

    def __init__(self) -> None:
        self.sent: list[tuple[float, Signal, bytes]] = []
        self.outcomes: deque[Outcome] = deque()
        self.headers: Mapping[str, str] = {}
        self.closed = False
        self.clock = Clock()

    async def send(self, signal: Signal, content: bytes, headers: Mapping[str, str]) -> bytes:
        self.sent.append((self.clock.seconds(), signal, content))
        self.headers = headers
        outcome = self.outcomes.popleft() if self.outcomes else b""
        if isinstance(outcome, Exception):
            raise outcome
        return await outcome if isinstance(outcome, Deferred) else outcome

    def close(self) -> None:
        self.closed = True


class PlainEncoder:
    """Names of what is told."""

    def logs(self, notes: Sequence[Note]) -> list[bytes]:
        return [",".join(str(note.values.get("login")) for note in notes).encode()] if notes else []

    def spans(self, spans: Sequence[Span]) -> list[bytes]:
        return [",".join(span.name for span in spans).encode()] if spans else []

    def metrics(self, families: Sequence[Any], began: int, now: int) -> list[bytes]:
        return [f"{len(families)} {began} {now}".encode()]


class DeliveryCase(SynchronousTestCase):
    """``delivery`` to ``sender`` over ``clock``, everything else at once."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.clock.advance(1000)
        self.sender = FakeSender()
        self.sender.clock = self.clock
        self.told: list[dict[str, Any]] = []
        self.headers: Any = dict
        self.new()

    def new(self, throttle: float = 1.0, **options: Any) -> None:
        destination = Destination(
            "http://c", self.sender, lambda: self.headers(), self.encoder, lambda work: maybeDeferred(work)
        )
        complaints = Complaints(self.emit, TELEMETRY_OTEL_ERROR, "http://c", self.clock)
        recorder = Recorder(lambda _: True, lambda _: True)
        self.delivery = Delivery(recorder, destination, complaints, self.clock, throttle, **options)

    def encoder(self) -> Any:
        return PlainEncoder()

    def emit(self, event: Event, **values: Any) -> None:
        self.assertIs(event, TELEMETRY_OTEL_ERROR)
        self.told.append(values)

    def note(self, login: str = "a") -> None:
        self.delivery.note(AUTH_FAILED, {"login": login})

    def sent(self) -> list[tuple[float, bytes]]:
        return [(moment - 1000, content) for moment, _, content in self.sender.sent]

    def close(self) -> Deferred[None]:
        return Deferred.fromCoroutine(self.delivery.close())


class RoundTests(DeliveryCase):
    def test_the_first_round_is_soon_and_the_next_after_the_throttle(self) -> None:
        self.note("a")
        self.assertEqual(self.sent(), [])
        self.clock.advance(0)
        self.note("b")
        self.clock.advance(0.5)
        self.note("c")
        self.clock.advance(0.5)
        self.assertEqual(self.sent(), [(0, b"a"), (1, b"b,c")])
        self.clock.advance(60)
        self.assertEqual((len(self.sent()), self.clock.getDelayedCalls()), (2, []))

    def test_spans_go_first_and_in_the_same_round(self) -> None:
        self.delivery.note(HTTP_CONNECTION_START, {"spanId": 5, "login": "x"})
        self.delivery.note(HTTP_CONNECTION_END, {"spanId": 5, "login": "y"})
        self.clock.advance(0)
        self.assertEqual([(s, c) for _, s, c in self.sender.sent], [("traces", b"http.connection"), ("logs", b"x,y")])

    def test_headers_are_read_for_each_round(self) -> None:
        self.headers = lambda: {"A": "1"}
        self.note()
        self.clock.advance(0)
        self.assertEqual(self.sender.headers, {"A": "1"})
        self.headers = lambda: {"A": "2"}
        self.note()
        self.clock.advance(1)
        self.assertEqual(self.sender.headers, {"A": "2"})

    def test_a_round_that_lasts_is_not_joined_by_another(self) -> None:
        slow: Deferred[bytes] = Deferred()
        self.sender.outcomes.append(slow)
        self.note("a")
        self.clock.advance(0)
        self.note("b")
        self.clock.advance(20)
        self.assertEqual(self.sent(), [(0, b"a")])
        slow.callback(b"")
        self.clock.advance(0)
        self.assertEqual(self.sent(), [(0, b"a"), (20, b"b")])


class FailureTests(DeliveryCase):
    def fail(self, *outcomes: Outcome) -> None:
        self.sender.outcomes.extend(outcomes)
        self.note("a")
        self.clock.advance(0)

    def test_sent_again_after_pauses_that_double(self) -> None:
        self.fail(*[SendFailed("down", again=True)] * 8)
        for _ in range(200):
            self.clock.advance(1)
        moments = [moment for moment, _ in self.sent()]
        self.assertEqual(
            moments, [0, 1, 3, 7, 15, 31, 31 + LONGEST_PAUSE, 31 + 2 * LONGEST_PAUSE, 31 + 3 * LONGEST_PAUSE]
        )
        self.assertEqual({content for _, content in self.sent()}, {b"a"})
        self.assertEqual(self.delivery.lost, 0)

    def test_sent_again_when_the_collector_says(self) -> None:
        self.fail(SendFailed("busy", again=True, wait=40))
        self.note("b")
        self.clock.advance(39.9)
        self.assertEqual(len(self.sent()), 1)
        self.clock.advance(0.1)
        self.clock.advance(1)
        self.assertEqual(self.sent(), [(0, b"a"), (40, b"a"), (41, b"b")])

    def test_never_sooner_than_the_throttle(self) -> None:
        self.new(throttle=5)
        self.fail(SendFailed("busy", again=True, wait=0))
        self.clock.advance(4.9)
        self.assertEqual(len(self.sent()), 1)
        self.clock.advance(0.1)
        self.assertEqual(len(self.sent()), 2)

    def test_what_is_refused_is_lost(self) -> None:
        self.fail(SendFailed("it answers with status 400", again=False))
        self.note("b")
        self.clock.advance(1)
        self.assertEqual(self.sent(), [(0, b"a"), (1, b"b")])
        self.assertEqual(self.told, [{"url": "http://c", "reason": "it answers with status 400", "dropped": 1}])

    def test_given_up_after_a_while(self) -> None:
        self.fail(*[SendFailed("down", again=True)] * 100)
        for _ in range(int(LONGEST_TRIAL + LONGEST_PAUSE)):
            self.clock.advance(1)
        self.sender.outcomes.clear()
        self.note("b")
        for _ in range(int(LONGEST_PAUSE)):
            self.clock.advance(1)
        self.assertEqual(self.sent()[-1][1], b"b")
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_told_once_a_minute(self) -> None:
        self.fail(*[SendFailed("down", again=True)] * 100)
        for _ in range(int(QUIET)):
            self.clock.advance(1)
        self.assertEqual(len(self.told), 1)
        for _ in range(int(QUIET)):
            self.clock.advance(1)
        self.assertEqual(len(self.told), 2)

    def test_a_secret_that_cannot_be_read(self) -> None:
        def unreadable() -> Mapping[str, str]:
            raise Unreadable("the file is not text")

        self.headers = unreadable
        self.fail()
        self.assertEqual(self.told[0]["reason"], "httpAuth: the file is not text")
        self.headers = dict
        self.clock.advance(1)
        self.assertEqual(self.sent(), [(1, b"a")])

    def test_a_fault_of_ours_is_told_and_ends_nothing(self) -> None:
        self.fail(KeyError("x"))
        self.assertEqual(self.told[0]["reason"], "KeyError: 'x'")
        self.note("b")
        self.clock.advance(1)
        self.clock.advance(1)
        self.assertEqual(self.sent()[-1][1], b"b")

    def test_a_part_that_was_refused(self) -> None:
        answer = ExportLogsServiceResponse()
        answer.partial_success.rejected_log_records = 4
        answer.partial_success.error_message = "old"
        self.fail(answer.SerializeToString())
        self.assertEqual(self.told, [{"url": "http://c", "reason": "it has refused some: old", "dropped": 4}])

    def test_too_many_records(self) -> None:
        for _ in range(MOST + 2):
            self.note()
        self.clock.advance(0)
        self.assertEqual(self.told[0]["dropped"], 2)

    def test_who_may_lose_records_is_not_told_of_it(self) -> None:
        self.new(tells_losses=False)
        for _ in range(MOST + 2):
            self.note()
        self.clock.advance(0)
        self.assertEqual((self.told, self.delivery.lost), ([], 2))


class EndTests(DeliveryCase):
    def test_what_waits_is_sent(self) -> None:
        self.note("a")
        self.clock.advance(0)
        self.note("b")
        self.successResultOf(self.close())
        self.assertEqual((self.sent(), self.sender.closed), ([(0, b"a"), (0, b"b")], True))
        self.assertEqual((self.told, self.clock.getDelayedCalls()), ([], []))

    def test_a_round_under_way_and_one_more(self) -> None:
        slow: Deferred[bytes] = Deferred()
        self.sender.outcomes.append(slow)
        self.note("a")
        self.clock.advance(0)
        self.note("b")
        closing = self.close()
        self.assertNoResult(closing)
        slow.callback(b"")
        self.successResultOf(closing)
        self.assertEqual([content for _, content in self.sent()], [b"a", b"b"])

    def test_not_for_long(self) -> None:
        self.sender.outcomes.append(Deferred())
        self.note("a")
        self.clock.advance(0)
        self.note("b")
        closing = self.close()
        self.clock.advance(PATIENCE)
        self.successResultOf(closing)
        self.assertTrue(self.sender.closed)
        self.assertEqual([each["dropped"] for each in self.told], [2])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_not_to_a_collector_that_is_down(self) -> None:
        self.sender.outcomes.append(SendFailed("down", again=True))
        self.note("a")
        self.clock.advance(0)
        self.successResultOf(self.close())
        self.assertEqual((len(self.sent()), self.clock.getDelayedCalls()), (1, []))

    def test_without_anything_to_do(self) -> None:
        self.successResultOf(self.close())
        self.assertEqual((self.sent(), self.sender.closed), ([], True))
