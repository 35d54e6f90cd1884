"""Clients of push at a real daemon, on sockets of their own: an event stream and a WebSocket."""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Message, Ping, RejectConnection, Request

from tests.live.daemon import PATIENCE, basic
from tests.live.people import Administrator, Served

MAIL = ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail"]


class MailUser(Administrator):
    """A user with mail; ``account`` is the id of it."""

    using = MAIL

    def __init__(self, daemon: Served, login: str, password: str) -> None:
        super().__init__(daemon, login, password)
        self.headers = basic(login, password)
        self.account = str(self.session()["primaryAccounts"]["urn:ietf:params:jmap:mail"])

    def mailbox(self, name: str, account: str | None = None) -> str:
        """Make a mailbox; the state after that."""
        given = {"accountId": account or self.account, "create": {"m": {"name": name}}}
        answer = self.call("Mailbox/set", given)
        assert answer["created"], answer
        return str(answer["newState"])

    def ticket(self) -> str:
        """A new one."""
        status, body = self.post("/jmap/ws/ticket", b"")
        assert status == 200, (status, body)
        return str(json.loads(body)["value"])


class Events:
    """An event stream; events are dictionaries of their fields, ``data`` as a value. ``last_id`` is for who comes
    again; ``is_over`` when it has ended in order, ``is_open`` until it has ended somehow.
    """

    last_id: str | None = None

    def __init__(self, port: int, headers: dict[str, str], query: str = "types=*&closeafter=no&ping=0") -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        fields = {"Host": "localhost", **headers}
        lines = [f"GET /jmap/eventsource/?{query} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
        self._data = b""
        self.is_over, self.is_open = False, True
        self.head = self._until(b"\r\n\r\n").decode("latin-1")
        self.status = int(self.head.split(" ")[1])

    def next(self, patience: float = PATIENCE) -> dict[str, Any] | None:
        """The next event; None at the end of the stream, or if nothing comes."""
        self._socket.settimeout(patience)
        while (fields := self._frame()) is not None:
            self.last_id = fields.get("id", self.last_id)
            if "data" in fields:
                return {**fields, "data": json.loads(fields["data"])}
        return None

    def _frame(self) -> dict[str, str] | None:
        """A frame that is complete; what has come of the next one stays for later."""
        try:
            self._receive_until(lambda: b"\r\n" in self._data)
            size = int(self._data.partition(b"\r\n")[0], 16)
            self._receive_until(lambda: len(self._data.partition(b"\r\n")[2]) >= size + 2)
        except TimeoutError:
            return None
        except (OSError, ValueError):
            self.is_open = False
            return None
        rest = self._data.partition(b"\r\n")[2]
        chunk, self._data = rest[:size].decode(), rest[size + 2 :]
        if not size:
            self.is_over, self.is_open = True, False
            return None
        return dict(line.partition(": ")[::2] for line in chunk.strip("\n").split("\n"))

    def until(self, account: str, type: str, state: str) -> dict[str, Any]:
        """The event that tells this state, those before it left out."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            event = self.next()
            assert event is not None, "the stream has ended"
            if event.get("event") == "state" and event["data"]["changed"].get(account, {}).get(type) == state:
                return event
        raise AssertionError(f"{type} {state} does not come")

    def close(self) -> None:
        """Leave."""
        self._socket.close()

    def _until(self, sign: bytes) -> bytes:
        self._receive_until(lambda: sign in self._data)
        found, _, self._data = self._data.partition(sign)
        return found

    def _receive_until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            more = self._socket.recv(65536)
            if not more:
                raise ValueError("the connection has ended")
            self._data += more


class Refused(Exception):
    """The server does not open the socket; the status."""


class Socket:
    """A WebSocket by wsproto, another program's client as far as the server can tell."""

    def __init__(
        self, port: int, headers: dict[str, str], target: str = "/jmap/ws", tls: ssl.SSLContext | None = None
    ) -> None:
        plain = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.socket = plain if tls is None else tls.wrap_socket(plain, server_hostname="localhost")
        self._ws = WSConnection(ConnectionType.CLIENT)
        fields = [(name.encode(), value.encode()) for name, value in headers.items()]
        request = Request(host="localhost", target=target, subprotocols=["jmap"], extra_headers=fields)
        self.socket.sendall(self._ws.send(request))
        self._texts: list[Any] = []
        self._text = ""
        self.closed: int | None = None
        opened = self._event()
        if isinstance(opened, RejectConnection):
            raise Refused(opened.status_code)
        assert isinstance(opened, AcceptConnection), opened
        self.subprotocol = opened.subprotocol

    def send(self, value: Any) -> None:
        """Send JSON."""
        self.socket.sendall(self._ws.send(Message(data=json.dumps(value))))

    def next(self, patience: float = PATIENCE) -> Any:
        """The next message, None if there is none or the server has closed (``closed``)."""
        self.socket.settimeout(patience)
        while self.closed is None:
            try:
                event = self._event()
            except TimeoutError:
                return None
            if isinstance(event, Ping):
                self.socket.sendall(self._ws.send(event.response()))
            elif isinstance(event, CloseConnection):
                self.closed = int(event.code)
            elif isinstance(event, Message):
                self._text += str(event.data)
                if event.message_finished:
                    text, self._text = self._text, ""
                    return json.loads(text)
        return None

    def ask(self, value: Any) -> Any:
        """The next message after that."""
        self.send(value)
        return self.next()

    def close(self) -> None:
        """Leave."""
        self.socket.close()

    def _event(self) -> Any:
        while True:
            found = next(self._ws.events(), None)
            if found is not None:
                return found
            data = self.socket.recv(65536)
            if not data:
                self.closed = 1006
                return None
            self._ws.receive_data(data)
