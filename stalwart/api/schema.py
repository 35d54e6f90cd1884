"""``/api/schema``: the document that describes every setting, under an address that names its content (auth-api 10).

Built once, off the reactor, when somebody first asks; afterwards it is ready bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from twisted.internet.defer import Deferred, DeferredLock

from stalwart.codec.accept_encoding import choose_encoding
from stalwart.config.schema_doc.document import SchemaDocument, build
from stalwart.web.answers import IMMUTABLE, PLAIN_JSON, Answer, redirect
from stalwart.web.exchange import Exchange
from stalwart.web.routes import ANY_METHOD, AUTHENTICATED, route

T = TypeVar("T")
_VARY = ("Vary", "Accept-Encoding")


class Threads(Protocol):
    """Where slow work is done: ``directory.hashing.Hashing``."""

    def run(self, work: Callable[[], T]) -> Deferred[T]: ...


class SchemaDocuments:
    """The document of this server; ``made`` builds it, in ``threads``."""

    def __init__(self, threads: Threads, made: Callable[[], SchemaDocument] = build) -> None:
        self._threads = threads
        self._made = made
        self._lock = DeferredLock()
        self._document: SchemaDocument | None = None

    async def document(self) -> SchemaDocument:
        """The document; who asks while it is being built waits. Raises Unavailable if too much is being done."""
        if self._document is None:
            await self._lock.acquire()
            try:
                if self._document is None:
                    self._document = await self._threads.run(self._made)
            finally:
                self._lock.release()
        return self._document


@route(ANY_METHOD, "/api/schema", needs=AUTHENTICATED, spec="auth-api 10")
async def schema(exchange: Exchange, *, schema_documents: SchemaDocuments) -> Answer:
    """Where the document is: 302 to the address with its hash."""
    return _elsewhere(await schema_documents.document())


@route(ANY_METHOD, "/api/schema/<hash>", needs=AUTHENTICATED, spec="auth-api 10")
async def schema_by_hash(exchange: Exchange, *, schema_documents: SchemaDocuments) -> Answer:
    """The document, for ever at this address; 302 from any other hash to the right one."""
    document = await schema_documents.document()
    if exchange.raw_path_value("hash") != document.hash:
        return _elsewhere(document)
    if choose_encoding(exchange.header("accept-encoding")) == "gzip":
        return Answer(200, document.compressed, PLAIN_JSON, (IMMUTABLE, ("Content-Encoding", "gzip"), _VARY))
    return Answer(200, document.text, PLAIN_JSON, (IMMUTABLE, _VARY))


def _elsewhere(document: SchemaDocument) -> Answer:
    return redirect(f"/api/schema/{document.hash}")
