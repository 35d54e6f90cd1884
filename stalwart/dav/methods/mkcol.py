"""MKCOL and MKCALENDAR: new calendars, address books and folders, with properties or without (RFC 4918 9.3, RFC 5689,
RFC 4791 5.3.1, spec/dav.md 4.4).
"""

from __future__ import annotations

from attrs import frozen

from stalwart.codec.dav.bodies import Mkcol, read_mkcol
from stalwart.codec.dav.multistatus import CONTENT_TYPE, Outcome, document, outcomes
from stalwart.codec.dav.names import CALDAV, CARDDAV, name
from stalwart.codec.dav.rights import Rights
from stalwart.dav.asking import Asking
from stalwart.dav.changing import Change
from stalwart.dav.declaring import method
from stalwart.dav.guarding import Touch, guard, judge
from stalwart.dav.refusals import Refused
from stalwart.groupware.homes import DISPLAY_NAME
from stalwart.groupware.kinds import CALENDARS, FILES
from stalwart.groupware.resources import Level, Resource
from stalwart.store import Transaction
from stalwart.store.collection_rows import Member
from stalwart.web.answers import Answer


@frozen
class _Made:
    """``member`` is None where a property could not be set."""

    member: Member | None
    went: tuple[Outcome, ...]


@method("MKCOL", "MKCALENDAR")
async def mkcol(asking: Asking) -> Answer:
    """A new collection."""
    asking.require("MkCol")
    if asking.exchange.method == "MKCALENDAR" and asking.kind is not CALENDARS:
        raise Refused(405)
    body = await asking.document()
    asked = read_mkcol(body) if body else None
    made = await asking.write(lambda tx: _make(tx, asking, asked))
    if made.member is None:
        return Answer(403, _written(asked, made), CONTENT_TYPE)
    headers = (("ETag", made.member.etag),)
    if asked is None or asking.preferences.minimal:
        return Answer(201, headers=headers)
    return Answer(201, _written(asked, made), CONTENT_TYPE, headers)


def _written(asked: Mkcol | None, made: _Made) -> bytes:
    root = name("A:mkcalendar-response" if asked is not None and asked.root == "mkcalendar" else "D:mkcol-response")
    return document(root, outcomes(made.went), namespaces=(CALDAV, CARDDAV))


def _make(tx: Transaction, asking: Asking, asked: Mkcol | None) -> _Made:
    found = asking.resource(tx)
    _check_place(found)
    guard(tx, asking, found, Touch.ITSELF | Touch.NAME)
    judge(tx, asking, found)
    change = Change.making(asking, found)
    if found.kind is not FILES:
        asking.tools.homes.check_room(tx, found.kind, found.account_id)
        change.data[DISPLAY_NAME] = found.name
    went, is_well = change.carry_out(asked.properties if asked is not None else ())
    if not is_well:
        return _Made(None, tuple(went))
    if found.kind is FILES:
        member = asking.tools.files.make_folder(tx, found, change.data, asking.now)
    else:
        member = tx.collections.create(
            found.account_id, found.kind.type, found.place, found.name, now=asking.now, data=change.data
        )
    return _Made(member, tuple(went))


def _check_place(found: Resource) -> None:
    if found.level is Level.HOME:
        raise Refused(405 if found.kind is FILES else 403)
    if found.level is Level.ORPHAN:
        raise Refused(409 if found.kind is FILES else 405)
    if found.level is not Level.ABSENT or len(found.segments) > found.kind.deepest:
        raise Refused(405)
    if not found.is_own and (found.kind is not FILES or Rights.ADD_ITEMS not in found.parent_rights):
        raise Refused(403)
