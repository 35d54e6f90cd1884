"""What expressions of the settings may have to wait for: domains, addresses, keys, counters, DNS (settings B.1).

Keys and counters live in the data store, each lookup store being a name space of its own; ``''`` is the default one.
SQL lookup stores are not built: ``sql_query`` answers as for an unknown store, with an empty text (http-service 4.5).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stalwart.codec.dns_names import reverse_name
from stalwart.codec.expression import Value
from stalwart.config.domains.domain import Domain
from stalwart.config.network.system import SystemSettings
from stalwart.config.settings import Settings
from stalwart.directory.identity import is_address
from stalwart.net.dns import LookupFailed, Resolver
from stalwart.store import Store
from stalwart.telemetry import Telemetry

KEY_KIND = "expression"
FOREVER = 253402300799  # the last second of the year 9999
DNS_TYPES = {"ipv4": ("A",), "ipv6": ("AAAA",), "ip": ("A", "AAAA"), "mx": ("MX",), "txt": ("TXT",), "ptr": ("PTR",)}


class ExpressionWorld:
    """Implements ``codec.expression.ExpressionIO``. ``resolver`` gives the name service in force."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        telemetry: Telemetry,
        resolver: Callable[[], Resolver],
        clock: Any,
        node: str,
    ) -> None:
        self._store = store
        self._settings = settings
        self._telemetry = telemetry
        self._resolver = resolver
        self._clock = clock
        self._node = node

    def system(self, name: str) -> object:
        """Names of this server."""
        names = self._settings.of(SystemSettings)
        if name == "domain":
            domains = dict(self._settings.all(Domain))
            default = domains.get(names.default_domain_id) if names.default_domain_id is not None else None
            enabled = [each for each in domains.values() if each.is_enabled]
            if default is None and len(enabled) == 1:
                (default,) = enabled
            return default.name if default is not None else names.default_hostname
        return {"hostname": names.default_hostname, "node_id": 1, "node_hostname": self._node}.get(name, "")

    def metric(self, name: str) -> object:
        """How often the event ``name`` has happened in this process."""
        return self._telemetry.counters[name]

    async def is_local_domain(self, domain: str) -> object:
        """Whether mail for ``domain`` is at home here."""
        wanted = domain.lower().rstrip(".")
        return any(
            found.is_enabled and (found.name == wanted or wanted in found.aliases)
            for _, found in self._settings.all(Domain)
        )

    async def is_local_address(self, address: str) -> object:
        """Whether an account or list has ``address``."""
        return await self._store.read(lambda tx: is_address(tx, address.strip().lower()))

    async def key_get(self, store: str, key: str) -> object:
        """The value of ``key``."""
        found = await self._key(store, key)
        return "" if found is None else found["value"]

    async def key_exists(self, store: str, key: str) -> object:
        """Whether ``key`` has a value."""
        return await self._key(store, key) is not None

    async def key_set(self, store: str, key: str, value: Value) -> object:
        """Give ``key`` a value; true once it is stored."""
        name, data = _name(store, key), {"value": value if isinstance(value, str | int | float) else str(value)}
        await self._store.write(lambda tx: tx.tokens.put(name, KEY_KIND, data, FOREVER))
        return True

    async def counter_incr(self, store: str, key: str, by: int) -> object:
        """Add to a counter; the sum."""
        bucket = f"{KEY_KIND}:{_name(store, key)}"
        return await self._store.write(lambda tx: tx.counters.increment(bucket, FOREVER, by))

    async def counter_get(self, store: str, key: str) -> object:
        """The sum of a counter."""
        bucket = f"{KEY_KIND}:{_name(store, key)}"
        return await self._store.read(lambda tx: tx.counters.value(bucket))

    async def dns_query(self, name: str, rtype: str) -> object:
        """The records as texts; none where there are none or nobody can tell."""
        found: list[str] = []
        for each in DNS_TYPES.get(rtype, ()):
            try:
                asked = reverse_name(name) if each == "PTR" and not name.endswith(".arpa") else name
                answer = await self._resolver().lookup(asked, each)
            except (LookupFailed, ValueError):
                continue
            found.extend(str(getattr(record, "exchange", record)).rstrip(".") for record in answer.records)
        return found

    async def sql_query(self, store: str, query: str, arguments: Value) -> object:
        """No SQL lookup store is configured."""
        return ""

    async def _key(self, store: str, key: str) -> dict[str, Any] | None:
        name, now = _name(store, key), int(self._clock.seconds())
        return await self._store.read(lambda tx: tx.tokens.get(name, KEY_KIND, now))


def _name(store: str, key: str) -> str:
    return f"{store}\x1f{key}"
