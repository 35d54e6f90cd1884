"""Sends messages to other hosts: the same steps as the diagnosis, walked to a verdict for each recipient.

``Sender.send`` never raises for what the outside world does. Connections are kept for a moment and used again for the
next message to the same destination. What goes in and comes out stands in ``shipment``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from stalwart.mail.delivery.outgoing import Limits, Outgoing
from stalwart.mail.delivery.progress import asking_hosts
from stalwart.mail.delivery.shipment import Mx, RecipientOutcome, Relay, Shipment, TlsResult
from stalwart.mail.delivery.stages import Stage
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import DELIVERY_RAW_INPUT

if TYPE_CHECKING:
    from stalwart.mail.delivery.kept_connections import KeptConnections


def _untold(_result: TlsResult) -> None:
    """Nobody counts TLS results."""


def _not_shown(_stage: Stage) -> None:
    """Nobody watches; the events have been told."""


class Sender:
    """Sends; ``outgoing`` and ``limits`` give the outside world and the port of the next attempt.

    ``own_names`` are the host names that are ours, so that mail does not loop. ``tls_result`` hears of every session.
    """

    def __init__(
        self,
        outgoing: Callable[[], Outgoing],
        limits: Callable[[], Limits],
        telemetry: Telemetry,
        *,
        own_names: Callable[[], Collection[str]] = tuple,
        tls_result: Callable[[TlsResult], None] = _untold,
    ) -> None:
        self._outgoing = outgoing
        self._limits = limits
        self._telemetry = telemetry
        self._own_names = own_names
        self._tls_result = tls_result
        self._kept: KeptConnections | None = None

    async def send(self, shipment: Shipment) -> list[RecipientOutcome]:
        """One attempt: the outcome of every recipient, in their order. Cancelling it drops its connection."""
        # with the first message, because many servers send none
        from stalwart.mail.delivery.kept_connections import KeptConnections
        from stalwart.mail.delivery.stage_events import StageEvents
        from stalwart.mail.delivery.walk import Surroundings, Walk

        outgoing = self._outgoing()
        if self._kept is None:
            self._kept = KeptConnections(outgoing.reactor)
        around = Surroundings(
            outgoing,
            self._limits(),
            _plain(self._own_names()),
            self._kept,
            self._telemetry,
            StageEvents(self._telemetry, _domain_of(shipment), _not_shown, implicit_tls=_is_implicit(shipment)),
            self._tls_result if shipment.counts_tls else _untold,
            notes=self._telemetry.wants(DELIVERY_RAW_INPUT),
        )
        with asking_hosts():
            return await Walk(around, shipment).run()

    async def close(self) -> None:
        """Take leave of all hosts whose connections are kept."""
        if self._kept is not None:
            await self._kept.close()


def _plain(names: Collection[str]) -> frozenset[str]:
    """Host names as they are compared; a name without a dot is one that many computers have."""
    return frozenset(name.rstrip(".").lower() for name in names if "." in name.rstrip("."))


def _is_implicit(shipment: Shipment) -> bool:
    return isinstance(shipment.destination, Relay) and shipment.destination.implicit_tls


def _domain_of(shipment: Shipment) -> str:
    destination = shipment.destination
    return destination.domain if isinstance(destination, Mx) else destination.host
