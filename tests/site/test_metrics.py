"""``/metrics/prometheus`` over the wire: whether it is there, who may have it, what it says."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.monitoring.metrics import Metrics
from stalwart.directory.hashing import SynchronousHashing
from stalwart.errors import Unavailable
from stalwart.site import metrics
from stalwart.telemetry import Telemetry
from stalwart.telemetry.figures.exposition import OPENMETRICS_TYPE
from stalwart.telemetry.figures.gathering import Figures
from tests.web.client import BASIC_ALICE, Response, Server, serve
from tests.web.fakes import FakeSettings

PATH = "/metrics/prometheus"
SECRET = {"@type": "Value", "secret": "päss:word"}
LOGIN = {"authUsername": "Scraper", "authSecret": SECRET}
BAD_FILE = {"@type": "File", "filePath": "/none/such"}


class MetricsSettings(FakeSettings):
    """With x:Metrics."""

    def __init__(self, wire: Mapping[str, Any], **others: Any) -> None:
        super().__init__(**others)
        self.metrics = Metrics.from_wire(dict(wire))

    def of(self, kind: type) -> Any:
        return self.metrics if kind is Metrics else super().of(kind)


class Certificates:
    def expiries(self) -> Mapping[str, float]:
        return {"mail.example.test": 1_900_000_000.0}


def basic(user: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{user}:{secret}".encode()).decode()}


class PrometheusTests(SynchronousTestCase):
    def serve(self, enabled: Mapping[str, Any] | None, **others: Any) -> Server:
        offered = {"prometheus": {"@type": "Enabled", **enabled}} if enabled is not None else {}
        settings = MetricsSettings({**offered, **others}, Http={"rateLimitAnonymous": {"count": 1, "period": 1000}})
        shown, self.clock = Telemetry(), Clock()
        self.counts: dict[str, int] | None = {"user.count": 3, "domain.count": 2}
        allows = settings.metrics.allows
        figures = Figures(shown, self.clock, self.count, allows, Certificates())
        services = {"hashing": SynchronousHashing(), "figures": figures, "settings": settings, "clock": self.clock}
        server = serve([metrics.prometheus], {**services, "telemetry": shown}, settings=settings)
        shown.counters = server.telemetry.counters  # the page shows what its own requests count
        shown.observe(lambda event, keys: server.events.append((event, keys)))
        return server

    async def count(self) -> Mapping[str, int]:
        if self.counts is None:
            raise Unavailable("The store is away.")
        return self.counts

    def get(self, server: Server, headers: Mapping[str, str] | None = None, method: str = "GET") -> Response:
        return server.request(method, PATH, headers)

    def test_nothing_is_there_unless_it_is_enabled(self) -> None:
        server = self.serve(None)
        answer = self.get(server)
        self.assertEqual((answer.status, answer.headers["content-type"]), (404, "application/problem+json"))
        self.assertEqual(self.get(server, method="POST").status, 404)
        self.assertEqual(server.banned, [])

    def test_figures(self) -> None:
        answer = self.get(self.serve({}))
        self.assertEqual((answer.status, answer.headers["content-type"]), (200, "text/plain; version=0.0.4"))
        lines = answer.body.decode().splitlines()
        self.assertIn("http_connection_start 1", lines)
        self.assertIn('stalwart_acme_certificate_expiry_timestamp_seconds{name="mail.example.test"} 1900000000', lines)
        self.assertNotIn("cache-control", answer.headers)
        self.assertIn("http_active_connections 1", lines)
        self.assertLessEqual({"user_count 3", "domain_count 2"}, set(lines))

    def test_store_that_fails_takes_nothing_else_away(self) -> None:
        server = self.serve({})
        self.counts = None
        answer = self.get(server)
        self.assertEqual(answer.status, 200)
        self.assertNotIn(b"user_count", answer.body)
        self.assertIn(b"http_connection_start 1", answer.body)
        self.assertIn("telemetry.prometheus-exporter-error", server.event_ids())

    def test_others_have_turns_while_thousands_of_lines_are_written(self) -> None:
        class Hurried(Clock):
            def seconds(self) -> float:
                self.rightNow += 0.0006
                return super().seconds()

        clock, turns = Hurried(), []
        self.patch(clock, "callLater", lambda seconds, work, value: turns.append(lambda: work(value)))
        joining = Deferred.fromCoroutine(metrics._joined([b"a"] * 10, clock))
        taken = 0
        while turns:
            self.assertNoResult(joining)
            turns.pop()()
            taken += 1
        self.assertEqual((self.successResultOf(joining), taken), (b"a" * 10, 5))

    def test_no_rate_limit(self) -> None:
        server = self.serve({})
        self.assertEqual({self.get(server).status for _ in range(20)}, {200})

    def test_head_and_others(self) -> None:
        server = self.serve({})
        head = self.get(server, method="HEAD")
        self.assertEqual((head.status, head.body), (200, b""))
        self.assertEqual(self.get(server, method="POST").status, 200)

    def test_openmetrics_if_it_is_asked_for(self) -> None:
        server = self.serve({"naming": "openmetrics"})
        answer = self.get(server, {"Accept": "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"})
        self.assertEqual(answer.headers["content-type"], OPENMETRICS_TYPE)
        self.assertTrue(answer.body.endswith(b"# EOF\n"))
        self.assertIn(b"\nstalwart_http_connection_start_total 1.0\n", answer.body)
        self.assertEqual(answer.headers["vary"].lower().count("accept"), 1)

    def test_selection_of_the_settings(self) -> None:
        named = {"metrics": {"auth.success": True}}
        body = self.get(self.serve({}, **named)).body
        self.assertNotIn(b"auth_success", body)
        self.assertIn(b"auth_failed 0", body)
        body = self.get(self.serve({}, **named, metricsPolicy="include")).body
        self.assertIn(b"auth_success 0", body)
        self.assertNotIn(b"auth_failed", body)
        self.assertIn(b"stalwart_build_info", body)

    def test_login(self) -> None:
        server = self.serve(LOGIN)
        self.assertEqual(self.get(server, basic("Scraper", "päss:word")).status, 200)
        exact = basic("Scraper", "päss:word")["Authorization"]
        self.assertEqual(self.get(server, {"Authorization": exact.replace("Basic", "bAsIc")}).status, 200)
        for headers in (
            {},
            BASIC_ALICE,
            {"Authorization": "Bearer key"},
            basic("scraper", "päss:word"),
            basic("Scraper", "päss:wor"),
            basic("Scraper", "päss:word "),
            basic("Scraper", ""),
            {"Authorization": "Basic !!!!"},
            {"Authorization": "Basic " + "A" * 5000},
            {"Authorization": "Basic " + b64encode(b"no colon").decode()},
            {"Authorization": "Basic"},
        ):
            answer = self.get(server, headers)
            self.assertEqual(
                (answer.status, answer.headers["content-type"]), (401, "application/problem+json"), headers
            )
        self.assertEqual(server.directory.asked, [])

    def test_guesses_are_told_of(self) -> None:
        server = self.serve(LOGIN)
        for headers in (basic("Scraper", "guess"), basic("Somebody", "guess")):
            self.get(server, headers)
        told = [keys["accountName"] for event, keys in server.events if event.id == "auth.failed"]
        self.assertEqual(told, ["Scraper", "Somebody"])

    def test_challenges(self) -> None:
        challenges = self.get(self.serve(LOGIN)).all("www-authenticate")
        self.assertEqual([each.split()[0] for each in challenges], ["Bearer", "Basic"])

    def test_secret_in_a_file(self) -> None:
        path = Path(self.mktemp())
        path.write_text("from a file\n")
        server = self.serve({**LOGIN, "authSecret": {"@type": "File", "filePath": str(path)}})
        self.assertEqual(self.get(server, basic("Scraper", "from a file")).status, 200)
        self.assertEqual(self.get(server, basic("Scraper", "other")).status, 401)

    def test_secret_that_cannot_be_read_opens_nothing(self) -> None:
        server = self.serve({**LOGIN, "authSecret": BAD_FILE})
        self.assertEqual(self.get(server, basic("Scraper", "")).status, 503)
        self.assertIn("resource.bad-parameters", server.event_ids())
        self.assertEqual(self.get(server, basic("Somebody", "")).status, 401)
