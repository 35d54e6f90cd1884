"""Settings of the front, compiled."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import Level
from stalwart.web.front import Front, read_front
from tests.web.fakes import FakeSettings


class FrontTests(SynchronousTestCase):
    """``read_front``."""

    def setUp(self) -> None:
        self.telemetry = Telemetry(threshold=Level.ERROR + 1)  # type: ignore[arg-type]

    def front(self, mode: Any = "normal", **http: Any) -> Front:
        return read_front(FakeSettings(Http=http), mode, self.telemetry)

    def test_defaults_cost_nothing(self) -> None:
        front = self.front()
        self.assertEqual((front.rule, front.added.text, front.use_forwarded), (None, "", False))
        self.assertEqual((front.header_timeout, front.body_timeout, front.idle_timeout), (30, 60, 60))
        self.assertEqual(front.max_concurrent, 4)

    def test_http_2_can_be_switched_off(self) -> None:
        self.assertTrue(self.front().http2)
        self.assertFalse(self.front(http2=False).http2)

    def test_time_outs_are_at_least_a_second(self) -> None:
        self.assertEqual(self.front(headerTimeout=5).header_timeout, 1)

    def test_the_later_header_of_a_name_wins(self) -> None:
        headers = {"strict-transport-security": "max-age=1", "Access-Control-Allow-Origin": "https://x.example"}
        text = self.front(responseHeaders=headers, usePermissiveCors=True, enableHsts=True).added.text
        self.assertEqual(text.lower().count("strict-transport-security"), 1)
        self.assertIn("Access-Control-Allow-Origin: *\r\n", text)
        self.assertIn("max-age=31536000; includeSubDomains", text)

    def test_one_header_that_frames_messages_drops_the_list(self) -> None:
        front = self.front(responseHeaders={"X-Good": "a", "Transfer-Encoding": "chunked"})
        self.assertEqual(front.added.text, "")
        self.assertEqual(self.telemetry.counters["resource.bad-parameters"], 1)

    def test_recovery_has_no_limits_and_open_cors(self) -> None:
        front = self.front("recovery", allowedEndpoints={"else": "404"})
        self.assertEqual((front.anonymous, front.authenticated, front.max_concurrent, front.rule), (None,) * 4)
        self.assertTrue(front.permissive_cors)
        self.assertFalse(front.scan_paths.matches("/x.php"))
