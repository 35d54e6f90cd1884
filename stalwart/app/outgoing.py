"""The outside world as the settings describe it, built when it is first needed and again when they change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stalwart.config.monitoring.diagnosis import Diagnosis
from stalwart.config.network.dns_resolver import DnsResolver
from stalwart.config.settings import Settings
from stalwart.mail.delivery.outgoing import Outgoing, world_of
from stalwart.net.dns_config import resolver_from_settings
from stalwart.net.tls import TrustStore
from stalwart.telemetry import Telemetry


class OutgoingWorld:
    """Call it for the ``Outgoing`` of the next run; caches live as long as the settings they come from.

    ``announce`` tells other processes that something is forgotten here: the world, or with True its answers only.
    """

    def __init__(
        self,
        reactor: Any,
        settings: Settings,
        announce: Callable[[bool], object] = lambda answers_only: None,
        telemetry: Telemetry | None = None,
    ) -> None:
        self._telemetry = telemetry
        self._reactor = reactor
        self._settings = settings
        self._announce = announce
        self.trust_store = TrustStore()
        self._world: Outgoing | None = None
        self._made_from: tuple[Any, Any] | None = None

    def __call__(self) -> Outgoing:
        wanted = (self._settings.of(DnsResolver), self._settings.of(Diagnosis))
        if self._world is None or self._made_from != wanted:
            resolver = resolver_from_settings(*wanted, self._reactor, telemetry=self._telemetry)
            allow_private = wanted[1].allow_private_targets
            self._world = world_of(self._reactor, resolver, self.trust_store, allow_private)
            self._made_from = wanted
        return self._world

    def problems(self) -> tuple[str, ...]:
        """What is wrong with the files of trusted authorities, for the log: OpenSSL itself says nothing."""
        return self.trust_store.problems()

    def reload(self) -> None:
        """Read the trusted authorities again and forget what was cached."""
        self.hear()
        self._announce(False)

    def forget_answers(self) -> None:
        """Forget what the name service has said."""
        self.hear(answers_only=True)
        self._announce(True)

    def hear(self, *, answers_only: bool = False) -> None:
        """Another process has forgotten the world, or the answers of the name service."""
        if not answers_only:
            self.trust_store.reload()
            self._world = None
        elif self._world is not None:
            resolver: Any = self._world.resolver  # one with a cache: ``resolver_from_settings``
            resolver.clear()
