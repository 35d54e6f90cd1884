"""A real Prometheus scrapes a real daemon, and what it has counted is what was asked for; promtool reads both namings.

``SOAK=1`` scrapes for ten minutes instead of a quarter of one.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import socket
import threading
import time
from collections import Counter
from typing import Any

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.etc.grafana import RULES
from tests.interop.prometheus import Prometheus, missing, promtool
from tests.live.crew import Client, Crew
from tests.live.daemon import ADMIN, ENDED, LOOPBACK, basic, new_folder
from tests.live.people import USING, Administrator

DURATION = 600.0 if os.environ.get("SOAK") else 15.0
WINDOW = f"{min(60, int(DURATION))}s"
SCRAPER = ("scraper", "a long secret of the scraper")
WRONG = basic("nobody@example.org", "wrong")
METRICS = "/metrics/prometheus"
COUNTED = 'stalwart_http_requests_total{route!="/metrics/prometheus"}'
SETTLED = 0.2  # seconds until a daemon has noticed that its client is gone


def prometheus_settings(naming: str = "openmetrics", login: tuple[str, str] | None = None) -> dict[str, Any]:
    """The patch of x:Metrics."""
    enabled: dict[str, Any] = {"@type": "Enabled", "naming": naming}
    if login is not None:
        enabled |= {"authUsername": login[0], "authSecret": {"@type": "Value", "secret": login[1]}}
    return {"prometheus": enabled}


class PrometheusCase(SynchronousTestCase):
    maxDiff = None
    arguments: tuple[str, ...] = LOOPBACK

    def setUp(self) -> None:
        reason = missing()
        if reason:
            raise SkipTest(reason)
        self.folder = new_folder()
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.daemon = Crew.with_data(self.folder / "data", *self.arguments)
        self.addCleanup(self.daemon.close)
        self.admin = Administrator(self.daemon)
        # what is banned or refused is not answered, and cannot be counted
        never = {"authBanRate": None, "scanBanRate": None, "abuseBanRate": None, "loiterBanRate": None}
        self.admin.change("Security", never)
        self.admin.change("Http", {"rateLimitAnonymous": None, "rateLimitAuthenticated": None})

    def scrape(self, interval: float = 1, login: tuple[str, str] | None = SCRAPER) -> Prometheus:
        """A Prometheus that scrapes the daemon, once it has the first figures."""
        self.admin.change("Metrics", prometheus_settings(login=login))
        prometheus = Prometheus(self.folder, self.daemon.port, interval=interval, login=login, rules=[RULES])
        self.addCleanup(prometheus.stop)
        time.sleep(SETTLED)
        prometheus.scraped_since(time.time())
        return prometheus

    def assert_clean(self) -> None:
        """No traceback, and nothing that Prometheus has to complain of."""
        self.assertNotIn("Traceback", self.daemon.log + self.daemon.errors)


class Visitors:
    """Asks for this and that, and keeps account of it by route and code, and by JMAP method and outcome."""

    def __init__(self, port: int) -> None:
        self._client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.answers: Counter[tuple[str, ...]] = Counter()
        self.calls: Counter[tuple[str, ...]] = Counter()
        self._round = 0

    def ask(self, method: str, path: str, route: str, headers: dict[str, str], body: bytes | None = None) -> bytes:
        """One request."""
        self._client.request(method, path, body, headers)
        answer = self._client.getresponse()
        text = answer.read()
        self.answers[method, route, str(answer.status)] += 1
        return text

    def call(self, *calls: tuple[str, dict[str, Any], str]) -> None:
        """One JMAP request; of each call the outcome that it has to have."""
        body = {"using": USING, "methodCalls": [[name, given, str(n)] for n, (name, given, _) in enumerate(calls)]}
        headers = {**basic(*ADMIN), "Content-Type": "application/json"}
        self.ask("POST", "/jmap/", "/jmap/", headers, json.dumps(body).encode())
        for name, _, outcome in calls:
            self.calls[name, outcome] += 1

    def walk(self) -> None:
        """A dozen requests, not two rounds alike."""
        self._round += 1
        mine = basic(*ADMIN)
        for _ in range(1 + self._round % 3):
            self.ask("GET", "/healthz/live", "/healthz/live", {})
        self.ask("HEAD", "/healthz/live", "/healthz/live", {})
        self.ask("GET", "/robots.txt", "/robots.txt", {})
        self.ask("GET", "/api/account", "/api/account", mine)
        self.ask("GET", "/api/account", "/api/account", WRONG)
        self.ask("GET", f"/api/discover/somebody{self._round}@example.org", "/api/discover/<path:email>", {})
        self.call(("Core/echo", {"round": self._round}, "ok"), ("x:Domain/get", {"ids": []}, "ok"))
        if self._round % 2:
            self.call(("x:Domain/get", {"ids": 7}, "invalidArguments"))
            self.call(("x:Domain/query", {}, "ok"))

    def close(self) -> None:
        """Leave."""
        self._client.close()


def less(now: dict[tuple[str, ...], float], before: dict[tuple[str, ...], float]) -> dict[tuple[str, ...], float]:
    """What has come, without what is the same."""
    return {key: value - before.get(key, 0) for key, value in now.items() if value != before.get(key, 0)}


class CountingTests(PrometheusCase):
    """Scraped for a while: every request is counted, once."""

    def test_what_was_asked_is_what_is_counted(self) -> None:
        prometheus = self.scrape()
        before = self.figures(prometheus)
        visitors = [Visitors(self.daemon.port) for _ in range(3)]
        until = time.monotonic() + DURATION
        while time.monotonic() < until:
            for each in visitors:
                each.walk()
            time.sleep(0.25)
        prometheus.scraped_since(time.time())
        now = self.figures(prometheus)
        answers = sum((each.answers for each in visitors), Counter[tuple[str, ...]]())
        calls = sum((each.calls for each in visitors), Counter[tuple[str, ...]]())
        self.assertGreater(answers.total(), 10 * DURATION)
        self.assertEqual(less(now["answers"], before["answers"]), dict(answers))
        self.assertEqual(less(now["calls"], before["calls"]), dict(calls))
        by_route = Counter[tuple[str, ...]]()
        for (method, route, _), times in answers.items():
            by_route[method, route] += times
        self.assertEqual(less(now["durations"], before["durations"]), dict(by_route))
        by_method = Counter[tuple[str, ...]]()
        for (method, _), times in calls.items():
            by_method[(method,)] += times
        self.assertEqual(less(now["call durations"], before["call durations"]), dict(by_method))
        failed = sum(times for (_, route, code), times in answers.items() if (route, code) == ("/api/account", "401"))
        self.assertEqual(less(now["failed"], before["failed"]), {(): failed})
        self.check_connections(prometheus, visitors)
        self.check_scrapes(prometheus)
        self.assert_clean()

    def figures(self, prometheus: Prometheus) -> dict[str, dict[tuple[str, ...], float]]:
        """What it knows of the counters."""
        durations = 'stalwart_http_request_duration_seconds_count{route!="/metrics/prometheus"}'
        return {
            "answers": prometheus.values(COUNTED, "method", "route", "code"),
            "durations": prometheus.values(durations, "method", "route"),
            "calls": prometheus.values("stalwart_jmap_calls_total", "method", "outcome"),
            "call durations": prometheus.values("stalwart_jmap_call_duration_seconds_count", "method"),
            "failed": prometheus.values("stalwart_auth_failed_total"),
        }

    def check_connections(self, prometheus: Prometheus, visitors: list[Visitors]) -> None:
        """The visitors and the scraper itself; then the scraper alone."""
        self.assertEqual(prometheus.values("stalwart_http_active_connections"), {(): len(visitors) + 1})
        for each in visitors:
            each.close()
        time.sleep(SETTLED)
        prometheus.scraped_since(time.time())
        self.assertEqual(prometheus.values("stalwart_http_active_connections"), {(): 1})

    def check_scrapes(self, prometheus: Prometheus) -> None:
        """None failed, rates and quantiles can be had, and no alert has come of a server that is well."""
        (ups,) = prometheus.query("up[10m]")
        self.assertEqual({value for _, value in ups["values"]}, {"1"})
        self.assertGreater(len(ups["values"]), DURATION * 0.9)
        (p99,) = prometheus.values(
            f"histogram_quantile(0.99, sum by (le) (rate(stalwart_http_request_duration_seconds_bucket[{WINDOW}])))"
        ).values()
        self.assertTrue(0 < p99 < 10, p99)
        (per_second,) = prometheus.values(f"sum(rate(stalwart_http_requests_total[{WINDOW}]))").values()
        self.assertGreater(per_second, 5)
        self.assertEqual([alert for alert in prometheus.alerts() if alert["state"] == "firing"], [])
        self.assertEqual(prometheus.log, "")


class CrewTests(PrometheusCase):
    """Two workers are one server; one of them dies."""

    arguments = ("--workers", "2", *LOOPBACK)

    def test_sums_and_a_worker_that_dies(self) -> None:
        pids = self.daemon.wait_for_workers(2)
        prometheus = self.scrape()
        clients = [self.daemon.client(pid) for pid in pids]
        prometheus.scraped_since(time.time() + SETTLED)
        before = prometheus.values(COUNTED, "route", "code")
        self.visit(clients[0], 7)
        self.visit(clients[1], 11)
        prometheus.scraped_since(time.time())
        first = {("/api/account", "200"): 18.0, ("/jmap/", "200"): 18.0, ("/robots.txt", "200"): 18.0}
        self.assertEqual(less(prometheus.values(COUNTED, "route", "code"), before), first)
        calls = prometheus.values('stalwart_jmap_calls_total{method="Core/echo"}', "outcome")
        self.assertEqual(calls, {("ok",): 18.0})

        os.kill(pids[0], signal.SIGKILL)
        self.daemon.wait_for_workers(2, starts=3)
        self.visit(clients[1], 5)
        prometheus.scraped_since(time.time())
        later = {key: times + 5 for key, times in first.items()}
        self.assertEqual(less(prometheus.values(COUNTED, "route", "code"), before), later)
        (ended,) = prometheus.values("stalwart_server_worker_ended_total").values()
        self.assertEqual(ended, 1)
        (open_now,) = prometheus.values("stalwart_http_active_connections").values()
        self.assertIn(open_now, (1, 2))  # our second client, and the scraper unless its worker was the one
        self.assert_never_down(prometheus)
        for client in clients:
            client.close()
        self.assert_clean()

    def visit(self, client: Client, times: int) -> None:
        """The same three requests, so often."""
        for _ in range(times):
            client.get("/robots.txt", {})
            client.get("/api/account")
            client.call("Core/echo", {})

    def assert_never_down(self, prometheus: Prometheus) -> None:
        """No counter and no bucket, at any scrape."""
        name = "stalwart_.+_(total|count|bucket|sum)"
        found = prometheus.query(f'{{__name__=~"{name}"}}[10m]')
        self.assertGreater(len(found), 200)
        sunk = []
        for each in found:
            values = [float(value) for _, value in each["values"]]
            if values != sorted(values):
                sunk.append(each)
        self.assertEqual(sunk, [])


class EndTests(PrometheusCase):
    """Who scrapes while the server stops gets an answer, or none."""

    def test_scrape_during_shutdown(self) -> None:
        self.admin.change("Metrics", prometheus_settings())
        ended = threading.Event()
        outcomes: Counter[str] = Counter()

        def scrape() -> None:
            while not ended.is_set():
                try:
                    status, _, body = self.daemon.get(METRICS, {})
                    whole = status != 200 or body.endswith(b"\n")
                    outcomes[str(status) if whole else "part of an answer"] += 1
                except (OSError, http.client.HTTPException) as problem:
                    outcomes[type(problem).__name__] += 1
                    time.sleep(0.005)

        threads = [threading.Thread(target=scrape, daemon=True) for _ in range(4)]
        for each in threads:
            each.start()
        time.sleep(0.5)
        status, took = self.daemon.terminate()
        ended.set()
        for each in threads:
            each.join(30)
        self.assertIn(status, ENDED)
        self.assertLess(took, 10)
        self.assertGreater(outcomes["200"], 0)
        closed = {"ConnectionRefusedError", "ConnectionResetError", "RemoteDisconnected", "BrokenPipeError"}
        self.assertLessEqual(outcomes.keys(), {"200", "503"} | closed)
        self.assert_clean()


class BoundTests(PrometheusCase):
    """What strangers send makes no series."""

    def test_ten_thousand_paths(self) -> None:
        self.admin.change("Metrics", prometheus_settings())
        self.ask_for(["/warm/up", "/%00"], "GET")
        before = self.series()
        self.ask_for([f"/no/such/{number}" for number in range(9000)], "GET")
        self.ask_for([f"/api/discover/u{number}@example.org" for number in range(900)], "GET")
        self.ask_for([f"/%{number % 256:02x}/{number}" for number in range(100)], "GET")
        for number in range(200):
            self.ask_for(["/odd"], f"M{number}")
        for number in range(100):
            self.admin.request((f"No{number}/such", {}))
        status, _, body = self.daemon.get(METRICS, {})
        self.assertEqual(status, 200)
        counted = sum(map(float, re.findall(rb"^stalwart_http_requests_total\{.*\} (.+)$", body, re.M)))
        self.assertGreaterEqual(counted, 10_300)
        added = self.series() - before
        self.assertLess(len(added), 100, sorted(added)[:40])
        self.assertLess(len(body), 512 * 1024)
        self.assertEqual([each for each in (b"/such", b"example.org", b"M100") if each in body], [])
        self.assert_clean()

    def series(self) -> set[str]:
        """All samples without their values."""
        status, _, body = self.daemon.get(METRICS, {})
        self.assertEqual(status, 200)
        lines = body.decode().splitlines()
        return {line.rpartition(" ")[0] for line in lines if not line.startswith("#")}

    def ask_for(self, paths: list[str], method: str) -> None:
        """Requests on one connection, a hundred at once."""
        for first in range(0, len(paths), 100):
            some = paths[first : first + 100]
            with socket.create_connection(("127.0.0.1", self.daemon.port), timeout=30) as stream:
                asked = [f"{method} {path} HTTP/1.1\r\nHost: a\r\n" for path in some]
                asked[-1] += "Connection: close\r\n"
                stream.sendall("".join(f"{text}\r\n" for text in asked).encode())
                while stream.recv(65536):
                    pass


class ExpositionTests(PrometheusCase):
    """The text itself."""

    def test_promtool_reads_both_namings(self) -> None:
        visitors = Visitors(self.daemon.port)
        visitors.walk()
        visitors.close()
        lint = {}
        for naming in ("stalwart", "openmetrics"):
            self.admin.change("Metrics", prometheus_settings(naming))
            status, headers, body = self.daemon.get(METRICS, {})
            self.assertEqual((status, headers["content-type"]), (200, "text/plain; version=0.0.4"))
            lint[naming] = promtool("check", "metrics", standard_input=body)
        self.assertEqual(lint["openmetrics"], (0, ""))
        # lint, as the reference's names have neither prefix nor unit nor _total, but no error
        status, complaints = lint["stalwart"]
        self.assertEqual(status, 3, complaints)
        self.assertNotIn("error while linting", complaints)

    def test_names_of_the_reference_are_scraped(self) -> None:
        for _ in range(3):
            self.daemon.get("/api/account", WRONG)
        self.admin.change("Metrics", prometheus_settings("stalwart"))
        prometheus = Prometheus(self.folder, self.daemon.port)
        self.addCleanup(prometheus.stop)
        prometheus.scraped_since(time.time())
        self.assertEqual(prometheus.values("auth_failed"), {(): 3.0})
        (lasted,) = prometheus.values("http_request_time_count").values()
        self.assertGreater(lasted, 3)
        self.assertEqual(prometheus.values('http_request_time_bucket{le="+Inf"}'), {(): lasted})
        self.assertEqual(prometheus.values("stalwart_http_requests_total", "route", "code")["/api/account", "401"], 3)
        self.assertEqual(prometheus.log, "")

    def test_credentials(self) -> None:
        self.admin.change("Metrics", prometheus_settings(login=SCRAPER))
        self.assertEqual(self.daemon.get(METRICS, {})[0], 401)
        self.assertEqual(self.daemon.get(METRICS)[0], 401)
        prometheus = self.scrape()
        self.assertEqual(prometheus.target()["health"], "up")
        self.admin.change("Metrics", prometheus_settings(login=(SCRAPER[0], "another secret")))
        until = time.monotonic() + 20
        while prometheus.target()["health"] == "up" and time.monotonic() < until:
            time.sleep(0.1)
        self.assertIn("401", prometheus.target()["lastError"])

    def test_exemplars_by_openmetrics(self) -> None:
        prometheus = self.scrape()
        began = time.time()
        visitors = Visitors(self.daemon.port)
        for _ in range(5):
            visitors.walk()
        visitors.close()
        prometheus.scraped_since(time.time())
        found = prometheus.exemplars("stalwart_http_request_duration_seconds_bucket", began - 60, time.time() + 60)
        exemplars = [exemplar for series in found for exemplar in series["exemplars"]]
        self.assertTrue(exemplars, "no exemplar has come")
        for each in exemplars:
            self.assertRegex(each["labels"]["trace_id"], "^[0-9a-f]{32}$")
            self.assertGreater(float(each["value"]), 0)
        accepted = {"Accept": "application/openmetrics-text;version=1.0.0"}
        _, headers, body = self.daemon.get(METRICS, {**accepted, **basic(*SCRAPER)})
        self.assertIn("application/openmetrics-text", headers["content-type"])
        self.assertTrue(body.endswith(b"# EOF\n"))
        self.assert_clean()
