"""x:Metrics over JMAP: collectors without an address are refused."""

from __future__ import annotations

from stalwart.jmap.types.metrics import MetricsHandler
from tests.jmap.registry.world import RegistryWorld


class MetricsTests(RegistryWorld):
    def test_what_is_no_address(self) -> None:
        for endpoint in ("ftp://x", "http://u:secret@collector.example.test", "collector:4318"):
            for kind in ("Http", "Grpc"):
                patch = {"openTelemetry": {"@type": kind, "endpoint": endpoint}}
                refused = self.not_updated("Metrics", "singleton", **patch)
                self.assertEqual((refused["type"], refused["properties"]), ("invalidProperties", ["openTelemetry"]))

    def test_addresses(self) -> None:
        for told in ({"@type": "Http", "endpoint": "http://127.0.0.1:4318"}, {"@type": "Grpc"}, {"@type": "Disabled"}):
            self.update("Metrics", "singleton", openTelemetry=told)
            self.assertEqual(self.get("Metrics", "singleton")["openTelemetry"]["@type"], told["@type"])
        self.assertEqual(MetricsHandler.__name__, "MetricsHandler")
