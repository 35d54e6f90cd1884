"""``GET /api/live/delivery/{target}``: the delivery diagnosis as an event stream (delivery-diagnostics 1, 2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from stalwart.codec import sse
from stalwart.errors import Invalid
from stalwart.mail.delivery.diagnosis import Wishes
from stalwart.mail.delivery.service import Diagnoses
from stalwart.mail.delivery.stages import Stage, encode
from stalwart.mail.delivery.target import parse_target
from stalwart.web.answers import EventStream
from stalwart.web.exchange import Exchange
from stalwart.web.routes import route

SHORTEST, LONGEST, DEFAULT = 1, 600, 30
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,12}")


@route("GET", "/api/live/delivery/<target>", needs="liveDeliveryTest", spec="delivery-diagnostics 1")
async def delivery(exchange: Exchange, *, diagnoses: Diagnoses) -> EventStream:
    """Stages of a delivery to ``target`` as they happen. Query: ``timeout`` (1 to 600 s, 30), ``scope`` (``all``
    tests every host and address), ``ip`` (4 or 6), ``token``; ``port`` in test mode."""
    return _stream(exchange, exchange.path_value("target"), diagnoses)


@route("GET", "/api/live/delivery/", needs="liveDeliveryTest", spec="delivery-diagnostics 1")
async def delivery_to_nobody(exchange: Exchange, *, diagnoses: Diagnoses) -> EventStream:
    """An empty target: 400."""
    return _stream(exchange, "", diagnoses)


@route("GET", "/api/live/delivery/<target>/<path:ignored>", needs="liveDeliveryTest", spec="delivery-diagnostics 1")
async def delivery_with_more(exchange: Exchange, *, diagnoses: Diagnoses) -> EventStream:
    """As without the further segments, which are ignored."""
    return _stream(exchange, exchange.path_value("target"), diagnoses)


def _stream(exchange: Exchange, text: str, diagnoses: Diagnoses) -> EventStream:
    access = exchange.access
    assert access is not None  # the routes say so
    target = parse_target(text)
    wishes = _wishes(exchange.query)
    port = _port(exchange.query) if diagnoses.test_mode else None
    diagnoses.admit(access.account_id)

    async def run(send: Callable[[bytes], None]) -> None:
        await diagnoses.run(access.account_id, target, wishes, lambda stage: send(frame(stage)), port)

    return EventStream(run)


def frame(stage: Stage) -> bytes:
    """One stage as one event: its name is literally ``event``, its data a list of one (delivery-diagnostics 2)."""
    return sse.event(b"[" + encode(stage) + b"]", event="event")


def _wishes(query: Mapping[str, str]) -> Wishes:
    seconds = _integer(query, "timeout")
    if seconds is None:
        seconds = DEFAULT
    if seconds < SHORTEST:
        raise Invalid(f"The timeout must be between {SHORTEST} and {LONGEST} seconds.", ("timeout",))
    scope = query.get("scope", "first")
    if scope not in ("first", "all"):
        raise Invalid("The scope is first or all.", ("scope",))
    family = _integer(query, "ip")
    if family not in (None, 4, 6):
        raise Invalid("The parameter ip is 4 or 6.", ("ip",))
    return Wishes(float(min(seconds, LONGEST)), scope, family)


def _port(query: Mapping[str, str]) -> int | None:
    port = _integer(query, "port")
    if port is not None and not 1 <= port <= 65535:
        raise Invalid("The port must be between 1 and 65535.", ("port",))
    return port


def _integer(query: Mapping[str, str], name: str) -> int | None:
    text = query.get(name)
    if text is None:
        return None
    if not _WHOLE_NUMBER.fullmatch(text):
        raise Invalid(f"The parameter {name} must be a whole number.", (name,))
    return int(text)
