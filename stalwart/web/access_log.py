"""Requests as events: nothing is computed unless somebody listens."""

from __future__ import annotations

from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import HTTP_REQUEST_URL
from stalwart.web.exchange import Exchange


def log_exchange(telemetry: Telemetry, exchange: Exchange, status: int, size: int, now: float) -> None:
    """Count an answered request, and tell the observers about it."""
    if not telemetry.wants(HTTP_REQUEST_URL):
        telemetry.count(HTTP_REQUEST_URL)
        return
    telemetry.emit(
        HTTP_REQUEST_URL,
        spanId=exchange.connection.span,
        requestId=exchange.request_id,
        listenerId=exchange.connection.listener,
        localPort=exchange.connection.local_port,
        remoteIp=exchange.client_ip,
        remotePort=exchange.connection.remote_port,
        method=exchange.method,
        url=exchange.target,
        code=status,
        size=size,
        accountId=exchange.access.account_id if exchange.access is not None else None,
        elapsed=round((now - exchange.arrived) * 1000),
    )
