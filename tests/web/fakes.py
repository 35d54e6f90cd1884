"""Stand-ins for what the HTTP kit is given: settings without a store, a directory with one account."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from stalwart.config.collaboration.jmap import Jmap
from stalwart.config.network.http import Http
from stalwart.config.network.security import AllowedIp, BlockedIp, Security
from stalwart.config.network.system import SystemSettings
from stalwart.config.storage.search import Search
from stalwart.directory.access import Access
from stalwart.directory.failures import too_many_attempts
from stalwart.errors import Forbidden, Unauthenticated

EPOCH = 1_800_000_000.0
SINGLETONS = (Http, Jmap, Search, Security, SystemSettings)


class FakeSettings:
    """Settings from wire forms: ``FakeSettings(Http={"enableHsts": True})``; ``change`` tells the watchers."""

    def __init__(self, **wire: dict[str, Any]) -> None:
        self._wire = wire
        self._watchers: list[Callable[..., None]] = []
        self._listed: dict[type, list[Any]] = {AllowedIp: [], BlockedIp: []}
        self._read()

    def _read(self) -> None:
        self._singletons = {kind: kind.from_wire(self._wire.get(kind.__name__, {})) for kind in SINGLETONS}

    def of(self, kind: type) -> Any:
        return self._singletons[kind]

    def all(self, kind: type) -> tuple[tuple[int, Any], ...]:
        return tuple(enumerate(self._listed[kind]))

    def watch(self, callback: Callable[..., None]) -> Callable[[], None]:
        self._watchers.append(callback)
        return lambda: self._watchers.remove(callback)

    def change(self, **wire: dict[str, Any]) -> None:
        for name, members in wire.items():
            self._wire[name] = self._wire.get(name, {}) | members
        self._read()
        self._told()

    def listed(self, kind: type, *wire: dict[str, Any]) -> None:
        """Replace the AllowedIp or BlockedIp entries."""
        self._listed[kind] = [entry(kind, **members) for members in wire]
        self._told()

    def _told(self) -> None:
        for callback in tuple(self._watchers):
            callback()


def entry(kind: type, address: str, expires_at: int | None = None) -> Any:
    """An AllowedIp or BlockedIp as the settings would hold it."""
    values = {"address": address, "expires_at": expires_at}
    return type("Entry", (), values)()


class FakeDirectory:
    """``alice:secret`` may do ``permissions``; bearer ``key`` is alice too, live token ``live`` stands for her."""

    def __init__(self, permissions: Iterable[str] = ("authenticate", "liveDeliveryTest")) -> None:
        self.alice = Access(7, "alice@example.test", "Alice", frozenset(permissions))
        self.kept: dict[str, Access] = {}
        self.asked: list[tuple[str, ...]] = []
        self._observers: list[Callable[[str, str], bool]] = []
        self.wait: Any = None

    def on_failure(self, callback: Callable[[str, str], bool]) -> None:
        self._observers.append(callback)

    def cached(self, header_value: str, client_ip: str) -> Access | None:
        return self.kept.get(header_value)

    def remember(self, header_value: str, access: Access) -> None:
        self.kept[header_value] = access

    async def authenticate_basic(self, login: str, secret: str, client_ip: str) -> Access:
        self.asked.append(("basic", login, secret, client_ip))
        if self.wait is not None:
            await self.wait
        if (login, secret) == ("alice", "secret"):
            return self.alice
        banned = [observer(client_ip, login) for observer in self._observers]
        if True in banned:
            raise too_many_attempts()
        raise Unauthenticated

    async def authenticate_bearer(self, token: str, client_ip: str) -> Access:
        self.asked.append(("bearer", token, client_ip))
        if token == "elsewhere":
            raise Forbidden
        if token != "key":
            raise Unauthenticated
        return self.alice

    async def redeem_live_token(self, token: str, kind: str) -> Access:
        if token != "live":
            raise Unauthenticated
        return Access(7, "alice@example.test", None, frozenset(("liveDeliveryTest",)), kind="live")
