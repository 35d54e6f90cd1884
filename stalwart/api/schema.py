"""``/api/schema``: the document that describes every settings object, under its hash and cached for ever (auth-api 10,
settings B).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import frozen
from twisted.internet.threads import deferToThreadPool

from stalwart.config.catalogue import declarations
from stalwart.config.schema_document.document import document_bytes, document_hash
from stalwart.net.flights import Flights
from stalwart.web.answers import Answer, redirect
from stalwart.web.exchange import Exchange
from stalwart.web.routes import ANY_METHOD, AUTHENTICATED, route
from stalwart.web.static import Asset, asset


@frozen
class Served:
    """The document, plain and compressed, and the path segment that it is found under."""

    hash: str
    file: Asset


class SchemaDocument:
    """The document of this server: made in a thread when it is first asked for, then kept.

    ``build`` gives its bytes; it takes about 0.1 s with compression.
    """

    def __init__(self, reactor: Any, build: Callable[[], bytes] = lambda: document_bytes(declarations())) -> None:
        self._reactor = reactor
        self._build = build
        self._served: Served | None = None
        self._making: Flights[str, Served] = Flights()

    async def served(self) -> Served:
        """The document; who asks while it is made waits for it."""
        if self._served is None:
            self._served = await self._making.join("document", self._made)
        return self._served

    async def _made(self) -> Served:
        return await deferToThreadPool(self._reactor, self._reactor.getThreadPool(), self._make)

    def _make(self) -> Served:
        document = self._build()
        return Served(document_hash(document), asset("schema.json", document, immutable=True))


@route(ANY_METHOD, "/api/schema", needs=AUTHENTICATED, spec="auth-api 10")
async def schema(exchange: Exchange, *, schema_document: SchemaDocument) -> Answer:
    """The way to the schema document: 302 to the path with its present hash."""
    return _to((await schema_document.served()).hash)


@route(ANY_METHOD, "/api/schema/", needs=AUTHENTICATED, spec="auth-api 10")
async def schema_without_hash(exchange: Exchange, *, schema_document: SchemaDocument) -> Answer:
    """As without the slash."""
    return _to((await schema_document.served()).hash)


@route(ANY_METHOD, "/api/schema/<hash>", needs=AUTHENTICATED, spec="auth-api 10, settings B")
async def schema_of_hash(exchange: Exchange, *, schema_document: SchemaDocument) -> Answer:
    """The schema document whose SHA-256 in hex is ``hash``; 302 to the right path from any other."""
    served = await schema_document.served()
    return served.file.answer(exchange) if exchange.path_value("hash") == served.hash else _to(served.hash)


def _to(hash: str) -> Answer:
    return redirect(f"/api/schema/{hash}")
