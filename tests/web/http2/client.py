"""An HTTP/2 client in memory: the client side of ``h2`` against the real connection, and frames by hand where h2 is
too well-behaved.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from attrs import Factory, define
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    InformationalResponseReceived,
    ResponseReceived,
    StreamEnded,
    StreamReset,
)
from h2.settings import SettingCodes
from twisted.internet.error import ConnectionDone
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from stalwart.web.connection import Listener
from stalwart.web.http2.connection import Http2Connection
from tests.leftovers import when_over
from tests.web.client import Server, Wire, serve
from tests.web.fakes import FakeSettings
from tests.web.routes import ALL, Desk

CONFIG = H2Configuration(
    client_side=True,
    header_encoding="latin-1",
    validate_outbound_headers=False,
    normalize_outbound_headers=False,
    validate_inbound_headers=True,
)
ROOM = 16 * 1024 * 1024


class H2Wire(Wire):
    """A transport whose producer may be asked to wait; ``reading`` is whether the server takes bytes."""

    reading = True

    def pauseProducing(self) -> None:
        self.reading = False

    def resumeProducing(self) -> None:
        self.reading = True


@define
class Got:
    """What has arrived on one stream."""

    fields: list[tuple[str, str]] = Factory(list)
    body: bytes = b""
    ended: bool = False
    reset: int | None = None
    interim: list[str] = Factory(list)
    sizes: list[int] = Factory(list)

    @property
    def status(self) -> int:
        return int(self.headers[":status"])

    @property
    def headers(self) -> dict[str, str]:
        return dict(self.fields)

    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """One connection to ``server``; ``got`` is by stream, ``goaway`` the code that the server left with.

    Without ``reads`` windows are not opened as data arrives.
    """

    def __init__(
        self,
        server: Server,
        *,
        host: str = "198.51.100.7",
        greet: bool = True,
        reads: bool = True,
        settings: Mapping[SettingCodes, int] | None = None,
        owner: Any = None,
    ) -> None:
        self.server = server
        self.wire = H2Wire(host)
        self.connection = Http2Connection(server.site, Listener("https"), self.wire.getPeer(), owner)
        self.h2 = H2Connection(CONFIG)
        self.got: dict[int, Got] = {}
        self.goaway: int | None = None
        self.events: list[Any] = []
        self.reads = reads
        self.lost = False
        self.connection.makeConnection(self.wire)
        when_over(self.lose)
        if greet:
            if settings:
                self.h2.local_settings.update(dict(settings))
                self.h2.local_settings.acknowledge()
            self.h2.initiate_connection()
            self.flush()

    # Sending

    def raw(self, data: bytes) -> None:
        """Bytes as they are."""
        self.connection.dataReceived(data)
        self.read()

    def flush(self) -> None:
        """What h2 wants to send; and what comes back."""
        data = self.h2.data_to_send()
        if data:
            self.connection.dataReceived(data)
        self.read()

    def ask(
        self,
        path: str = "/open",
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        *,
        end: bool = True,
    ) -> int:
        """Begin a request; the number of its stream."""
        number = self.h2.get_next_available_stream_id()
        self.h2.send_headers(number, request_fields(path, method, headers), end_stream=end)
        self.flush()
        return number

    def request(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Got:
        """A request, its body at once, and what came back."""
        number = self.ask(path, method, headers, end=body is None)
        if body is not None:
            self.send(number, body, end=True)
        return self.got[number]

    def send(self, number: int, data: bytes, end: bool = False) -> None:
        """Data on a stream, as windows allow."""
        while True:
            most = min(self.h2.local_flow_control_window(number), self.h2.max_outbound_frame_size)
            piece, data = data[:most], data[most:]
            if not piece and data:
                raise AssertionError("the window is closed")
            self.h2.send_data(number, piece, end_stream=end and not data)
            self.flush()
            if not data:
                return

    # Receiving

    def read(self) -> None:
        """Take what the server has written."""
        while data := self.wire.value():
            self.wire.clear()
            for event in self.h2.receive_data(data):
                self._take(event)
            data = self.h2.data_to_send()
            if data and not self.ended:
                self.connection.dataReceived(data)

    def _take(self, event: Any) -> None:
        self.events.append(event)
        if isinstance(event, ConnectionTerminated):
            self.goaway = int(event.error_code)  # type: ignore[arg-type]
            return
        number = getattr(event, "stream_id", None)
        if not number:
            return
        got = self.got.setdefault(number, Got())
        if isinstance(event, ResponseReceived):
            got.fields = [(str(name), str(value)) for name, value in event.headers]
        elif isinstance(event, InformationalResponseReceived):
            got.interim.append(dict(event.headers)[":status"])
        elif isinstance(event, DataReceived):
            got.body += event.data
            got.sizes.append(len(event.data))
            if self.reads and not got.ended:
                self.h2.acknowledge_received_data(event.flow_controlled_length, number)
        elif isinstance(event, StreamEnded):
            got.ended = True
        elif isinstance(event, StreamReset):
            got.reset = int(event.error_code)

    @property
    def ended(self) -> bool:
        """Whether the server has closed or is closing."""
        return bool(self.wire.disconnecting or self.wire.aborted)

    def lose(self) -> None:
        """The client goes away."""
        if not self.lost:
            self.lost = True
            self.connection.connectionLost(Failure(ConnectionDone()))


def request_fields(
    path: str = "/open", method: str = "GET", headers: Mapping[str, str] | None = None
) -> list[tuple[str, str]]:
    """The fields of a request as h2 takes them."""
    fields = [(":method", method), (":scheme", "https"), (":authority", "mail.example.test"), (":path", path)]
    return [*fields, *((headers or {}).items())]


class Http2Case(SynchronousTestCase):
    """A server, and a connection to it."""

    def setUp(self) -> None:
        self.desk = Desk()
        self.server = serve(ALL, {"desk": self.desk}, settings=FakeSettings())
        self.client = Client(self.server)

    def after(self, seconds: float) -> None:
        """Time passes, a second at a time."""
        for _ in range(int(seconds)):
            self.server.clock.advance(1)
        if not self.client.lost:
            self.client.read()
