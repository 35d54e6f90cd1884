"""The live trace over HTTP (telemetry 2): frames, parameters, who may come in, and readers that do not read."""

from __future__ import annotations

from typing import Any

from stalwart.api import tracing
from stalwart.directory.failures import LoginFailed
from stalwart.errors import Unauthenticated
from stalwart.telemetry.events import AUTH_MFA_REQUIRED, AUTH_SUCCESS, HTTP_REQUEST_URL
from stalwart.telemetry.tracing.subscriptions import MOST_EVENTS, Subscriptions
from tests.api.streaming import StreamingCase, events_of, named
from tests.web.client import Connected
from tests.web.fakes import FakeDirectory


class TracingCase(StreamingCase):
    """An open stream."""

    routes = (tracing.tracing, tracing.tracing_with_more)

    def setUp(self) -> None:
        super().setUp()
        self.services["subscriptions"].made = self.subscriptions = Subscriptions(self.telemetry, self.clock)

    def shown(self, connected: Connected) -> list[str]:
        """Ids of the events in what has come since the last time."""
        return [event["event"] for data in named(events_of(connected.received()), "trace") for event in data]


class FrameTests(TracingCase):
    """Frames and their moments."""

    def test_head_and_first_ping(self) -> None:
        self.begin("/api/live/tracing?level=error")
        headers = self.first.headers
        self.assertEqual((headers["content-type"], headers["cache-control"]), ("text/event-stream", "no-store"))
        self.assertIn(b'event: ping\ndata: {"interval": 30000}\n\n', self.first.body)

    def test_ping_every_30_seconds_without_events(self) -> None:
        connected = self.begin("/api/live/tracing?level=error")
        self.after(61)
        self.assertEqual(named(events_of(connected.received()), "ping"), [{"interval": 30000}] * 2)

    def test_events_within_a_second_in_one_frame(self) -> None:
        connected = self.begin("/api/live/tracing?events=auth.*")
        for number in range(3):
            self.telemetry.emit(AUTH_SUCCESS, accountId=number)
        self.assertEqual(connected.received(), b"")
        self.after(1)
        ((name, data),) = events_of(connected.received())
        self.assertEqual((name, len(data)), ("trace", 3))
        self.assertEqual(data[1]["keyValues"]["0"], {"key": "accountId", "value": {"@type": "UnsignedInt", "value": 1}})

    def test_each_event_is_sent_once(self) -> None:
        connected = self.begin("/api/live/tracing?events=auth.*")
        for _ in range(3):
            self.telemetry.emit(AUTH_SUCCESS)
            self.after(1)
        self.after(5)
        self.assertEqual(self.shown(connected), ["auth.success"] * 3)

    def test_at_most_one_frame_a_second(self) -> None:
        connected = self.begin("/api/live/tracing?events=auth.*")
        for _ in range(100):
            self.telemetry.emit(AUTH_SUCCESS)
            self.clock.advance(0.1)
        events = events_of(connected.received())
        self.assertTrue(9 <= len(events) <= 11, len(events))

    def test_many_events_are_several_frames(self) -> None:
        connected = self.begin("/api/live/tracing?events=auth.*")
        for _ in range(1000):
            self.telemetry.emit(AUTH_SUCCESS, login="alice@example.test")
        self.after(1)
        received = connected.received()
        events = events_of(received)
        self.assertGreater(len(events), 2)
        self.assertEqual(sum(len(data) for _, data in events), 1000)
        self.assertLess(len(received) / len(events), tracing.FRAME + 2000)

    def test_further_segments_are_ignored(self) -> None:
        self.assertEqual(self.answer("/api/live/tracing/x/y").status, 200)


class QueryTests(TracingCase):
    """Parameters, as far as the codec does not know."""

    def test_filters_in_any_case(self) -> None:
        connected = self.begin("/api/live/tracing?REMOTEip=192.0.2.7")
        self.telemetry.emit(AUTH_SUCCESS, remoteIp="192.0.2.7")
        self.telemetry.emit(AUTH_SUCCESS, remoteIp="192.0.2.8")
        self.after(1)
        self.assertEqual(self.shown(connected), ["auth.success"])

    def test_level(self) -> None:
        connected = self.begin("/api/live/tracing?level=trace&events=auth.mfa-*")
        self.telemetry.emit(AUTH_MFA_REQUIRED)
        self.after(1)
        self.assertEqual(self.shown(connected), ["auth.mfa-required"])

    def test_refusal_names_the_parameter_before_anything_of_the_stream(self) -> None:
        answer = self.answer("/api/live/tracing?level=loud")
        self.assertEqual((answer.status, answer.headers["content-type"]), (400, "application/problem+json"))
        self.assertIn("level", answer.json()["detail"])

    def test_its_own_request_is_not_a_loop(self) -> None:
        connected = self.begin("/api/live/tracing")
        self.after(100)
        self.assertEqual(self.shown(connected), [])


class AdmissionTests(TracingCase):
    """Who, and how many."""

    def test_without_credentials_401(self) -> None:
        self.assertEqual(self.answer("/api/live/tracing", {}).status, 401)

    def test_without_the_permission_403(self) -> None:
        self.server.directory.alice = FakeDirectory(("authenticate", "liveMetrics")).alice
        self.assertEqual(self.answer("/api/live/tracing").status, 403)

    def test_token_of_another_kind_403(self) -> None:
        self.assertEqual(self.answer("/api/live/tracing?token=live", {}).status, 403)

    def test_twenty_at_once_then_429_until_one_leaves(self) -> None:
        opened = [self.begin("/api/live/tracing") for _ in range(20)]
        refused = self.answer("/api/live/tracing")
        self.assertEqual((refused.status, refused.headers["retry-after"]), (429, "5"))
        opened[0].lose()
        self.assertEqual(self.answer("/api/live/tracing").status, 200)

    def test_streams_are_counted(self) -> None:
        opened = [self.begin("/api/live/tracing") for _ in range(2)]
        self.assertEqual(self.open_streams("tracing"), 2)
        for connected in opened:
            connected.lose()
        self.assertEqual(self.open_streams("tracing"), 0)

    def test_nothing_is_left_when_the_client_leaves(self) -> None:
        connected = self.begin("/api/live/tracing")
        self.telemetry.emit(AUTH_SUCCESS)
        connected.lose()
        self.assertEqual((self.subscriptions._groups, self.clock.getDelayedCalls()), ({}, []))
        self.assertEqual(len(self.telemetry._observers), 1)  # the test's own

    def test_stream_goes_on_when_other_accounts_change(self) -> None:
        connected = self.begin("/api/live/tracing?level=error")
        self.accounts.generation += 1
        self.after(31)
        self.assertEqual(len(events_of(connected.received())), 1)
        self.after(31)
        self.assertEqual(self.accounts.asked, [(7,)])

    def test_nothing_more_is_shown_to_whoever_has_lost_the_permission(self) -> None:
        connected = self.begin("/api/live/tracing?events=auth.*")
        self.accounts.permissions.discard("liveTracing")
        self.accounts.generation += 1
        self.telemetry.emit(AUTH_SUCCESS)
        self.after(1)
        self.assertEqual(connected.received(), b"0\r\n\r\n")
        self.assertEqual(self.subscriptions._groups, {})

    def test_stream_of_an_account_that_is_gone_ends(self) -> None:
        for problem in (Unauthenticated(), LoginFailed("address")):
            connected = self.begin("/api/live/tracing?level=error")
            self.accounts.problem = problem
            self.accounts.generation += 1
            self.after(31)
            self.assertEqual(connected.received()[-5:], b"0\r\n\r\n")

    def test_head_runs_nothing(self) -> None:
        connected = self.server.connect()
        connected.send(b"HEAD /api/live/tracing HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YWxpY2U6c2VjcmV0\r\n\r\n")
        self.assertEqual(connected.response("HEAD").status, 200)
        self.assertEqual((self.open_streams("tracing"), self.subscriptions._groups), (0, {}))
        connected.lose()


class SlowReaderTests(TracingCase):
    """Back-pressure."""

    def emit(self, count: int, **values: Any) -> None:
        for _ in range(count):
            self.telemetry.emit(HTTP_REQUEST_URL, **values)

    def test_nothing_is_sent_while_the_client_does_not_read(self) -> None:
        connected = self.begin("/api/live/tracing?events=http.*")
        connected.channel.pauseProducing()
        self.emit(100)
        self.after(100)
        self.assertEqual(connected.received(), b"")
        connected.channel.resumeProducing()
        self.assertEqual(len(self.shown(connected)), 100)

    def test_lost_events_are_told_before_those_after_the_gap(self) -> None:
        connected = self.begin("/api/live/tracing?events=http.*")
        connected.channel.pauseProducing()
        for _ in range(3):
            self.emit(MOST_EVENTS // 2)
            self.after(1)
        connected.channel.resumeProducing()
        self.after(2)
        events = events_of(connected.received())
        self.assertEqual(events[0], ("ping", {"interval": 30000, "dropped": MOST_EVENTS // 2}))
        self.assertEqual(sum(len(data) for data in named(events, "trace")), MOST_EVENTS)
        self.assertFalse(connected.wire.aborted)

    def test_stall_between_two_frames_of_a_flush(self) -> None:
        connected = self.begin("/api/live/tracing?events=http.*")
        self.emit(1000, url="/" + "x" * 100)
        write = connected.channel.stream_write
        held = [True]

        def write_and_stop(data: bytes) -> None:
            write(data)
            if held.pop() if held else False:
                connected.channel.pauseProducing()

        self.patch(connected.channel, "stream_write", write_and_stop)
        self.after(1)
        (first,) = named(events_of(connected.received()), "trace")
        self.emit(MOST_EVENTS)
        self.after(5)
        connected.channel.resumeProducing()
        self.after(2)
        events = events_of(connected.received())
        dropped = events[0][1]["dropped"]
        total = len(first) + sum(len(data) for data in named(events, "trace")) + dropped
        self.assertEqual(total, MOST_EVENTS + 1000)

    def test_number_is_told_again_with_each_ping(self) -> None:
        connected = self.begin("/api/live/tracing?level=error")
        self.subscriptions.receive((), 3)
        self.after(32)
        self.assertEqual(named(events_of(connected.received()), "ping"), [{"interval": 30000, "dropped": 3}] * 2)
