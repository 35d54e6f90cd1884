"""Messages between nodes over a server beside the data store: what Redis and NATS have in common.

A bus works in threads of its own and calls back in the reactor thread. What is published while it is connected reaches
those that are connected too, each message once; nobody keeps it for others.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Protocol

PAUSES = (0.1, 0.5, 1.0, 2.0)
"""Seconds between two attempts to connect; the last one from then on."""
MOST_WAITING = 10_000
"""Messages that may wait to be published; more are handed back."""


class Listener(Protocol):
    """Who uses a bus; all is called in the reactor thread."""

    def heard(self, payload: bytes) -> None:
        """Somebody, perhaps this node, has published this."""

    def connected(self) -> None:
        """From now on messages are heard; any before may have been missed."""

    def disconnected(self, reason: str) -> None:
        """No messages are heard until ``connected``. ``reason`` holds no secret."""

    def unpublished(self, payload: bytes) -> None:
        """This did not leave."""


class MessageBus(Protocol):
    """For the reactor thread."""

    def start(self, listener: Listener) -> None:
        """Connect, and stay connected."""

    def publish(self, payload: bytes) -> None:
        """Tell everybody; ``unpublished`` is called if that cannot be."""

    def close(self) -> None:
        """End the threads, which may take them a moment; nothing is called any more."""


class ThreadedBus:
    """What calls ``listener`` from threads, as long as the bus is not closed, and tells each change once."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._listener: Listener | None = None
        self._is_connected: bool | None = None
        self._closed = threading.Event()

    def start(self, listener: Listener) -> None:
        """See ``MessageBus``."""
        self._listener = listener
        self._spawn()

    def close(self) -> None:
        """See ``MessageBus``."""
        self._closed.set()

    def _spawn(self) -> None:
        """Start the threads."""
        raise NotImplementedError

    def _thread(self, body: Callable[[], None]) -> None:
        threading.Thread(target=body, name=type(self).__name__, daemon=True).start()

    def _tell(self, name: str, *arguments: Any) -> None:
        self._reactor.callFromThread(self._told, name, *arguments)

    def _told(self, name: str, *arguments: Any) -> None:
        if self._listener is None or self._closed.is_set():
            return
        if name == "disconnected":
            if self._is_connected is False:
                return
            self._is_connected = False
        elif name == "connected":
            self._is_connected = True
        getattr(self._listener, name)(*arguments)

    def _rest(self, tries: int) -> None:
        """Wait before another attempt, in a thread."""
        self._closed.wait(pause_after(tries))


def pause_after(tries: int) -> float:
    """Seconds to wait after so many attempts in a row that failed."""
    return PAUSES[min(tries, len(PAUSES) - 1)]
