"""Events as the live trace shows them (telemetry 2)."""

from __future__ import annotations

import json
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.telemetry.events import (
    ACME_AUTH_START,
    DELIVERY_DIAGNOSIS_END,
    HTTP_CONNECTION_END,
    HTTP_CONNECTION_START,
    HTTP_REQUEST_URL,
    Event,
)
from stalwart.telemetry.tracing.wire import Recorder, Traced, batch

MOMENT = 1_795_219_425.9  # 2026-11-21T00:03:45
SPAN = 337195438092288001


def traced(event: Event, **values: Any) -> Traced:
    return Recorder().traced(event, values, MOMENT)


class EncodingTests(SynchronousTestCase):
    """One event."""

    def test_documented_example(self) -> None:
        values = {"listenerId": "https", "localPort": 443, "remoteIp": "192.0.2.7", "remotePort": 51724}
        self.assertEqual(
            traced(HTTP_CONNECTION_START, **values, spanId=SPAN).encoded.decode(),
            '{"event":"http.connection-start","timestamp":"2026-11-21T00:03:45Z","keyValues":{"0":{"key":"listenerId",'
            '"value":{"@type":"String","value":"https"}},"1":{"key":"localPort","value":{"@type":"UnsignedInt","value":'
            '443}},"2":{"key":"remoteIp","value":{"@type":"IpAddr","value":"192.0.2.7"}},"3":{"key":"remotePort",'
            '"value":{"@type":"UnsignedInt","value":51724}},"4":{"key":"spanId","value":{"@type":"UnsignedInt",'
            '"value":337195438092288001}}}}',
        )

    def test_durations_moments_and_what_is_absent(self) -> None:
        shown = json.loads(traced(HTTP_CONNECTION_END, elapsed=17, due=MOMENT, reason=None).encoded)
        values = [each["value"] for each in shown["keyValues"].values()]
        due = {"@type": "UTCDateTime", "value": "2026-11-21T00:03:45Z"}
        self.assertEqual(values, [{"@type": "Duration", "value": 17}, due])

    def test_it_is_one_line_whatever_is_in_it(self) -> None:
        encoded = traced(HTTP_REQUEST_URL, url="/a\r\nb\n\nc\u2028").encoded
        self.assertFalse({b"\r", b"\n"} & {encoded[i : i + 1] for i in range(len(encoded))})

    def test_long_values_are_cut(self) -> None:
        self.assertLess(len(traced(HTTP_REQUEST_URL, url="x" * 100_000).encoded), 5000)

    def test_the_second_is_written_anew_when_it_is_another(self) -> None:
        recorder = Recorder()
        found = [
            json.loads(recorder.traced(HTTP_REQUEST_URL, {}, MOMENT + more).encoded)["timestamp"][-3:]
            for more in (0, 0.05, 0.2)
        ]
        self.assertEqual(found, ["45Z", "45Z", "46Z"])

    def test_span_and_level_are_beside_it(self) -> None:
        event = traced(HTTP_REQUEST_URL, spanId=SPAN)
        self.assertEqual((event.id, event.level, event.span), ("http.request-url", 1, SPAN))
        self.assertIsNone(traced(HTTP_REQUEST_URL).span)

    def test_ends_of_spans(self) -> None:
        self.assertTrue(traced(HTTP_CONNECTION_START).begins_span)
        self.assertTrue(traced(HTTP_CONNECTION_END).ends_span)
        self.assertTrue(traced(DELIVERY_DIAGNOSIS_END).ends_span)
        other = traced(ACME_AUTH_START)
        self.assertEqual((other.begins_span, other.ends_span), (False, False))

    def test_needles_are_looked_for_in_the_values(self) -> None:
        event = traced(HTTP_CONNECTION_START, remoteIp="192.0.2.7", remotePort=51724)
        found = [event.subject.has("192.0.2"), event.subject.has_at("remoteIp", "2.7"), event.subject.has("51724")]
        self.assertEqual(found, [True, True, False])
        self.assertIs(event.subject, event.subject)

    def test_packed_and_unpacked_it_is_the_same(self) -> None:
        event = traced(HTTP_REQUEST_URL, url="/ü", spanId=SPAN)
        packed = json.loads(json.dumps(event.packed()))
        other = Traced.unpacked(packed)
        self.assertEqual(
            (other.id, other.level, other.span, other.encoded), (event.id, event.level, event.span, event.encoded)
        )

    def test_batch_is_a_list(self) -> None:
        encoded = traced(HTTP_REQUEST_URL).encoded
        self.assertEqual(len(json.loads(batch([encoded, encoded]))), 2)
