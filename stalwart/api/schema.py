"""``/api/schema``: the document that describes every settings object, under its hash and cached for ever (auth-api 10,
settings B). With ``language`` in the query it is the one for interfaces, in that language.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import frozen
from twisted.internet.threads import deferToThreadPool

from stalwart.config.catalogue import declarations
from stalwart.config.schema_document.document import document_bytes, document_hash
from stalwart.config.schema_document.interface import interface_bytes
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


def made(language: str | None) -> bytes:
    """The whole document, or the one for interfaces in a language."""
    return document_bytes(declarations()) if language is None else interface_bytes(declarations(), language)


class SchemaDocument:
    """The documents of this server: made in a thread when they are first asked for, then kept.

    ``build`` gives the bytes of one; it takes about 0.1 s with compression.
    """

    def __init__(self, reactor: Any, build: Callable[[str | None], bytes] = made) -> None:
        self._reactor = reactor
        self._build = build
        self._served: dict[str | None, Served] = {}
        self._making: Flights[str | None, Served] = Flights()

    async def served(self, language: str | None = None) -> Served:
        """The whole document, or the one for interfaces in a language; who asks while it is made waits for it."""
        if language not in self._served:
            self._served[language] = await self._making.join(language, lambda: self._made(language))
        return self._served[language]

    def hashes(self) -> dict[str, str]:
        """The hashes of those documents for interfaces that have been made, by their languages."""
        return {language: served.hash for language, served in self._served.items() if language is not None}

    async def _made(self, language: str | None) -> Served:
        return await deferToThreadPool(self._reactor, self._reactor.getThreadPool(), self._make, language)

    def _make(self, language: str | None) -> Served:
        document = self._build(language)
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
    wanted = exchange.query.get("language")
    language = None if wanted is None else language_of(wanted)
    served = await documents.served(language)
    if hash == served.hash:
        return served.file.answer(exchange)
    return redirect(f"/api/schema/{served.hash}" + (f"?language={language}" if language else ""))
