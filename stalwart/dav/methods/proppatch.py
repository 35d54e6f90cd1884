"""PROPPATCH: sets and removes properties, all or none of them (RFC 4918 9.2, spec/dav.md 4.3)."""

from __future__ import annotations

from stalwart.codec.dav.bodies import PropertyUpdate, read_proppatch
from stalwart.codec.dav.multistatus import CONTENT_TYPE, Multistatus, Outcome, outcomes, property_response
from stalwart.codec.dav.rights import Rights
from stalwart.dav.asking import Asking
from stalwart.dav.changing import Change, is_there
from stalwart.dav.declaring import method
from stalwart.dav.guarding import Touch, guard, judge
from stalwart.dav.refusals import Refused
from stalwart.groupware.kinds import FILES
from stalwart.groupware.resources import Level, Resource
from stalwart.store import Transaction
from stalwart.store.collection_rows import Member
from stalwart.web.answers import Answer


@method("PROPPATCH")
async def proppatch(asking: Asking) -> Answer:
    """Changes properties of a home, a collection or an item."""
    asking.require("PropPatch")
    if asking.target.account is None:
        raise Refused(403)
    update = read_proppatch(await asking.document())
    found, went, member = await asking.write(lambda tx: _change(tx, asking, update))
    headers = (("ETag", member.etag),) if member is not None else ()
    is_well = all(outcome.status < 300 for outcome in went)
    if not went or (is_well and asking.preferences.minimal):
        return Answer(204, headers=headers)
    written = Multistatus()
    path = asking.target.href(collection=found.level is not Level.ITEM)
    written.add(property_response(path.encode(), outcomes(went)))
    return Answer(207, written.finish(), CONTENT_TYPE, headers)


def _change(tx: Transaction, asking: Asking, update: PropertyUpdate) -> tuple[Resource, list[Outcome], Member | None]:
    found = asking.resource(tx)
    if not is_there(found):
        raise Refused(404)
    _check_rights(found)
    guard(tx, asking, found, Touch.ITSELF)
    judge(tx, asking, found)
    change = Change.of(tx, asking, found)
    went, is_well = change.carry_out(update.instructions)
    member = change.keep(tx) if went and is_well else found.member
    return found, went, member


def _check_rights(found: Resource) -> None:
    if found.level is Level.HOME:
        needed = Rights.MODIFY if found.is_own else None
    elif found.level is Level.COLLECTION or found.kind is FILES:
        needed = Rights.MODIFY
    else:
        needed = Rights.MODIFY_ITEMS
    if needed is None or needed not in found.rights:
        raise Refused(403)
