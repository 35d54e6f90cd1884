"""Makes the picture of the dashboard: a demo that people use, a real Prometheus, Chromium that shows its answers.

``python -m tests.interop.dashboard_picture FILE.png [SECONDS]``
"""

from __future__ import annotations

import math
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.etc.grafana import Panel, filled, panels
from tests.interop.browser import Browser
from tests.interop.dashboard_load import Crowd
from tests.interop.dashboard_page import WIDTH, Line, Span, page
from tests.interop.page_world import PageWorld
from tests.interop.prometheus import Prometheus
from tests.interop.test_jmap_clients import free_port

TITLE = "etc/grafana/stalwart.json, drawn without Grafana"
INTERVAL = 2
POINTS = 150


class Demo:
    """A demo of two workers with its crowd, scraped every ``interval`` seconds."""

    def __init__(self, interval: float = INTERVAL) -> None:
        self.interval = interval
        self._folder = Path(tempfile.mkdtemp(prefix="test-dashboard-"))
        self._prometheus: Prometheus | None = None
        tls_port = free_port()
        self.world = PageWorld("--workers", "2", "--http", f"tls:{tls_port}:interface=127.0.0.1")
        try:
            self.crowd = Crowd(self.world, tls_port, random.Random(7))
            self.crowd.prepare()
            self.prometheus = self._prometheus = Prometheus(self._folder, self.world.port, interval=interval)
            self.prometheus.scraped_since(time.time())
        except BaseException:
            self.close()
            raise
        self.began = time.time()

    def run(self, seconds: float) -> Span:
        """The crowd comes for so long; in the middle settings are read again, and a worker is killed."""
        self.crowd.start()
        time.sleep(seconds * 0.5)
        self.world.daemon.send_signal(signal.SIGHUP)
        time.sleep(seconds * 0.1)
        os.kill(self._workers()[0], signal.SIGKILL)
        time.sleep(seconds * 0.4)
        self.prometheus.scraped_since(time.time())
        step = max(self.interval, math.ceil(seconds / POINTS))
        start = math.ceil(self.began)
        return Span(start, start + (time.time() - start) // step * step, step)

    def lines(self, panel: Panel, span: Span) -> list[Line]:
        """What Prometheus answers for a panel."""
        step = f"{max(4 * self.interval, span.step + self.interval):.0f}s"
        found = []
        for target in panel.targets:
            for series in self.prometheus.query_range(filled(target.expression, step=step), *_bounds(span)):
                found.append(Line(target.named(series["metric"]), _values(series, span)))
        return [line for line in found if line.values]

    def close(self) -> None:
        """End everything."""
        if self._prometheus is not None:
            self._prometheus.stop()
        self.world.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _workers(self) -> list[int]:
        parent = self.world.daemon.pid
        return sorted(map(int, Path(f"/proc/{parent}/task/{parent}/children").read_text().split()))


def _bounds(span: Span) -> tuple[float, float, float]:
    return span.start, span.until, span.step


def _values(series: Mapping[str, Any], span: Span) -> dict[float, float]:
    """By the moments of ``span``; what is no number is left out."""
    moments = {round(moment, 3): moment for moment in span.moments()}
    pairs = ((round(float(moment), 3), float(text)) for moment, text in series["values"])
    return {moments[moment]: value for moment, value in pairs if moment in moments and value == value}


def show(demo: Demo, span: Span) -> tuple[bytes, list[str]]:
    """A picture of all panels, and the titles of those without a line."""
    all_panels = list(panels())
    lines: dict[int, Sequence[Line]] = {number: demo.lines(panel, span) for number, panel in enumerate(all_panels)}
    empty = [each.title for n, each in enumerate(all_panels) if each.kind != "row" and not lines[n]]
    note = f"{(span.until - span.start) / 60:.0f} minutes of a demo with two workers, scraped every {demo.interval:g} s"
    return picture(page(TITLE, note, all_panels, lines, span)), empty


def picture(html: str) -> bytes:
    """PNG of a page."""
    folder = Path(tempfile.mkdtemp(prefix="test-dashboard-"))
    browser = Browser()
    try:
        (folder / "page.html").write_text(html)
        height = int(re.findall(r'<main style="height:(\d+)px"', html)[0]) + 80
        browser.devtools(
            "Emulation.setDeviceMetricsOverride", width=WIDTH, height=height, deviceScaleFactor=1, mobile=False
        )
        browser.open((folder / "page.html").as_uri())
        return browser.picture()
    finally:
        browser.close()
        shutil.rmtree(folder, ignore_errors=True)


def main(path: Path, seconds: float) -> int:
    """0 if every panel has something to show."""
    demo = Demo()
    try:
        span = demo.run(seconds)
        drawn, empty = show(demo, span)
        demo.crowd.stop()
    finally:
        demo.close()
    path.write_bytes(drawn)
    for each in sorted(set(demo.crowd.problems)):
        print(each)
    print(f"{path}: {len(drawn)} bytes; without data: {', '.join(empty) or 'none'}")
    return 1 if empty else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 300.0))
