"""Where the server sends something: what can be no address, and credentials that stay with their host."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from stalwart.config.monitoring.webhook import WebHook
from stalwart.errors import Invalid
from stalwart.jmap.registry.destinations import ELSEWHERE, check_destination
from stalwart.jmap.registry.handler import Change
from tests.jmap.registry.world import ROOT, RegistryWorld

SECRET = {"@type": "Bearer", "bearerToken": {"@type": "Value", "secret": "s3cret"}}
MASKED = {"@type": "Bearer", "bearerToken": {"@type": "Value", "secret": "****"}}
HERE, THERE = "https://hook.example.test/a", "https://evil.example.test/a"


class DestinationTests(RegistryWorld):
    def hook(self, url: str = HERE, auth: dict[str, Any] | None = SECRET) -> Any:
        return WebHook.from_wire({"url": url, **({"httpAuth": auth} if auth else {})})

    def refused(self, data: dict[str, Any], former: Any, after: Any) -> tuple[str, ...]:
        try:
            check_destination(Change("update", "a", data=data), former, after, "url")
        except Invalid as problem:
            return problem.properties
        return ()

    def test_credentials_stay_with_their_host(self) -> None:
        before, moved = self.hook(), self.hook(THERE)
        self.assertEqual(self.refused({"url": THERE}, before, moved), ("httpAuth",))
        self.assertEqual(self.refused({"url": THERE, "httpAuth": MASKED}, before, moved), ("httpAuth",))
        self.assertEqual(self.refused({"url": THERE, "httpAuth": SECRET}, before, moved), ())
        token = {"url": THERE, "httpAuth/bearerToken": {"@type": "Value", "secret": "x"}}
        self.assertEqual(self.refused(token, before, moved), ())
        self.assertEqual(self.refused({"url": THERE, "httpAuth/username": "x"}, before, moved), ("httpAuth",))
        same = {"url": THERE, "httpAuth/bearerToken/@type": "Value"}
        self.assertEqual(self.refused(same, before, moved), ("httpAuth",))
        leaf = {"url": THERE, "httpAuth/bearerToken/secret": "new"}
        self.assertEqual(self.refused(leaf, before, moved), ())
        self.assertEqual(self.refused({"url": f"{HERE}/b"}, before, self.hook(f"{HERE}/b")), ())
        self.assertEqual(self.refused({"url": THERE}, self.hook(auth=None), self.hook(THERE, None)), ())
        self.assertEqual(self.refused({"url": THERE}, None, moved), ())

    def test_another_port_or_scheme_is_another_host(self) -> None:
        for url in ("https://hook.example.test:8443/a", "https://hook.example.test./a"):
            self.assertEqual(self.refused({"url": url}, self.hook(), self.hook(url)), ("httpAuth",), url)

    def test_over_jmap(self) -> None:
        hook = self.create("WebHook", url=HERE, httpAuth=SECRET)
        tracer = self.create("Tracer", **{"@type": "OtelHttp", "endpoint": HERE, "httpAuth": SECRET})
        told = {"@type": "Http", "endpoint": HERE, "httpAuth": SECRET}
        self.update("Metrics", "singleton", openTelemetry=told)
        self.who = evolve(ROOT, permissions=ROOT.permissions)
        for type, id, patch in (
            ("WebHook", hook, {"url": THERE}),
            ("Tracer", tracer, {"endpoint": THERE}),
            ("Metrics", "singleton", {"openTelemetry/endpoint": THERE}),
            ("Metrics", "singleton", {"openTelemetry": {**told, "endpoint": THERE, "httpAuth": MASKED}}),
        ):
            self.assertEqual(self.not_updated(type, id, **patch)["description"], ELSEWHERE, patch)
        self.update("WebHook", hook, url=THERE, httpAuth=SECRET)
        self.update("Metrics", "singleton", openTelemetry={**told, "endpoint": THERE})
