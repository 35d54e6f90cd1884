"""The access expression ``Http.allowedEndpoints`` (http-service 4): who may reach which path at all.

Compiled with the settings; a rule that always says 200 is no rule. Whatever has no usable result denies with 403, which
is ours: the reference lets such requests pass.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from typing import Any, Final

from stalwart.codec.expression import CompiledExpression, EvaluationError, ExpressionIO, Value, status_of
from stalwart.schema import ExpressionValue
from stalwart.web.exchange import Exchange

DENIED = 403
GRANTED = 200
_DAV: Final = "/dav/"
_SLASHES: Final = re.compile("//+")


def _path(exchange: Exchange) -> str:
    """The raw path; below ``/dav/`` several slashes are one, as they are for what is served there."""
    path = exchange.path
    return _SLASHES.sub("/", path) if path.startswith(_DAV) else path


def _headers(exchange: Exchange) -> list[str]:
    """One ``name: value`` for each field line, non-ASCII values empty."""
    found = []
    for line in exchange.head.lines:
        name, _, value = line.partition(":")
        found.append(f"{name.lower()}: {value.strip() if value.isascii() else ''}")
    return found


# http-service 4.2
VARIABLES: dict[str, Callable[[Exchange], Any]] = {
    "listener": lambda exchange: exchange.connection.listener,
    "remote_ip": lambda exchange: exchange.client_ip,
    "remote_port": lambda exchange: exchange.connection.remote_port,
    "local_ip": lambda exchange: exchange.connection.local_ip,
    "local_port": lambda exchange: exchange.connection.local_port,
    "protocol": lambda exchange: "https" if exchange.connection.is_tls else "http",
    "is_tls": lambda exchange: int(exchange.connection.is_tls),
    "url": lambda exchange: exchange.target,
    "path": _path,
    "method": lambda exchange: exchange.method,
    "headers": _headers,
}


class AccessRule:
    """A rule that depends on the request. ``io`` answers what must be waited for; without it such a rule denies."""

    def __init__(self, compiled: CompiledExpression, io: ExpressionIO | None) -> None:
        self._compiled = compiled
        self._io = io

    def status(self, exchange: Exchange) -> int | Coroutine[Any, Any, int]:
        """The HTTP status for a request, 200 to go on; a coroutine of it if the rule has to wait for something."""
        if self._compiled.needs_io and self._io is not None:
            return self._waited(exchange, self._io)
        try:
            return _usable(self._compiled.evaluate(lambda name: VARIABLES[name](exchange), self._io))
        except EvaluationError:
            return DENIED

    async def _waited(self, exchange: Exchange, io: ExpressionIO) -> int:
        try:
            return _usable(await self._compiled.evaluate_async(lambda name: VARIABLES[name](exchange), io))
        except EvaluationError:
            return DENIED


def access_rule(expression: ExpressionValue, io: ExpressionIO | None) -> AccessRule | None:
    """The rule of a setting; None if it grants everything, as it does by default."""
    compiled = expression.compiled
    if compiled is None:
        return None
    if compiled.is_constant and compiled.constant is not None and _usable(compiled.constant) == GRANTED:
        return None
    return AccessRule(compiled, io)


def _usable(value: Value | None) -> int:
    status = status_of(value)
    return status if status is not None and status >= GRANTED else DENIED
