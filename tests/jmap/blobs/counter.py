"""Uploads and downloads over HTTP, in memory: alice signs in as ``alice:secret``."""

from __future__ import annotations

from typing import Any

from stalwart.directory.access import Access
from stalwart.jmap.blobs.download import download, download_nameless
from stalwart.jmap.blobs.running import RunningUploads
from stalwart.jmap.blobs.upload import upload
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import Level
from tests.jmap.blobs.shelf import ShelfCase, access
from tests.web.client import BASIC_ALICE, Connected, Response, Server, request_bytes, serve
from tests.web.fakes import FakeDirectory


class HttpCase(ShelfCase):
    """``self.who`` is the access of whoever signs in."""

    who: Access = access()

    def setUp(self) -> None:
        super().setUp()
        self.directory = FakeDirectory()
        self.directory.alice = self.who
        self.uploads = RunningUploads()
        services: dict[str, Any] = {
            "store": self.store,
            "settings": self.settings,
            "uploads": self.uploads,
            "telemetry": Telemetry(threshold=Level.ERROR + 1),  # type: ignore[arg-type]  # nothing is logged
            "clock": self.clock,
        }
        self.events: list[str] = []
        services["telemetry"].observe(lambda event, keys: self.events.append(event.id))
        routes = (upload, download, download_nameless)
        self.server: Server = serve(routes, services, settings=self.settings, directory=self.directory)

    def sign_in(self, who: Access) -> None:
        """From now on it is ``who`` who asks."""
        self.directory.alice = who
        self.directory.kept.clear()

    def post(self, body: bytes, path: str = "/jmap/upload/h/", **headers: str) -> Response:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.server.request("POST", path, BASIC_ALICE | fields, body)

    def get(self, path: str, method: str = "GET", **headers: str) -> Response:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.server.request(method, path, BASIC_ALICE | fields)

    def begin(self, length: int | None, part: bytes = b"", path: str = "/jmap/upload/h/") -> Connected:
        """A connection on which an upload of ``length`` bytes (None: chunked) has begun with ``part``."""
        connected = self.server.connect()
        framing = {"Transfer-Encoding": "chunked"} if length is None else {"Content-Length": str(length)}
        connected.send(request_bytes("POST", path, BASIC_ALICE | framing, part))
        return connected
