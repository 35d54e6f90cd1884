"""A server in memory with the whole discovery face, ``mail.example.test`` with the domain ``example.test``."""

from __future__ import annotations

from typing import Any

import stalwart.discovery
from stalwart.config.network.system import SystemSettings
from stalwart.mail.announcements import Announcements
from stalwart.schema import collect
from stalwart.tls.challenge_answers import HttpAnswers
from stalwart.web.routes import Route
from tests.directory.world import World
from tests.web.client import Response, serve

BASE = "https://mail.example.test"
CORS = {
    "access-control-allow-origin": "*",
    "access-control-allow-headers": "Authorization, Content-Type, Accept, X-Requested-With",
    "access-control-allow-methods": "POST, GET, PATCH, PUT, DELETE, HEAD, OPTIONS",
}
ALL = ("caldav", "carddav", "imap", "jmap", "managesieve", "pop3", "smtp", "webdav")


class DiscoveryCase(World):
    """Asks without credentials."""

    def setUp(self) -> None:
        super().setUp()
        services = {
            "announcements": Announcements(self.settings, BASE),
            "http_answers": HttpAnswers(self.store, self.clock),
            "settings": self.settings,
            "telemetry": self.telemetry,
        }
        self.server = serve(collect(stalwart.discovery, Route), services)

    def ask(self, path: str, method: str = "GET", body: bytes = b"", **headers: str) -> Response:
        """The answer to one request."""
        return self.server.request(method, path, headers, body)

    def announce(self, *names: str, **members: Any) -> None:
        """Have the settings announce these services, all if none is named."""
        services = {name: {"cleartext": False} for name in names or ALL}
        self.settle(self.settings.change(SystemSettings, {"services": services, **members}))

    def cors(self, response: Response) -> dict[str, str]:
        """The fields for scripts of other origins."""
        return {name: value for name, value in response.headers.items() if name.startswith("access-control")}

    def assert_problem(self, response: Response, status: int, detail: str | None = None) -> None:
        """A problem body, with exactly this detail if one is given."""
        self.assertEqual(response.status, status)
        self.assertEqual(response.headers["content-type"], "application/problem+json")
        if detail is not None:
            self.assertEqual(response.json()["detail"], detail)
