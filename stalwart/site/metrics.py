"""``/metrics/prometheus``: figures for a scraper (telemetry 1).

There is such a page only while ``x:Metrics.prometheus`` is enabled. It has credentials of its own: no account opens it,
and no rate limit applies. Of several workers any can be asked for the figures of all.
"""

from __future__ import annotations

import hmac
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping
from functools import partial
from hashlib import sha256
from typing import Any

from twisted.internet.defer import TimeoutError as DeferredTimeout

from stalwart.config.kept_text import Unreadable, kept_text
from stalwart.config.monitoring.counter_names import COUNTERS, GAUGES, HISTOGRAMS
from stalwart.config.monitoring.metrics import Metrics
from stalwart.config.settings import Settings
from stalwart.directory.hashing import Hashing
from stalwart.errors import NotFound, StalwartError, Unauthenticated, Unavailable
from stalwart.schema import File
from stalwart.store import Store
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import RESOURCE_BAD_PARAMETERS, TELEMETRY_PROMETHEUS_ERROR
from stalwart.telemetry.exposition import (
    OPENMETRICS_TYPE,
    TEXT_TYPE,
    Expiries,
    Family,
    Parts,
    families,
    wants_openmetrics,
    written,
)
from stalwart.web.access import credentials_of
from stalwart.web.answers import Answer
from stalwart.web.exchange import Exchange
from stalwart.web.routes import ANY_METHOD, route

_NAMED = frozenset((*COUNTERS, *GAUGES, *HISTOGRAMS))
_LONGEST = 4096
_PATIENCE = 2.0  # seconds
_KINDS = {"domain.count": "Domain", "user.count": "Account"}


@route(ANY_METHOD, "/metrics/prometheus", needs=None, limit="none", spec="telemetry 1")
async def prometheus(
    exchange: Exchange,
    *,
    settings: Settings,
    telemetry: Telemetry,
    hashing: Hashing,
    certificates: Expiries | None,
    store: Store,
    clock: Any,
) -> Answer:
    """Figures of this server in the format of Prometheus, or as OpenMetrics."""
    metrics = settings.of(Metrics)
    offered: Any = metrics.prometheus
    if offered.tag != "Enabled":
        raise NotFound
    if offered.auth_username is not None or offered.auth_secret.tag != "None":
        await _check(exchange, offered, hashing, telemetry)
    openmetrics = wants_openmetrics(exchange.header("accept"))
    counts = await _counts(store, telemetry, clock)
    found = (each for each in families(Parts(telemetry, certificates, counts)) if _is_wanted(each, metrics))
    kind = OPENMETRICS_TYPE if openmetrics else TEXT_TYPE
    return Answer(200, written(found, offered.naming, openmetrics), kind, (("Vary", "Accept"),))


def _is_wanted(family: Family, metrics: Metrics) -> bool:
    """What the settings have no name for is always there."""
    if family.id not in _NAMED:
        return True
    return (family.id in metrics.metrics) == (metrics.metrics_policy == "include")


async def _counts(store: Store, telemetry: Telemetry, clock: Any) -> Mapping[str, int]:
    """Figures from the store, none if it has other worries: whoever looks for the cause needs the rest."""
    counting = store.read(lambda tx: {id: tx.registry.count(type) for id, type in _KINDS.items()})
    counting.addTimeout(_PATIENCE, clock)
    try:
        return await counting
    except (StalwartError, DeferredTimeout) as problem:
        telemetry.emit(TELEMETRY_PROMETHEUS_ERROR, reason=f"counts: {type(problem).__name__}: {problem}")
        return {}


async def _check(exchange: Exchange, offered: Any, hashing: Hashing, telemetry: Telemetry) -> None:
    """Raises Unauthenticated, and Unavailable if nobody can be let in."""
    given = _given(exchange)
    user = (offered.auth_username or "").encode()
    if given is None or not _same(given[0], user):  # before a file is read for anybody who asks
        raise Unauthenticated
    try:
        place = offered.auth_secret
        secret = await hashing.run(partial(kept_text, place)) if isinstance(place, File) else kept_text(place)
    except Unreadable as problem:
        telemetry.emit(RESOURCE_BAD_PARAMETERS, object=Metrics.type_name, reason=f"prometheus/authSecret: {problem}")
        raise Unavailable from None
    if not secret or not _same(given[1], secret.encode()):
        raise Unauthenticated


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
