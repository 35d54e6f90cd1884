"""Sends messages to other hosts: the same steps as the diagnosis, walked to a verdict for each recipient.

``Sender.send`` never raises for what the outside world does. Connections are kept for a moment and used again for the
next message to the same destination. What goes in and comes out stands in ``shipment``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from stalwart.mail.delivery.outgoing import Limits, Outgoing
from stalwart.mail.delivery.shipment import RecipientOutcome, Shipment, TlsResult
from stalwart.telemetry import Telemetry


def _untold(_result: TlsResult) -> None:
    """Nobody counts TLS results."""


class Sender:
    """Sends; ``outgoing`` and ``limits`` give the outside world and the port of the next attempt, ``own_names`` the host
    names that are ours, so that mail does not loop. ``tls_result`` hears of every session.
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

    async def send(self, shipment: Shipment) -> list[RecipientOutcome]:
        """One attempt: the outcome of every recipient, in their order. Cancelling it drops its connection."""
        raise NotImplementedError

    async def close(self) -> None:
        """Take leave of all hosts whose connections are kept."""
