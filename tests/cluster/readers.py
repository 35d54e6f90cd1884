"""Clients that go on while the daemons of a cluster end: they read event streams and a WebSocket, and come again with
what they know, or send one request after the other on a connection that is kept.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
from typing import Any

from tests.cluster.cluster import Cluster
from tests.live.daemon import ADMIN, PATIENCE, basic
from tests.live.push_clients import Events, MailUser, Refused, Socket

ECHO = {"using": ["urn:ietf:params:jmap:core"], "methodCalls": [["Core/echo", {}, "0"]]}
PAUSE = 0.2


class Reader:
    """Comes again whenever what it reads has ended, until ``stop``; ``states`` are what it was told of mailboxes."""

    def __init__(self, port: int, user: MailUser) -> None:
        self.port = port
        self.user = user
        self.states: list[str] = []
        self.visits = 0
        self.problem: BaseException | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def visit(self) -> None:
        """Read until it ends."""
        raise NotImplementedError

    def stop(self) -> None:
        """Read no more."""
        self._stopped.set()
        self._thread.join(PATIENCE)
        if self.problem is not None:
            raise self.problem

    @property
    def goes_on(self) -> bool:
        """Whether it is to read."""
        return not self._stopped.is_set()

    def hear(self, told: Any) -> None:
        """A StateChange object."""
        state = told["changed"].get(self.user.account, {}).get("Mailbox")
        if state is not None:
            self.states.append(state)

    def _run(self) -> None:
        try:
            while self.goes_on:
                with contextlib.suppress(OSError, ValueError, Refused):  # nobody serves just now
                    self.visit()
                self._stopped.wait(PAUSE)
        except BaseException as problem:
            self.problem = problem


class StreamReader(Reader):
    """Of ``/jmap/eventsource/``, as browsers read it: they give back the last id by themselves."""

    last_id: str | None = None

    def visit(self) -> None:
        known = {"Last-Event-ID": self.last_id} if self.last_id is not None else {}
        events = Events(self.port, {**self.user.headers, **known}, "types=Mailbox&closeafter=no&ping=30")
        with contextlib.closing(events):
            self.visits += events.status == 200
            while self.goes_on and events.is_open:
                event = events.next(PAUSE)
                self.last_id = events.last_id or self.last_id
                if event is not None and event["event"] == "state":
                    self.hear(event["data"])


class SocketReader(Reader):
    """Of ``/jmap/ws``, with the ``pushState`` of the last message."""

    push_state: str | None = None

    def visit(self) -> None:
        opened = Socket(self.port, self.user.headers)
        with contextlib.closing(opened):
            enable = {"@type": "WebSocketPushEnable", "dataTypes": ["Mailbox"]}
            opened.send(enable if self.push_state is None else {**enable, "pushState": self.push_state})
            self.visits += 1
            while self.goes_on and opened.closed is None:
                if (message := opened.next(PAUSE)) is not None and message["@type"] == "StateChange":
                    self.push_state = message["pushState"]
                    self.hear(message)


class FigureReader(Reader):
    """Of ``/api/live/metrics``: values are absolute, so that nobody has to know what was told before."""

    frames = 0

    def visit(self) -> None:
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        with contextlib.closing(client):
            client.request("GET", "/api/live/metrics?interval=1&metrics=server.memory", headers=basic(*ADMIN))
            answer = client.getresponse()
            self.visits += answer.status == 200
            while self.goes_on and (line := answer.readline()):
                self.frames += line.startswith(b"data:")


class Asker:
    """POSTs one request after the other on a connection that is kept; ``lost`` are those that got no answer."""

    def __init__(self, cluster: Cluster, pause: float) -> None:
        self.answered = 0
        self.lost: list[str] = []
        self._cluster = cluster
        self._pause = pause
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Ask no more."""
        self._stopped.set()
        self._thread.join(PATIENCE)

    def _run(self) -> None:
        client = http.client.HTTPConnection(self._cluster.host, self._cluster.port, timeout=PATIENCE)
        headers = {**basic(*ADMIN), "Content-Type": "application/json"}
        while not self._stopped.wait(self._pause):
            try:
                client.request("POST", "/jmap/", json.dumps(ECHO), headers)
                answer = client.getresponse()
                body = answer.read()
                if answer.status == 200:
                    self.answered += 1
                else:
                    self.lost.append(f"{answer.status} {body[:200]!r}")
            except (OSError, http.client.HTTPException) as problem:
                self.lost.append(repr(problem))
                client.close()
        client.close()
