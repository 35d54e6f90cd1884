"""Downloads over HTTP: whole or one range, streamed in constant memory (RFC 8620 6.2, RFC 9110 14, jmap.md 8).

What is sent is somebody's mail or file, so no browser may run or show it as a page of this origin: it is always an
attachment, of no other type than the one said, in a sandbox.
"""

from __future__ import annotations

from urllib.parse import unquote

from stalwart.codec.content_disposition import attachment
from stalwart.codec.media_types import is_media_type
from stalwart.directory.access import Access
from stalwart.errors import NotFound
from stalwart.jmap.accounts import may_use
from stalwart.jmap.blobs.access import FETCH_ANY, find_readable
from stalwart.jmap.blobs.contents import MOST_DECODED, Decoding, octets_of
from stalwart.jmap.capabilities import SHARED_TYPES
from stalwart.jmap.standard.asking import number_of
from stalwart.store import Store
from stalwart.web.answers import Answer
from stalwart.web.clock import Clock
from stalwart.web.exchange import Exchange
from stalwart.web.representations import content_answer
from stalwart.web.routes import route

DEFAULT_TYPE = "application/octet-stream"
CACHING = ("Cache-Control", "private, immutable, max-age=31536000")  # RFC 8620 6.2
_HARMLESS = (("X-Content-Type-Options", "nosniff"), ("Content-Security-Policy", "default-src 'none'; sandbox"))


@route("GET", "/jmap/download/<account_id>/<blob_id>/<path:name>", needs="jmapBlobGet", spec="jmap 8; RFC 8620 6.2")
async def download(exchange: Exchange, *, store: Store, clock: Clock) -> Answer:
    """A blob as a file."""
    name = unquote(exchange.raw_path_value("name").partition("/")[0], errors="replace")
    return await _file(exchange, store, clock, name)


@route("GET", "/jmap/download/<account_id>/<blob_id>/", needs="jmapBlobGet", spec="jmap 8; RFC 8620 6.2")
async def download_nameless(exchange: Exchange, *, store: Store, clock: Clock) -> Answer:
    """A blob as a file, for programs that leave the name in the template empty."""
    return await _file(exchange, store, clock, "")


async def _file(exchange: Exchange, store: Store, clock: Clock, name: str) -> Answer:
    assert exchange.access is not None  # the route says so
    account_id = _account(exchange.access, exchange.raw_path_value("account_id"))
    text = exchange.raw_path_value("blob_id")
    access, now = exchange.access, int(clock.seconds())
    found = await store.read(lambda tx: find_readable(tx, access, account_id, (text,), now))
    if text not in found:
        raise NotFound
    octets = await octets_of(store, found[text], Decoding(MOST_DECODED))
    return content_answer(
        exchange,
        octets.content(store),
        etag=f'"{text}"',
        content_type=wanted_type(exchange.query.get("accept")),
        headers=(("Content-Disposition", attachment(name)), *_HARMLESS),
        cached=(CACHING,),
    )


def wanted_type(accept: str | None) -> str:
    """The Content-Type that the client asks for; what is no media type is as good as nothing.

    A plus that came unescaped, and so as a space, is put back (``image/svg+xml``).
    """
    for each in (accept, accept.replace(" ", "+") if accept else None):
        if each is not None and is_media_type(each):
            return each
    return DEFAULT_TYPE


def _account(access: Access, text: str) -> int:
    account_id = number_of(text)
    if account_id is None or not (may_use(access, account_id, SHARED_TYPES) or access.may(FETCH_ANY)):
        raise NotFound
    return account_id
