"""Requests as events: nothing is computed unless somebody listens, and what is secret in a URL is not in it."""

from __future__ import annotations

import re

from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import HTTP_REQUEST_URL
from stalwart.web.exchange import Exchange

_SECRET = re.compile(r"(?i)([?&](?:token|access_token|code|client_secret|password)=)[^&]*")


def redacted(target: str) -> str:
    """A request target without the values of parameters that are credentials."""
    return _SECRET.sub(r"\1***", target)


def log_exchange(telemetry: Telemetry, exchange: Exchange, status: int, size: int, now: float) -> None:
    """Tell the observers about an answered request."""
    if not telemetry.wants(HTTP_REQUEST_URL):
        return
    telemetry.emit(
        HTTP_REQUEST_URL,
        requestId=exchange.request_id,
        listenerId=exchange.connection.listener,
        localPort=exchange.connection.local_port,
        remoteIp=exchange.client_ip,
        remotePort=exchange.connection.remote_port,
        method=exchange.method,
        url=redacted(exchange.target),
        code=status,
        size=size,
        accountId=exchange.access.account_id if exchange.access is not None else None,
        elapsed=round((now - exchange.arrived) * 1000),
    )
