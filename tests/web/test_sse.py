"""Event streams: frames, keep-alives, clients that leave or do not read."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.web.answers import KEEP_ALIVE
from stalwart.web.sse import PATIENCE, QUEUE_BYTES
from tests.web.client import BASIC_ALICE, Connected, Server, request_bytes, serve
from tests.web.routes import ALL, Desk

COMMENT = b"e\r\n: keep-alive\n\n\r\n"


class StreamTests(SynchronousTestCase):
    """One stream on one connection."""

    def setUp(self) -> None:
        self.desk = Desk()
        self.server: Server = serve(ALL, {"desk": self.desk})
        self.connected: Connected = self.server.connect()

    def open(self, path: str = "/api/live/delivery/x", headers: dict[str, str] | None = BASIC_ALICE) -> None:
        self.connected.send(request_bytes("GET", path, headers))

    def after(self, seconds: float) -> None:
        for _ in range(int(seconds)):
            self.server.clock.advance(1)

    def test_the_head_is_exact(self) -> None:
        self.open()
        response = self.connected.response()
        expected = [
            ("Content-Type", "text/event-stream"),
            ("Cache-Control", "no-store"),
            ("Transfer-Encoding", "chunked"),
        ]
        self.assertEqual((response.status, response.fields[:-1]), (200, expected))

    def test_frames_leave_as_they_are_sent(self) -> None:
        self.open()
        self.assertTrue(self.connected.received().endswith(b"\r\n\r\nd\r\ndata: begun\n\n\r\n"))
        self.desk.sends[0](b"data: x\n\n")
        self.assertEqual(self.connected.received(), b"9\r\ndata: x\n\n\r\n")

    def test_the_end_of_the_coroutine_ends_the_body_and_the_connection_goes_on(self) -> None:
        self.open()
        self.connected.received()
        self.desk.waiting[0].callback(None)
        self.assertEqual(self.connected.received(), b"c\r\ndata: over\n\n\r\n0\r\n\r\n")
        self.connected.send(request_bytes("GET", "/open"))
        self.assertEqual(self.connected.response().status, 200)

    def test_silence_is_filled_with_comments(self) -> None:
        self.open()
        self.connected.received()
        self.after(KEEP_ALIVE + 1)
        self.assertEqual(self.connected.received(), COMMENT)
        self.after(KEEP_ALIVE + 1)
        self.assertEqual(self.connected.received(), COMMENT)

    def test_a_talkative_stream_needs_no_comments(self) -> None:
        self.open()
        for _ in range(20):
            self.after(2)
            self.desk.sends[0](b"data: x\n\n")
        self.assertNotIn(COMMENT, self.connected.received())

    def test_a_stream_outlives_the_idle_time_out(self) -> None:
        self.open()
        self.after(300)
        self.assertFalse(self.connected.ended())

    def test_a_client_that_leaves_cancels_the_coroutine_at_once(self) -> None:
        self.open()
        self.connected.lose()
        self.assertEqual((self.desk.cancelled, len(self.server.site.streams)), (1, 0))

    def test_a_half_closed_client_has_left(self) -> None:
        self.open()
        self.connected.channel.readConnectionLost()
        self.assertTrue(self.connected.wire.aborted)

    def test_late_frames_are_dropped_silently(self) -> None:
        self.open()
        self.connected.lose()
        self.connected.received()
        self.desk.sends[0](b"data: late\n\n")
        self.assertEqual(self.connected.received(), b"")

    def test_a_client_that_does_not_read_for_a_while_misses_nothing(self) -> None:
        self.open()
        self.connected.received()
        self.connected.channel.pauseProducing()
        for _ in range(3):
            self.desk.sends[0](b"data: x\n\n")
        self.assertEqual(self.connected.received(), b"")
        self.connected.channel.resumeProducing()
        self.assertEqual(self.connected.received(), b"9\r\ndata: x\n\n\r\n" * 3)

    def test_the_end_waits_until_the_client_reads_again(self) -> None:
        self.open()
        self.connected.received()
        self.connected.channel.pauseProducing()
        self.desk.waiting[0].callback(None)
        self.assertEqual(len(self.server.site.streams), 1)
        self.connected.channel.resumeProducing()
        self.assertTrue(self.connected.received().endswith(b"0\r\n\r\n"))
        self.assertEqual(len(self.server.site.streams), 0)

    def test_a_client_that_never_reads_is_dropped(self) -> None:
        self.open()
        self.connected.channel.pauseProducing()
        for _ in range(QUEUE_BYTES // 1000 + 1):
            self.desk.sends[0](b"x" * 1000)
        self.assertTrue(self.connected.wire.aborted)
        self.assertIn("http.stream-dropped", self.server.event_ids())
        self.connected.lose()
        self.assertEqual((self.desk.cancelled, len(self.server.site.streams)), (1, 0))

    def test_whoever_can_wait_is_told_when_the_client_reads_again(self) -> None:
        self.open()
        send = self.desk.sends[0]
        self.successResultOf(send.ready())
        self.connected.channel.pauseProducing()
        waiting = send.ready()
        self.assertNoResult(waiting)
        self.connected.channel.resumeProducing()
        self.successResultOf(waiting)

    def test_it_is_not_told_while_what_was_queued_fills_the_transport_again(self) -> None:
        self.open()
        send, channel = self.desk.sends[0], self.connected.channel
        channel.pauseProducing()
        send(b"data: x\n\n")
        waiting = send.ready()
        write = channel.stream_write
        self.patch(channel, "stream_write", lambda data: (write(data), channel.pauseProducing()))
        channel.resumeProducing()
        self.assertNoResult(waiting)
        channel.resumeProducing()
        self.successResultOf(waiting)

    def test_after_the_end_nobody_waits(self) -> None:
        self.open()
        send = self.desk.sends[0]
        self.connected.channel.pauseProducing()
        self.connected.lose()
        self.successResultOf(send.ready())

    def test_client_that_does_not_read_gets_no_comments_and_is_dropped_in_the_end(self) -> None:
        self.open()
        self.connected.received()
        self.connected.channel.pauseProducing()
        self.after(PATIENCE)
        self.assertFalse(self.connected.wire.aborted)
        self.after(KEEP_ALIVE + 1)
        self.assertTrue(self.connected.wire.aborted)
        self.assertEqual(self.server.event_ids().count("http.stream-dropped"), 1)

    def test_stream_that_is_over_does_not_wait_for_ever_for_its_client(self) -> None:
        self.open()
        self.connected.channel.pauseProducing()
        self.desk.waiting[0].callback(None)
        self.after(PATIENCE + KEEP_ALIVE + 1)
        self.assertTrue(self.connected.wire.aborted)

    def test_a_coroutine_that_fails_breaks_the_stream_off(self) -> None:
        self.open()
        self.connected.received()
        self.desk.waiting[0].errback(RuntimeError("no more paper"))
        self.assertEqual((self.connected.received(), self.connected.wire.aborted), (b"", True))
        self.assertIn("resource.error", self.server.event_ids())

    def test_head_gets_the_head_and_runs_nothing(self) -> None:
        self.connected.send(request_bytes("HEAD", "/events"))
        self.assertEqual(self.connected.response("HEAD").headers["content-type"], "text/event-stream")
        self.assertEqual(self.desk.sends, [])
        self.connected.send(request_bytes("GET", "/open"))
        self.assertEqual(self.connected.response().status, 200)

    def test_http_1_0_gets_plain_frames_until_the_end(self) -> None:
        self.connected.send(b"GET /events HTTP/1.0\r\n\r\n")
        self.assertEqual(self.connected.response().headers["connection"], "close")
        self.desk.sends[0](b"data: x\n\n")
        self.desk.waiting[0].callback(None)
        self.assertEqual((self.connected.received(), self.connected.wire.disconnecting), (b"data: x\n\n", True))

    def test_requests_behind_a_stream_are_bounded(self) -> None:
        self.open()
        self.connected.send(b"x" * 20000)
        self.assertTrue(self.connected.wire.aborted)

    def test_a_request_behind_a_stream_is_served_after_it(self) -> None:
        self.open("/events", None)
        self.connected.send(request_bytes("GET", "/open"))
        self.connected.received()
        self.desk.waiting[0].callback(None)
        self.assertTrue(self.connected.received().endswith(b"hello"))

    def test_settings_put_their_headers_on_streams(self) -> None:
        self.server.settings.change(Http={"usePermissiveCors": True})
        self.open()
        self.assertEqual(self.connected.response().headers["access-control-allow-origin"], "*")
