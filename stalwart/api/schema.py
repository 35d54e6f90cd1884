"""``/api/schema``: the document that describes every settings object, under its hash and cached for ever (auth-api 10,
settings B). With ``language`` in the query it is the one for interfaces, in that language; ``part`` names what that one
leaves out (``explanations`` of fields, long ``enumerations``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from attrs import frozen
from twisted.internet.threads import deferToThreadPool

from stalwart.config.catalogue import declarations
from stalwart.config.schema_document.document import document_bytes, document_hash
from stalwart.config.schema_document.interface import PARTS, interface_bytes
from stalwart.config.schema_document.languages import language_of
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


@frozen
class Wanted:
    """The whole document, where there is no language; else the one for interfaces, or a part of it."""

    language: str | None = None
    part: str | None = None

    @property
    def query(self) -> str:
        """How it is asked for, with the question mark."""
        if self.language is None:
            return ""
        return f"?language={self.language}" + (f"&part={self.part}" if self.part else "")

    @property
    def name(self) -> str:
        """What pages call it: ``de``, ``de-explanations``."""
        return "-".join(filter(None, (self.language, self.part)))


WHOLE = Wanted()


def wanted(query: Mapping[str, str]) -> Wanted:
    """What a query asks for; an unknown part is none."""
    language = query.get("language")
    part = query.get("part")
    return WHOLE if language is None else Wanted(language_of(language), part if part in PARTS else None)


def made(which: Wanted) -> bytes:
    """The bytes of a document."""
    if which.language is None:
        return document_bytes(declarations())
    return interface_bytes(declarations(), which.language, which.part)


class SchemaDocument:
    """The documents of this server: made in a thread when they are first asked for, then kept.

    ``build`` gives the bytes of one; it takes about 0.1 s with compression.
    """

    def __init__(self, reactor: Any, build: Callable[[Wanted], bytes] = made) -> None:
        self._reactor = reactor
        self._build = build
        self._served: dict[Wanted, Served] = {}
        self._making: Flights[Wanted, Served] = Flights()

    async def served(self, which: Wanted = WHOLE) -> Served:
        """A document; who asks while it is made waits for it."""
        if which not in self._served:
            self._served[which] = await self._making.join(which, lambda: self._made(which))
        return self._served[which]

    def hashes(self) -> dict[str, str]:
        """The hashes of those documents for interfaces that have been made, by their names."""
        return {which.name: served.hash for which, served in self._served.items() if which.language is not None}

    async def _made(self, which: Wanted) -> Served:
        return await deferToThreadPool(self._reactor, self._reactor.getThreadPool(), self._make, which)

    def _make(self, which: Wanted) -> Served:
        document = self._build(which)
        return Served(document_hash(document), asset("schema.json", document, immutable=True, private=True))


@route(ANY_METHOD, "/api/schema", needs=AUTHENTICATED, spec="auth-api 10")
async def schema(exchange: Exchange, *, schema_document: SchemaDocument) -> Answer:
    """The way to the schema document: 302 to the path with its present hash."""
    return await _found(exchange, schema_document)


@route(ANY_METHOD, "/api/schema/", needs=AUTHENTICATED, spec="auth-api 10")
async def schema_without_hash(exchange: Exchange, *, schema_document: SchemaDocument) -> Answer:
    """As without the slash."""
    return await _found(exchange, schema_document)


@route(ANY_METHOD, "/api/schema/<hash>", needs=AUTHENTICATED, spec="auth-api 10, settings B")
async def schema_of_hash(exchange: Exchange, *, schema_document: SchemaDocument) -> Answer:
    """The schema document whose SHA-256 in hex is ``hash``; 302 to the right path from any other."""
    return await _found(exchange, schema_document, exchange.path_value("hash"))


async def _found(exchange: Exchange, documents: SchemaDocument, hash: str = "") -> Answer:
    which = wanted(exchange.query)
    served = await documents.served(which)
    if hash == served.hash:
        return served.file.answer(exchange)
    return redirect(f"/api/schema/{served.hash}{which.query}")
