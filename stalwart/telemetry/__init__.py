"""What happens in the server, as typed events: declared in ``events``, counted and passed on by ``Telemetry``."""

from stalwart.telemetry.stream import Telemetry

__all__ = ["Telemetry"]
