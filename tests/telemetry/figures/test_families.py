"""Figures by name: what is counted, measured and found out, alone and of several processes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.monitoring.counter_names import GAUGES, HISTOGRAMS
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import Level, declared_events
from stalwart.telemetry.figures import families as module
from stalwart.telemetry.figures.families import COLLECTORS, COUNTED, Buckets, Family, Parts, families
from stalwart.telemetry.figures.gauges import BETWEEN
from stalwart.telemetry.measures import HTTP_REQUEST_DURATION, HTTP_REQUESTS, TASKS_WAITING, declared_measures


def broken(parts: Parts) -> Iterator[Family]:
    yield Family("stalwart_x", "gauge", "X", (({}, 1.0),))
    raise ValueError("no figures today")


class FamiliesTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.telemetry = Telemetry(threshold=Level.ERROR + 1)  # type: ignore[arg-type]
        self.parts = Parts(self.telemetry)

    def found(self) -> dict[str, Family]:
        return {each.name: each for each in families(self.parts)}

    def test_every_declared_event_has_a_counter(self) -> None:
        found = {each.id for each in families(self.parts) if each.kind == "counter"} - {None}
        self.assertEqual(found, {event.id for event in declared_events()})
        self.assertGreater(len(found), 60)

    def test_nothing_without_proc(self) -> None:
        self.patch(module.os, "getpid", lambda: 2**22 + 1)
        self.assertEqual(list(module.processes(self.parts)), [])

    def test_collector_that_fails_is_left_out_and_told_of(self) -> None:
        told: list[tuple[str, Any]] = []
        self.telemetry.observe(lambda event, keys: told.append((event.id, keys["reason"])))
        found = [each.name for each in families(self.parts, (broken, *COLLECTORS))]
        self.assertNotIn("stalwart_x", found)
        self.assertIn("stalwart_build_info", found)
        self.assertEqual(told, [("telemetry.prometheus-exporter-error", "broken: ValueError: no figures today")])

    def test_names_of_the_reference_are_its_own(self) -> None:
        self.assertLessEqual(set(COUNTED) | set(BETWEEN), set(GAUGES))
        measured = {each.id for each in declared_measures()} - {None}
        self.assertLessEqual(measured, set(HISTOGRAMS))

    def test_what_is_measured(self) -> None:
        requests = self.telemetry.series(HTTP_REQUESTS, "GET", "/x", "200")
        requests.add(2)
        self.telemetry.series(HTTP_REQUEST_DURATION, "GET", "/x").observe_in(9, 0.02, 5.0, requests)
        found = self.found()
        labels = {"method": "GET", "route": "/x", "code": "200"}
        self.assertEqual(found["stalwart_http_requests"].samples, [(labels, 3.0)])
        ((labels, value),) = found["stalwart_http_request_duration_seconds"].samples
        assert isinstance(value, Buckets)
        self.assertEqual((labels, value.count, value.sum), ({"method": "GET", "route": "/x"}, 1, 0.02))
        self.assertEqual([each for each in value.exemplars if each], [(9, 0.02, 5.0)])

    def test_what_has_no_labels_is_there_from_the_beginning(self) -> None:
        found = self.found()
        self.assertEqual(found[f"stalwart_{TASKS_WAITING.name}"].samples, [({}, 0.0)])
        ((_, value),) = found["stalwart_http_connection_duration_seconds"].samples
        assert isinstance(value, Buckets)
        self.assertEqual((value.count, len(value.counts)), (0, len(value.bounds) + 1))
        self.assertEqual(found["stalwart_http_requests"].samples, [])
