"""Attachments of events as files to be read (RFC 8607 3.1): by whom the event may be read, and by whom it invites.

They are changed through their events alone. What is sent is somebody's file, so no browser may run or show it as a page
of this origin.
"""

from __future__ import annotations

from typing import Final

from stalwart.codec.content_disposition import attachment
from stalwart.codec.dav.errors import BadPath
from stalwart.codec.dav.paths import Target, decode_segment
from stalwart.dav.asking import Tools
from stalwart.errors import NotFound, Unavailable
from stalwart.groupware.attachments import Attachment, readable
from stalwart.groupware.viewers import Viewer
from stalwart.store import Transaction
from stalwart.web.answers import Answer, Content
from stalwart.web.exchange import Exchange
from stalwart.web.representations import content_answer
from stalwart.web.routes import route
from stalwart.web.transfer import held_content

_DEFAULT_TYPE: Final = "application/octet-stream"
_HARMLESS = (("X-Content-Type-Options", "nosniff"), ("Content-Security-Policy", "default-src 'none'; sandbox"))
_CACHING = ("Cache-Control", "private, no-cache")


@route("GET", "/dav/attach/<account>/<managed_id>/<name>", needs="davCalGet", spec="RFC 8607 3.1")
async def attached_file(exchange: Exchange, *, dav_tools: Tools) -> Answer:
    """An attachment of an event, for those who may read the event or are invited by it."""
    try:
        account, id = (decode_segment(exchange.raw_path_value(each)) for each in ("account", "managed_id"))
    except BadPath:
        raise NotFound from None
    assert exchange.access is not None  # the route says so
    viewer, tools = Viewer.of(exchange.access), dav_tools
    found, content = await tools.store.read(lambda tx: _found(tx, tools, viewer, account, id))
    return content_answer(
        exchange,
        content,
        etag=f'"{found.hash.hex()}"',
        content_type=found.media_type or _DEFAULT_TYPE,
        headers=(("Content-Disposition", attachment(found.filename or "")), *_HARMLESS),
        cached=(_CACHING,),
    )


def _found(tx: Transaction, tools: Tools, viewer: Viewer, account: str, id: str) -> tuple[Attachment, Content]:
    home = tools.homes.find(tx, Target("cal", account))
    owner = home.account_id if home is not None else viewer.account_id
    found = readable(tx, tools.homes, viewer, owner, id, int(tools.clock.seconds()))
    if found is None:
        raise NotFound
    blob = tx.blobs.find(found.hash)
    if blob is None:
        raise Unavailable
    if blob.store == "db":
        return found, held_content(tx.blobs.get(found.hash) or b"")
    hash, store = found.hash, tools.store
    content = Content(blob.size, lambda offset, size: store.blob_work(lambda files: files.read(hash, offset, size)))
    return found, content
