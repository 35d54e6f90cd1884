"""PUT: files as they come, events and cards after a look at them (spec/dav.md 4.6).

A file is streamed to the disk; what can be refused is refused before, and looked at once more when it is written.
"""

from __future__ import annotations

from stalwart.codec.dav.request_fields import overwrites
from stalwart.codec.dav.rights import Rights
from stalwart.config.collaboration.file_storage import FileStorage
from stalwart.dav.asking import UNLIMITED_UPLOADS, Asking
from stalwart.dav.declaring import method
from stalwart.dav.guarding import Touch, guard, judge
from stalwart.dav.owning import may_write_own
from stalwart.dav.refusals import Refused
from stalwart.dav.storing_cards import put_card
from stalwart.dav.storing_events import put_event
from stalwart.errors import TooLarge
from stalwart.groupware.kinds import CALENDARS, FILES
from stalwart.groupware.resources import Level, Resource
from stalwart.store import Transaction
from stalwart.store.blob_files import LARGE
from stalwart.store.collection_rows import Member
from stalwart.store.incoming import Incoming
from stalwart.web.answers import Answer

_ANY_SIZE = 1 << 50


@method("PUT", "PATCH")
async def put(asking: Asking) -> Answer:
    """Keeps what is sent, new or in place of what there is."""
    if asking.target.service == "itip":  # nobody puts messages into inboxes
        raise Refused(403)
    asking.require("Put")
    _check_whole(asking)
    if asking.kind is FILES:
        return await _put_file(asking)
    if asking.kind is CALENDARS:
        return await put_event(asking, place_for)
    return await put_card(asking, place_for)


def _check_whole(asking: Asking) -> None:
    """What is sent must be all of it, as it is: a part (RFC 9110 14.5) would take the place of the whole, and what is
    packed (RFC 9110 8.4) would be given as if it were not. Raises Refused: 400 or 415.
    """
    if asking.field("content-range") is not None:
        raise Refused(400)
    coding = (asking.field("content-encoding") or "").strip().lower()
    if coding not in ("", "identity"):
        raise Refused(415, headers=(("Accept-Encoding", "identity"),))


def place_for(tx: Transaction, asking: Asking) -> Resource:
    """Where an item is to be put, if it may be. Raises Refused."""
    found = asking.resource(tx)
    check_place(found)
    if found.is_taken:
        raise Refused(403)
    if not _may_put(found) and not may_write_own(found):
        raise Refused(403)
    if found.level is Level.ITEM and not overwrites(asking.field("overwrite")):
        raise Refused(412)
    guard(tx, asking, found, Touch.ITSELF if found.level is Level.ITEM else Touch.ITSELF | Touch.NAME)
    judge(tx, asking, found)
    return found


def _may_put(found: Resource) -> bool:
    if found.level is Level.ABSENT:
        return found.is_own or Rights.ADD_ITEMS in found.parent_rights
    return Rights.MODIFY_ITEMS in found.rights or (found.kind is FILES and Rights.MODIFY in found.rights)


def check_place(found: Resource) -> None:
    """Whether an item can be there at all. Raises Refused: 405 or 409."""
    if found.level is Level.HOME:
        raise Refused(409)
    if found.level is Level.COLLECTION:
        raise Refused(405)
    if found.level is Level.ORPHAN:
        # an item above it holds nothing (405); a collection that is not there is to be made first (RFC 4918 9.7.1)
        inside_item = any(not parent.is_collection for parent in found.parents)
        raise Refused(405 if inside_item or len(found.segments) > found.kind.deepest + 1 else 409)
    if found.kind is not FILES and len(found.segments) == 1:
        raise Refused(409)


async def _put_file(asking: Asking) -> Answer:
    store, body = asking.tools.store, asking.exchange.body_stream
    most = _ANY_SIZE if asking.access.may(UNLIMITED_UPLOADS) else asking.tools.settings.of(FileStorage).max_size
    announced = body.announced if body is not None else 0
    if announced is not None and announced > most:
        raise TooLarge
    if announced is None or announced >= LARGE:
        await asking.read(lambda tx: place_for(tx, asking))
    incoming = Incoming(store)
    try:
        while body is not None and (piece := await body.piece(most)):
            await incoming.add(piece)
        content = await incoming.finish()

        def write(tx: Transaction) -> tuple[Member, bool]:
            return asking.tools.files.put(tx, place_for(tx, asking), content, asking.field("content-type"), asking.now)

        member, is_new = await asking.write(write)
    except BaseException:
        incoming.abandon()
        raise
    return Answer(201 if is_new else 204, headers=(("ETag", member.etag),))
