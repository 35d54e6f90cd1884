"""``/metrics/prometheus``: figures for a scraper (telemetry 1).

There is such a page only while ``x:Metrics.prometheus`` is enabled. It has credentials of its own: no account opens it,
and no rate limit applies. Of several workers any can be asked for the figures of all.
"""

from __future__ import annotations

import hmac
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterable
from functools import partial
from hashlib import sha256
from typing import Any

from twisted.internet.defer import Deferred

from stalwart.config.kept_text import Unreadable, kept_text
from stalwart.config.monitoring.metrics import Metrics
from stalwart.config.settings import Settings
from stalwart.directory.hashing import Hashing
from stalwart.errors import NotFound, Unauthenticated, Unavailable
from stalwart.schema import File
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import AUTH_FAILED, RESOURCE_BAD_PARAMETERS
from stalwart.telemetry.figures.exposition import OPENMETRICS_TYPE, TEXT_TYPE, pieces, wants_openmetrics
from stalwart.telemetry.figures.gathering import Figures
from stalwart.web.access import credentials_of
from stalwart.web.answers import Answer
from stalwart.web.exchange import Exchange
from stalwart.web.routes import ANY_METHOD, route

TURN = 0.001
"""Seconds of work before others have a turn."""

_LONGEST = 4096


@route(ANY_METHOD, "/metrics/prometheus", needs=None, limit="none", spec="telemetry 1")
async def prometheus(
    exchange: Exchange, *, settings: Settings, telemetry: Telemetry, hashing: Hashing, figures: Figures, clock: Any
) -> Answer:
    """Figures of this server in the format of Prometheus, or as OpenMetrics."""
    offered: Any = settings.of(Metrics).prometheus
    if offered.tag != "Enabled":
        raise NotFound
    if offered.auth_username is not None or offered.auth_secret.tag != "None":
        await _check(exchange, offered, hashing, telemetry)
    openmetrics = wants_openmetrics(exchange.header("accept"))
    found = await figures.families()
    text = await _joined(pieces(found, offered.naming, openmetrics), clock)
    return Answer(200, text, OPENMETRICS_TYPE if openmetrics else TEXT_TYPE, (("Vary", "Accept"),))


async def _joined(parts: Iterable[bytes], clock: Any) -> bytes:
    """All of ``parts``, with turns for others in between: there may be thousands of lines."""
    found, began = [], clock.seconds()
    for part in parts:
        found.append(part)
        if clock.seconds() - began > TURN:
            turn: Deferred[None] = Deferred()
            clock.callLater(0, turn.callback, None)
            await turn
            began = clock.seconds()
    return b"".join(found)


async def _check(exchange: Exchange, offered: Any, hashing: Hashing, telemetry: Telemetry) -> None:
    """Raises Unauthenticated, and Unavailable if nobody can be let in."""
    given = _given(exchange)
    user = (offered.auth_username or "").encode()
    if given is None:
        raise Unauthenticated
    if not _same(given[0], user):  # before a file is read for anybody who asks
        _tell(exchange, telemetry, given[0])
        raise Unauthenticated
    try:
        place = offered.auth_secret
        secret = await hashing.run(partial(kept_text, place)) if isinstance(place, File) else kept_text(place)
    except Unreadable as problem:
        telemetry.emit(RESOURCE_BAD_PARAMETERS, object=Metrics.type_name, reason=f"prometheus/authSecret: {problem}")
        raise Unavailable from None
    if not secret or not _same(given[1], secret.encode()):
        _tell(exchange, telemetry, given[0])
        raise Unauthenticated


def _tell(exchange: Exchange, telemetry: Telemetry, user: bytes) -> None:
    name = user.decode("utf-8", "replace")[:254]
    telemetry.emit(AUTH_FAILED, remoteIp=exchange.client_ip, accountName=name, reason="wrong login of a scraper")


def _given(exchange: Exchange) -> tuple[bytes, bytes] | None:
    """User and password as they are (RFC 7617 2)."""
    credentials = credentials_of(exchange)
    if credentials is None or credentials[0] != "basic" or len(credentials[1]) > _LONGEST:
        return None
    try:
        user, colon, secret = b64decode(credentials[1], validate=True).partition(b":")
    except NotBase64:
        return None
    return (user, secret) if colon else None


def _same(given: bytes, wanted: bytes) -> bool:
    """Compared without telling by the time where or how long they differ."""
    return hmac.compare_digest(sha256(given).digest(), sha256(wanted).digest())
