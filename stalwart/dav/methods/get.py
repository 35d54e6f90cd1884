"""GET and HEAD: what is in events, cards and files (spec/dav.md 4.5, 9.3)."""

from __future__ import annotations

from email.utils import formatdate

from attrs import frozen

from stalwart.codec.dav.rights import Rights
from stalwart.codec.vcard.card import version_of
from stalwart.codec.vcard.requested import accepted_version, requested
from stalwart.dav.asking import Asking
from stalwart.dav.declaring import method
from stalwart.dav.guarding import judge
from stalwart.dav.inbox import get_notice
from stalwart.dav.refusals import Refused
from stalwart.dav.storing_cards import CONTENT_TYPE
from stalwart.errors import Unavailable
from stalwart.groupware.files import MEDIA_TYPE
from stalwart.groupware.kinds import ADDRESS_BOOKS, CALENDARS, FILES
from stalwart.groupware.resources import Level
from stalwart.groupware.traits import SCHEDULE_TAG
from stalwart.store import Transaction
from stalwart.store.collection_rows import Member
from stalwart.web.answers import Answer, Content, Headers
from stalwart.web.representations import content_answer
from stalwart.web.transfer import held_content

_DEFAULT_TYPE = "application/octet-stream"
_HARMLESS = (("X-Content-Type-Options", "nosniff"), ("Content-Security-Policy", "default-src 'none'; sandbox"))


@frozen
class _Found:
    member: Member
    octets: bytes | None
    blob: bytes | None = None


@method("GET", "HEAD")
async def get(asking: Asking) -> Answer:
    """The content of an item."""
    if asking.target.service == "itip":
        return await get_notice(asking)
    asking.require("Get")
    found = await asking.read(lambda tx: _found(tx, asking))
    member = found.member
    headers: Headers = (("Last-Modified", formatdate(member.modified_at, usegmt=True)),)
    if asking.kind is ADDRESS_BOOKS:
        return await _card(asking, found, headers)
    if asking.kind is CALENDARS:
        return _object(found, headers)
    media_type = (member.data or {}).get(MEDIA_TYPE, _DEFAULT_TYPE)
    content = held_content(found.octets) if found.octets is not None else _stored(asking, found)
    headers = (*headers, *_HARMLESS)
    return content_answer(
        asking.exchange, content, etag=member.etag, content_type=media_type, headers=headers, is_judged=True
    )


def _found(tx: Transaction, asking: Asking) -> _Found:
    found = asking.resource(tx)
    if found.level in (Level.ABSENT, Level.ORPHAN):
        raise Refused(404)
    if found.level is not Level.ITEM:
        raise Refused(405)
    if not found.rights & (Rights.READ if found.kind is FILES else Rights.READ_ITEMS):
        raise Refused(403)
    is_variant = found.kind is ADDRESS_BOOKS and accepted_version(asking.field("accept")) is not None
    judge(tx, asking, found, reading=True, is_variant=is_variant)
    member = tx.collections.member(found.account_id, found.place, found.name, with_data=True)
    assert member is not None  # in the same transaction
    if found.kind is not FILES:
        octets = tx.collections.octets(found.account_id, member.item_id) or b""
        return _Found(member, asking.seen(tx, found, member.item_id, octets))
    row = tx.objects.get(found.account_id, member.item_id)
    blob = tx.blobs.find(row.blob) if row is not None and row.blob is not None else None
    if blob is None:
        raise Unavailable
    return _Found(member, tx.blobs.get(blob.hash) if blob.store == "db" else None, blob.hash)


def _stored(asking: Asking, found: _Found) -> Content:
    hash, store = found.blob, asking.tools.store
    assert hash is not None
    return Content(
        found.member.size, lambda offset, size: store.blob_work(lambda files: files.read(hash, offset, size))
    )


def _object(found: _Found, headers: Headers) -> Answer:
    """An event as it is kept."""
    member, octets = found.member, found.octets or b""
    headers = (("ETag", member.etag), *headers)
    tag = (member.data or {}).get(SCHEDULE_TAG)
    if tag is not None:
        headers = (*headers, ("Schedule-Tag", f'"{tag}"'))
    return Answer(200, octets, "text/calendar; charset=utf-8", headers)


async def _card(asking: Asking, found: _Found, headers: Headers) -> Answer:
    """A card as it is kept, or in the version that the client likes best. The tag is that of the card in any version,
    since it is what the client shows when it changes the card; who asks for a version gets it, and never 304.
    """
    octets = found.octets or b""
    headers = (("ETag", found.member.etag), *headers, ("Vary", "Accept"))
    asked = requested(None, asking.field("accept"))
    if asked.version is not None and asked.version != version_of(octets):
        octets = await asking.tools.store.blob_work(lambda files: asked.of(octets))
    return Answer(200, octets, CONTENT_TYPE, headers)
