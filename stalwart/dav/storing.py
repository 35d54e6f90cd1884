"""What PUT of events and of cards have in common: bodies within limits, refusals that say what stands in the way."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import formatdate

from stalwart.codec.dav.paths import href
from stalwart.codec.dav.rights import Rights
from stalwart.config.collaboration.webdav import WebDav
from stalwart.dav.asking import UNLIMITED_UPLOADS, Asking
from stalwart.dav.refusals import Refused, violation
from stalwart.errors import TooLarge
from stalwart.groupware.resources import Level, Resource
from stalwart.groupware.violations import Rule, Violation
from stalwart.store import Transaction
from stalwart.web.answers import Answer, Headers

Place = Callable[[Transaction, Asking], Resource]
"""Says where something is put, once locks and conditions have let it through."""


async def limited_body(asking: Asking, most: int) -> bytes:
    """The body, which is not read beyond what an object may have. Raises TooLarge, Violation."""
    largest = asking.tools.settings.of(WebDav).request_max_size
    stream = asking.exchange.body_stream
    try:
        return await asking.exchange.body(most)
    except TooLarge:
        announced = stream.announced if stream is not None else None
        is_request_too_large = announced is not None and announced > largest
        if is_request_too_large and not asking.access.may(UNLIMITED_UPLOADS):
            raise
        raise Violation(Rule.TOO_LARGE, limit=most) from None


def violated(found: Resource, broken: Violation) -> Refused:
    """The refusal of what is put at ``found``, with the URL of what stands in the way."""
    holder = None
    if broken.holder is not None:
        segments = (*found.segments[:-1], broken.holder[1])
        holder = href(found.kind.service, found.home.address, *segments, collection=False)
    return violation(found.kind, broken, holder)


def is_to_show(asking: Asking, found: Resource) -> bool:
    """Whether the answer has the item with it: that is liked, and who asks may read there (RFC 3744 3.1)."""
    return asking.preferences.representation and Rights.READ_ITEMS in found.rights | found.parent_rights


def as_it_is(tx: Transaction, asking: Asking, refusal: Refused, content_type: str) -> Answer:
    """The refusal with what is there, for who would like to see that at once (RFC 8144 3.2)."""
    found = asking.resource(tx)
    if found.level is not Level.ITEM or found.member is None or not is_to_show(asking, found):
        raise refusal
    member = found.member
    octets = asking.seen(tx, found, member.item_id, tx.collections.octets(found.account_id, member.item_id) or b"")
    headers = (
        ("ETag", member.etag),
        ("Last-Modified", formatdate(member.modified_at, usegmt=True)),
        ("Preference-Applied", "return=representation"),
    )
    return Answer(412, octets, content_type, headers)


def placed(tx: Transaction, asking: Asking, place_for: Place, content_type: str) -> Resource | Answer:
    """Where something is put; or the refusal with what is there, where that is liked. Raises Refused."""
    try:
        return place_for(tx, asking)
    except Refused as refusal:
        if refusal.status == 412 and not refusal.conditions and asking.preferences.representation:
            return as_it_is(tx, asking, refusal, content_type)
        raise


def stored_answer(is_new: bool, headers: Headers, octets: bytes | None, content_type: str) -> Answer:
    """The answer to what is kept now, with it unless it is not to be shown: None (RFC 8144 2.2)."""
    if octets is None:
        return Answer(201 if is_new else 204, headers=headers)
    applied = (*headers, ("Preference-Applied", "return=representation"))
    return Answer(201 if is_new else 200, octets, content_type, applied)
