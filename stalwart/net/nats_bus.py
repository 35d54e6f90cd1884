"""A message bus over NATS: the client needs an asyncio loop, which has a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
from collections.abc import Mapping
from typing import Any

from nats.aio.client import Client
from nats.errors import Error

from stalwart.net.message_bus import MOST_WAITING, ThreadedBus, pause_after

_FLUSH = 10
_LOOK_IN = 1.0
_AGAIN = 1
CHECK_EVERY = 5
"""Seconds after which the server has to show that it is there, and that it may take for it."""


class NatsBus(ThreadedBus):
    """Speaks and listens on ``subject``; ``options`` are those of ``nats.connect`` (servers, logins, TLS, times)."""

    def __init__(self, options: Mapping[str, Any], subject: str, reactor: Any) -> None:
        super().__init__(reactor)
        self._options = dict(options)
        self._subject = subject
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: Client | None = None
        self._ended: asyncio.Event | None = None
        self._waiting = 0

    def publish(self, payload: bytes) -> None:
        """See ``MessageBus``."""
        with self._lock:
            loop, is_full = self._loop, self._waiting >= MOST_WAITING
            if loop is not None and not is_full:
                self._waiting += 1
                asyncio.run_coroutine_threadsafe(self._publish(payload), loop)
                return
        self._told("unpublished", payload)

    def close(self) -> None:
        """See ``MessageBus``."""
        super().close()
        with self._lock:
            if self._loop is not None and self._ended is not None:
                self._loop.call_soon_threadsafe(self._ended.set)

    def _spawn(self) -> None:
        self._thread(lambda: asyncio.run(self._serve()))

    async def _serve(self) -> None:
        tries = 0
        with self._lock:
            self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        while not self._closed.is_set():
            try:
                await self._listen()
                tries = 0
            except (Error, OSError, TimeoutError, ValueError) as problem:
                self._tell("disconnected", type(problem).__name__)
            self._ended.clear()
            if not self._closed.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._ended.wait(), pause_after(tries))
            tries += 1
        with self._lock:
            self._loop = None

    async def _listen(self) -> None:
        """Until the connection ends."""
        assert self._ended is not None
        self._ended.clear()
        client = Client()
        try:
            await self._connect(client)
            await client.subscribe(self._subject, cb=self._take)
            await client.flush()
            self._client = client
            self._tell("connected")
            for turn in itertools.count(1):
                if self._closed.is_set() or not client.is_connected:
                    break
                with contextlib.suppress(TimeoutError):  # the client does not always say that it was closed
                    await asyncio.wait_for(self._ended.wait(), _LOOK_IN)
                if turn % CHECK_EVERY == 0:
                    await client.flush(CHECK_EVERY)  # the network may swallow everything
        finally:
            self._client = None
            with contextlib.suppress(Error, OSError, TimeoutError):
                await client.close()
        if not self._closed.is_set():
            raise ConnectionResetError

    async def _connect(self, client: Client) -> None:
        """Try each server once more than never, since the client tries for ever if it is told not to try again."""
        tries = len(self._options["servers"]) * (_AGAIN + 1)
        connecting = client.connect(
            **self._options,
            allow_reconnect=False,
            max_reconnect_attempts=_AGAIN,
            reconnect_time_wait=0,
            error_cb=_ignore,
            closed_cb=self._lost,
        )
        await asyncio.wait_for(connecting, self._options["connect_timeout"] * (tries + 1))

    async def _lost(self) -> None:
        if self._ended is not None:
            self._ended.set()

    async def _take(self, message: Any) -> None:
        self._tell("heard", bytes(message.data))

    async def _publish(self, payload: bytes) -> None:
        try:
            if self._client is None:
                raise ConnectionResetError
            await self._client.publish(self._subject, payload)
            await self._client.flush(_FLUSH)
        except (Error, OSError, TimeoutError):
            self._tell("unpublished", payload)
        finally:
            with self._lock:
                self._waiting -= 1


async def _ignore(problem: Exception) -> None:
    """The end of the connection tells of it."""
