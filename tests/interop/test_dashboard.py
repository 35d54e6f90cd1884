"""The dashboard over a real Prometheus that scrapes a demo: every panel has something to show, and it can be drawn."""

from __future__ import annotations

import struct
import time

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.etc.grafana import Panel, panels
from tests.interop import browser, prometheus
from tests.interop.dashboard_page import Line, Span, clock_ticks, page, shown, ticks
from tests.interop.dashboard_picture import Demo, picture

SECONDS = 25.0
QUIET = {"Server errors", "Errors", "Telemetry", "Bans and refusals", "Running or waiting in the store", "Search index"}
"""Panels that may be at 0 for so long: of a server that is well they are."""
PNG = b"\x89PNG\r\n\x1a\n"


class DashboardTests(SynchronousTestCase):
    def test_every_panel_has_data(self) -> None:
        reason = prometheus.missing()
        if reason:
            raise SkipTest(reason)
        demo = Demo(interval=1)
        self.addCleanup(demo.close)
        span = demo.run(SECONDS)
        lines = {panel.title: demo.lines(panel, span) for panel in panels() if panel.kind != "row"}
        demo.crowd.stop()
        self.assertEqual([title for title, found in lines.items() if not found], [])
        self.assertEqual(demo.crowd.problems, [])
        self.assertEqual([title for title, found in lines.items() if "" in {line.name for line in found}], [])
        moved = {title for title, found in lines.items() if any(max(line.values.values()) > 0 for line in found)}
        still = lines.keys() - moved
        self.assertLessEqual(still, QUIET)
        self.assertEqual([line.name for line in lines["Errors"] if any(line.values.values())], [])
        # each worker has exemplars of its own, so that the next scrape may have older ones: they are left out
        complaints = [line for line in demo.prometheus.log.splitlines() if "out-of-order exemplars" not in line]
        self.assertEqual(complaints, [])


class DrawingTests(SynchronousTestCase):
    span = Span(1000.0, 1060.0, 10.0)

    def panel(self, kind: str = "timeseries", **custom: object) -> Panel:
        return Panel(kind, "A & B", "", {"x": 0, "y": 0, "w": 8, "h": 8}, (), {"unit": "s", "custom": custom}, {})

    def drawn(self, panel: Panel, *lines: Line) -> str:
        return page("title", "note", [panel], {0: lines}, self.span)

    def line(self, *values: float) -> Line:
        moments = self.span.moments()
        return Line("<one>", {moment: value for moment, value in zip(moments, values, strict=False) if value >= 0})

    def test_names_are_escaped(self) -> None:
        html = self.drawn(self.panel(), self.line(1, 2))
        self.assertIn("A &amp; B", html)
        self.assertIn("&lt;one&gt;", html)
        self.assertNotIn("<one>", html)

    def test_gaps_are_left_open(self) -> None:
        whole = self.drawn(self.panel(), self.line(1, 2, 3, 4))
        broken = self.drawn(self.panel(), self.line(1, 2, -1, 3, 4))
        self.assertEqual((whole.count('stroke-width="1.3"'), broken.count('stroke-width="1.3"')), (1, 2))

    def test_stacked_lines_stand_on_each_other(self) -> None:
        stacked = self.drawn(self.panel(stacking={"mode": "normal"}), self.line(1, 1), self.line(1, 1))
        self.assertIn(">2 s<", stacked)

    def test_bars_and_no_data(self) -> None:
        self.assertEqual(self.drawn(self.panel(drawStyle="bars"), self.line(1, 0, 2)).count("<rect"), 2)
        self.assertIn("no data", self.drawn(self.panel()))
        self.assertIn("no data", self.drawn(self.panel("stat")))

    def test_values_with_units(self) -> None:
        cases = [
            (0.0052, "s", "5.2 ms"),
            (90.0, "s", "90 s"),
            (7_776_000.0, "s", "12.9 weeks"),
            (300 * 2**20, "bytes", "300 MiB"),
            (0.123, "percentunit", "12.3 %"),
            (1234.0, "reqps", "1.2 k req/s"),
            (3.0, "short", "3"),
            (float("nan"), "s", "-"),
        ]
        self.assertEqual([shown(value, unit) for value, unit, _ in cases], [text for _, _, text in cases])

    def test_ticks_are_round(self) -> None:
        self.assertEqual(ticks(0, 10), [0, 2.5, 5, 7.5, 10])
        self.assertEqual(ticks(0, 0), [0, 0.25, 0.5, 0.75, 1])
        self.assertEqual(clock_ticks(Span(1000.0, 1060.0, 1.0)), [1000, 1010, 1020, 1030, 1040, 1050, 1060])

    def test_picture(self) -> None:
        reason = browser.missing()
        if reason:
            raise SkipTest(reason)
        began = time.monotonic()
        made = picture(self.drawn(self.panel(), self.line(1, 2, 3)))
        self.assertEqual(made[:8], PNG)
        width, height = struct.unpack(">II", made[16:24])
        self.assertEqual((width, height > 300), (1680, True))
        self.assertLess(time.monotonic() - began, 60)
