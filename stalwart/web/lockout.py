"""Whether somebody would shut the door on himself: what a rule that is about to be saved would say to his next request.

The rule is evaluated with the facts of the request that brings it, but for the paths that settings are changed by.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

from stalwart.codec.expression import ExpressionIO
from stalwart.codec.ip_networks import LOOPBACK
from stalwart.schema import ExpressionValue
from stalwart.web.access_rule import GRANTED, access_rule
from stalwart.web.exchange import Exchange

NEEDED = (("POST", "/jmap/"), ("GET", "/jmap/session"))
"""Method and path of the requests without which settings cannot be changed."""


async def refusals(
    rule: ExpressionValue, exchange: Exchange, io: ExpressionIO | None, needed: Iterable[tuple[str, str]] = NEEDED
) -> list[tuple[str, str, int]]:
    """Method, path and status of each needed request that ``rule`` would refuse to the client of ``exchange``.

    Clients on this host are never refused (http-service 4), so the list is empty for them.
    """
    compiled = access_rule(rule, io)
    if compiled is None or exchange.client_ip in LOOPBACK:
        return []
    refused = []
    for method, path in needed:
        probe: Any = SimpleNamespace(
            method=method,
            path=path,
            target=path,
            client_ip=exchange.client_ip,
            connection=exchange.connection,
            head=exchange.head,
        )
        status = compiled.status(probe)
        if not isinstance(status, int):
            status = await status
        if status != GRANTED:
            refused.append((method, path, status))
    return refused
