"""A message bus over publish and subscribe of Redis: one server, a cluster, or what sentinels name."""

from __future__ import annotations

import contextlib
import queue
import time
from collections.abc import Callable
from typing import Any

import redis
from redis.sentinel import Sentinel

from stalwart.net.message_bus import MOST_WAITING, ThreadedBus

CHECK_EVERY = 5
"""Seconds after which a silent connection has to show that it is one."""
_LOOK_IN = 1.0
SILENCE = 10
"""Seconds without any word, though it was asked for one, after which a server is not there."""


class RedisBus(ThreadedBus):
    """Speaks and listens on ``channel``; ``client`` makes a client of redis-py, in a thread."""

    def __init__(self, client: Callable[[], Any], channel: str, reactor: Any) -> None:
        super().__init__(reactor)
        self._client = client
        self._channel = channel
        self._waiting: queue.Queue[bytes | None] = queue.Queue(MOST_WAITING)

    def publish(self, payload: bytes) -> None:
        """See ``MessageBus``."""
        try:
            self._waiting.put_nowait(payload)
        except queue.Full:
            self._told("unpublished", payload)

    def close(self) -> None:
        """See ``MessageBus``."""
        super().close()
        with contextlib.suppress(queue.Full):  # then the thread is not waiting
            self._waiting.put_nowait(None)

    def _spawn(self) -> None:
        self._thread(self._listen)
        self._thread(self._speak)

    def _listen(self) -> None:
        tries = 0
        while not self._closed.is_set():
            client = None
            try:
                client = self._client()
                for _ in self._messages(client):
                    tries = 0
            except (redis.RedisError, OSError) as problem:
                self._tell("disconnected", _named(problem))
            finally:
                _close(client)
            self._rest(tries)
            tries += 1

    def _messages(self, client: Any) -> Any:
        """Tell of each; yields once for each."""
        with client.pubsub() as subscription:
            subscription.subscribe(self._channel)
            asked = heard = time.monotonic()
            while not self._closed.is_set():
                message = subscription.get_message(timeout=_LOOK_IN)
                now = time.monotonic()
                if now - asked > CHECK_EVERY:
                    asked = now
                    subscription.ping()  # what redis-py asks for itself need not be answered
                if message is not None:
                    heard = now
                elif now - heard > SILENCE:
                    raise redis.TimeoutError
                else:
                    continue
                if message["type"] == "subscribe":
                    self._tell("connected")
                elif message["type"] == "message":
                    self._tell("heard", bytes(message["data"]))
                yield

    def _speak(self) -> None:
        client = None
        while not self._closed.is_set():
            payload = self._waiting.get()
            if payload is None:
                continue
            try:
                client = client or self._client()
                client.publish(self._channel, payload)
            except (redis.RedisError, OSError):
                _close(client)
                client = None
                self._tell("unpublished", payload)
        _close(client)


def server(url: str, timeout: float, most: int) -> Any:
    """A client of one server. Raises ValueError for a URL that is none."""
    return redis.Redis.from_url(url, max_connections=most, **_manners(timeout))


def cluster(urls: list[str], login: tuple[str | None, str], timeout: float, resp3: bool) -> Any:
    """A client of a cluster that these servers belong to."""
    nodes = [_place(url) for url in urls]
    startup = [redis.cluster.ClusterNode(host, port) for host, port, _ in nodes]
    given = {**_manners(timeout), **_login(*login), "protocol": 3 if resp3 else 2, "ssl": nodes[0][2]}
    return redis.RedisCluster(startup_nodes=startup, **given)


def sentinel(
    urls: list[str],
    name: str,
    login: tuple[str | None, str],
    sentinel_login: tuple[str | None, str],
    timeout: float,
    resp3: bool,
) -> Any:
    """A client of the server that sentinels call the master of ``name`` now."""
    places = [_place(url) for url in urls]
    shared = {**_manners(timeout), "protocol": 3 if resp3 else 2, "ssl": places[0][2]}
    asked = Sentinel(
        [(host, port) for host, port, _ in places],
        sentinel_kwargs={**shared, **_login(*sentinel_login)},
        **shared,
        **_login(*login),
    )
    return asked.master_for(name)


def _manners(timeout: float) -> dict[str, Any]:
    return {
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout,
        "health_check_interval": CHECK_EVERY,
        "socket_keepalive": True,
    }


def _login(username: str | None, password: str) -> dict[str, Any]:
    return {"username": username or None, "password": password or None}


def _place(url: str) -> tuple[str, int, bool]:
    found = redis.connection.parse_url(url)
    return found.get("host", "localhost"), int(found.get("port", 6379)), url.startswith("rediss:")


def _close(client: Any) -> None:
    if client is not None:
        with contextlib.suppress(redis.RedisError, OSError):
            client.close()


def _named(problem: BaseException) -> str:
    """What went wrong, without what was sent."""
    return type(problem).__name__
