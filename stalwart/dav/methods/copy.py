"""COPY and MOVE: items, and collections with all that is in them (RFC 4918 9.8, 9.9, spec/dav.md 4.8)."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from stalwart.codec.dav.paths import Target, href
from stalwart.codec.dav.request_fields import Depth, destination, overwrites, schedule_reply_wanted
from stalwart.codec.dav.rights import Rights
from stalwart.dav.asking import Asking
from stalwart.dav.declaring import method
from stalwart.dav.guarding import Touch, check_schedule_tag, guard, judge
from stalwart.dav.methods.delete import check_below, check_removable
from stalwart.dav.refusals import Refused, violation
from stalwart.groupware.kinds import FILES
from stalwart.groupware.placing import depth_below
from stalwart.groupware.resources import Level, Resource, locate
from stalwart.groupware.violations import Violation
from stalwart.store import Transaction
from stalwart.store.collection_rows import Member
from stalwart.web.answers import Answer

_WHOLE = Touch.ITSELF | Touch.NAME | Touch.BELOW


@frozen
class _Ways:
    """From where to where, and how."""

    source: Resource
    to: Resource
    moves: bool

    @property
    def is_collection(self) -> bool:
        """Whether it is one that goes."""
        return self.source.level is Level.COLLECTION


@method("COPY")
async def copy(asking: Asking) -> Answer:
    """Has a resource in a second place."""
    return await _carried_out(asking, moves=False)


@method("MOVE")
async def move(asking: Asking) -> Answer:
    """Has a resource in another place."""
    return await _carried_out(asking, moves=True)


async def _carried_out(asking: Asking, *, moves: bool) -> Answer:
    asking.require("Move" if moves else "Copy")
    if asking.target.account is None:
        raise Refused(403)
    target = destination(asking.field("destination"))
    if target is None or target.service != asking.target.service or not target.segments:
        raise Refused(502)
    to_target = target
    ways, member = await asking.write(lambda tx: _carry_out(tx, asking, to_target, moves))
    headers = (("ETag", member.etag),) if ways.source.kind is FILES else ()
    return Answer(201 if ways.to.member is None else 204, headers=headers)


def _carry_out(tx: Transaction, asking: Asking, target: Target, moves: bool) -> tuple[_Ways, Member]:
    source = asking.resource(tx)
    if source.level is Level.HOME:
        raise Refused(403)
    if source.member is None:
        raise Refused(404)
    ways = _Ways(source, _destination(tx, asking, target), moves)
    _check_levels(tx, ways)
    _check_rights(tx, asking, ways)
    if ways.to.member is not None and not overwrites(asking.field("overwrite")):
        raise Refused(412)
    if moves:
        guard(tx, asking, source, _WHOLE)
    guard(tx, asking, ways.to, Touch.ITSELF | Touch.BELOW if ways.to.member is not None else Touch.ITSELF | Touch.NAME)
    judge(tx, asking, source)
    if moves:
        check_schedule_tag(tx, asking, source)
    is_new = ways.to.member is None and not (moves and source.account_id == ways.to.account_id)
    if is_new and ways.is_collection and source.kind is not FILES:
        asking.tools.homes.check_room(tx, ways.to.kind, ways.to.account_id)
    placing, events, who, now = asking.tools.placing, asking.tools.events, asking.viewer.account_id, asking.now
    try:
        _see_to_guests(tx, asking, ways)
        before = events.note_leaving(tx, source, ways.to, moves=moves, user_id=who, now=now)
        if moves:
            member = placing.move(tx, source, ways.to, now)
        else:
            member = placing.copy(tx, source, ways.to, _levels(asking, ways), now)
        if source.discretion.guards and source.account_id != ways.to.account_id:
            member = _as_seen(tx, asking, ways, member)
        if source.account_id != ways.to.account_id or before is not None:
            events.note_arriving(tx, ways.to, member, before, user_id=who, now=now)
        return ways, member
    except Violation as broken:
        raise refusal_of(tx, ways.to, broken) from None


def _see_to_guests(tx: Transaction, asking: Asking, ways: _Ways) -> None:
    """Have those hear of it who are invited to what makes way; what takes its guests' organizer from them stays
    (RFC 6638 3.2.3.3, 3.2.3.4). Raises Violation.
    """
    events, who, now = asking.tools.events, asking.viewer.account_id, asking.now
    events.make_way(tx, ways.source, ways.to, user_id=who, now=now)
    if ways.moves:
        sends_reply = schedule_reply_wanted(asking.field("schedule-reply"))
        events.hand_over(tx, ways.source, ways.to, user_id=who, now=now, sends_reply=sends_reply)


def refusal_of(tx: Transaction, found: Resource, broken: Violation) -> Refused:
    """The refusal for a rule that a write at ``found`` has broken, with the URL of what stands in the way."""
    holder = None
    if broken.holder is not None:
        collection_id, segment = broken.holder
        above = tx.collections.path(found.account_id, collection_id) or ()
        holder = href(found.kind.service, found.home.address, *above, segment, collection=False)
    return violation(found.kind, broken, holder)


def _destination(tx: Transaction, asking: Asking, target: Target) -> Resource:
    homes = asking.tools.homes
    home = homes.find(tx, target)
    if home is not None and asking.viewer.belongs_to(home.account_id):
        homes.make_first(tx, asking.kind, home)
    try:
        return asking.resource(tx, target)
    except Refused as refusal:
        raise Refused(502 if refusal.status == 404 else refusal.status) from None


def _check_levels(tx: Transaction, ways: _Ways) -> None:
    source, to = ways.source, ways.to
    if source.account_id == to.account_id:
        shorter = min(len(source.segments), len(to.segments))
        is_inside = source.segments[:shorter] == to.segments[:shorter]
        if is_inside and (len(to.segments) <= len(source.segments) or ways.is_collection):
            raise Refused(502)  # itself, what it is in, or what is in it
    if source.kind is not FILES and len(source.segments) != len(to.segments):
        raise Refused(502)
    if to.level is Level.ORPHAN:
        is_below_item = any(not parent.is_collection for parent in to.parents)
        raise Refused(502 if is_below_item else 409)
    if to.member is not None and source.kind is not FILES and to.member.is_collection != ways.is_collection:
        raise Refused(502)
    deepest = source.kind.deepest
    if ways.is_collection and source.kind is FILES and len(to.segments) > len(source.segments):
        deepest -= depth_below(tx, source)
    if len(to.segments) > deepest + (not ways.is_collection):
        raise Refused(409)


def _check_rights(tx: Transaction, asking: Asking, ways: _Ways) -> None:
    source, to = ways.source, ways.to
    readable = Rights.READ if source.kind is FILES else Rights.READ_ITEMS
    if ways.moves:
        check_removable(tx, asking, source)
        check_below(tx, asking, source, Rights.DELETE)
    if not source.rights & readable:
        raise Refused(403)
    if not ways.moves:
        check_below(tx, asking, source, readable)
    if to.is_taken or (ways.moves and _is_kept(tx, ways)):
        raise Refused(403)
    if to.is_own:
        return
    if ways.is_collection:
        raise Refused(403)
    if to.member is not None:
        check_removable(tx, asking, to)
        check_below(tx, asking, to, Rights.DELETE)
    if _links(tx, ways) and Rights.MODIFY_ITEMS not in source.rights:
        raise Refused(403)  # it would be written by who may write in the other place
    if Rights.ADD_ITEMS not in to.parent_rights:
        raise Refused(403)


def _guarded_members(tx: Transaction, source: Resource) -> Iterator[Member]:
    """What of somebody else's event, or of those in his calendar, is not for everybody."""
    guards = source.discretion.guards
    if source.level is Level.ITEM and source.member is not None:
        yield from [source.member] if source.member.item_id in guards else []
    elif guards:
        after = ""
        while found := tx.collections.members(source.account_id, source.inside, after=after, limit=1000):
            yield from (each for each in found if each.item_id in guards)
            after = found[-1].segment


def _is_kept(tx: Transaction, ways: _Ways) -> bool:
    """Whether there is something that nobody else takes away: what is private, and what he does not see all of."""
    leaves, hides = ways.source.account_id != ways.to.account_id, ways.source.discretion.hides
    return any(leaves or hides(each.item_id) for each in _guarded_members(tx, ways.source))


def _as_seen(tx: Transaction, asking: Asking, ways: _Ways, member: Member) -> Member:
    """Have what was copied from somebody else be what who asks sees of it; answers the member as it is then."""
    source, to, secret = ways.source, ways.to, ways.source.discretion.secret
    for each in list(_guarded_members(tx, source)):
        segments = to.segments if source.level is Level.ITEM else (*to.segments, each.segment)
        made = locate(tx, asking.viewer, to.kind, to.home, segments)
        if made.member is None:
            continue  # the calendar was copied without what is in it
        if each.item_id in secret:
            tx.collections.remove(to.account_id, made.place, made.name, now=asking.now)
            continue
        octets = asking.seen(tx, source, each.item_id, tx.collections.octets(source.account_id, each.item_id) or b"")
        events, who = asking.tools.events, asking.viewer.account_id
        given = events.examine(octets, asking.now)
        kept = events.put(tx, made, given, user_id=who, now=asking.now, is_silent=True)
        member = kept.member if source.level is Level.ITEM else member
    return member


def _links(tx: Transaction, ways: _Ways) -> bool:
    """Whether one thing is in one place more then, beside one that it stays in."""
    source = ways.source
    if source.kind is FILES or source.member is None or source.account_id != ways.to.account_id:
        return False
    return not ways.moves or len(tx.collections.places(source.account_id, source.member.item_id)) > 1


def _levels(asking: Asking, ways: _Ways) -> int | None:
    """How much of what is in a collection is copied with it (RFC 4918 9.8.3)."""
    if asking.depth is Depth.ZERO:
        return 0
    return 1 if asking.depth is Depth.ONE and ways.source.kind is FILES else None
