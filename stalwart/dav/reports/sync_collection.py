"""sync-collection: what has changed since a token (RFC 6578, spec/dav.md 5.1).

Changes are told in the order in which they happened, so the token of an answer that is cut off is the number of its
last change, and what happens meanwhile comes later in that order. A listing of everything is cut off in the same way;
its token also says when it began, because only since then must be known what was removed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import Final

from attrs import define, field, frozen
from msgspec.structs import replace

from stalwart.codec.dav.multistatus import status_response, truncated_response
from stalwart.codec.dav.paths import href
from stalwart.codec.dav.property_request import PropertyRequest
from stalwart.codec.dav.reports import SyncCollection
from stalwart.codec.dav.rights import Rights
from stalwart.codec.dav.tokens import SyncToken, parse_sync_token
from stalwart.config.collaboration.webdav import WebDav
from stalwart.dav.asking import Asking
from stalwart.dav.contents import portions
from stalwart.dav.declaring import report
from stalwart.dav.keeping import Keeping
from stalwart.dav.listing import multistatus_answer
from stalwart.dav.members import CONTENTS, READERS, seen_in, wants_octets, with_data
from stalwart.dav.places import INBOX_HOME, notices_written, require_scheduling, scheduling_home
from stalwart.dav.properties.syncing import home_state
from stalwart.dav.refusals import Refused, refused
from stalwart.dav.responses import needs_data, response
from stalwart.dav.rows import member_responses
from stalwart.dav.shown import INBOX, Showing
from stalwart.groupware.kinds import FILES, KINDS
from stalwart.groupware.resources import Level, Resource, locate
from stalwart.store import Transaction
from stalwart.store.collection_rows import Collection, Member
from stalwart.store.object_types import CALENDAR_EVENT_NOTIFICATION
from stalwart.web.answers import Answer, EventStream

_TIED: Final = 64
"""Changes of one number that are read beyond the limit: a cut between them would lose some."""
_PERMISSION: Final = "davSyncCollection"

Visible = Callable[[list[Member]], list[Member]]


@report(SyncCollection)
async def sync_collection(asking: Asking, asked: SyncCollection) -> Answer | EventStream:
    """Members that are new or changed, and the paths of those that are gone; then the token of that."""
    if not asking.access.may(_PERMISSION):
        raise Refused(403)
    target = asking.target
    if target.account is None or (target.service not in KINDS and target.service != "itip"):
        raise Refused(405)
    if target.service == "itip":
        require_scheduling(asking)
    kept = Keeping.of(asking, await asking.document())
    if kept is not None:
        kept.prepare()
    most = asking.tools.settings.of(WebDav).max_results
    limit = most if asked.limit is None else min(asked.limit, most)
    walk = _Walk(asking, asked, asked.request or PropertyRequest("allprop"), limit, kept)
    listed = await asking.read(walk.inbox if target.service == "itip" else walk.first)
    return await multistatus_answer(walk.pages(listed), sync_token=listed.token, keep=walk.keep)


async def everything(asking: Asking, wanted: PropertyRequest) -> AsyncIterator[list[bytes]]:
    """Responses for the resource of a request and all that is below."""
    walk = _Walk(
        asking, SyncCollection(wanted, "", infinite=True), wanted, asking.tools.settings.of(WebDav).max_results
    )
    listed = await asking.read(walk.first)
    async for page in walk.pages(listed):
        yield page


@frozen
class _Listed:
    """What there is to be told: responses that are written, then members whose content is asked for, with what they are
    in; None is the inbox.
    """

    written: list[bytes]
    token: str
    contents: tuple[tuple[Resource | None, list[Member]], ...] = ()


@frozen
class _Since:
    """Where the client stands; ``begun`` is given while everything is being listed."""

    number: int
    begun: int | None

    @property
    def is_first(self) -> bool:
        return self.number == 0

    @property
    def known(self) -> int:
        """The state from which on it must be known what was removed."""
        return self.number if self.begun is None else self.begun


@define
class _Walk:
    asking: Asking
    asked: SyncCollection
    wanted: PropertyRequest
    limit: int
    kept: Keeping | None = None
    _is_whole: bool = field(default=False, init=False)

    async def pages(self, listed: _Listed) -> AsyncIterator[list[bytes]]:
        """What was written at once, then members with their content."""
        yield listed.written
        for above, members in listed.contents:
            for page in portions(members, CONTENTS):
                if above is None:
                    work = partial(self._notices, members=page)
                else:
                    work = partial(self._with_octets, above=above, members=page)
                yield await self.asking.tools.store.read(work)

    def keep(self, body: bytes) -> None:
        """Keep the answer, if it can be."""
        if self.kept is not None and self._is_whole:
            self.kept.keep(body)

    def first(self, tx: Transaction) -> _Listed:
        """Changes below a home or in a collection."""
        asking = self.asking
        found = asking.resource(tx)
        if found.level in (Level.ABSENT, Level.ORPHAN):
            raise Refused(404)
        if found.level is Level.ITEM:
            raise Refused(405)
        if found.level is not Level.HOME and not found.rights & READERS:
            raise Refused(403)
        if self.kept is not None:
            self.kept.begin(tx, found, self.wanted)
        own = None if found.member is None else tx.collections.get(found.account_id, found.member.item_id)
        state = self._state(tx, found, own)
        since = self._since(tx, found, state, own)
        if self._goes_deep(found):
            changes = self._below(tx, found, since, state)
        else:
            changes = self._members(tx, found, since, state)
        listed = self._told(tx, found, since, state, changes)
        self._is_whole = self.kept is not None and not listed.contents and self.kept.end(tx, at_once=True)
        return listed

    def inbox(self, tx: Transaction) -> _Listed:
        """Changes in an inbox; an outbox has none."""
        asking, owner = self.asking, scheduling_home(tx, self.asking)
        segments = asking.target.segments
        if len(segments) > 1:
            raise Refused(405)
        state = tx.objects.state(owner.account_id, CALENDAR_EVENT_NOTIFICATION)
        since = self._token_since(state)
        changes: list[Member] = []
        if segments == (INBOX,) and since.number < state:
            changes = self._changes(tx, owner.account_id, INBOX_HOME, since)
        told, cut = _cut(changes, self.limit)
        paths = (href("itip", owner.address, INBOX, each.segment, collection=False) for each in told if each.dead)
        written = [status_response(path, 404) for path in paths]
        if since.is_first:
            written.append(response(Showing(tx, asking, self.wanted).scheduling(owner, *segments)))
        live = [each for each in told if not each.dead]
        return _Listed(*self._ended(written, told, cut, since, state), ((None, live),))

    def _notices(self, tx: Transaction, members: list[Member]) -> list[bytes]:
        owner = scheduling_home(tx, self.asking)
        return notices_written(tx, self.asking, self.wanted, owner, members)

    def _state(self, tx: Transaction, found: Resource, own: Collection | None) -> int:
        """The number of the last change of what is asked about."""
        if own is not None and not self._goes_deep(found):
            return own.seq
        return home_state(tx, found.account_id, found.kind.service)

    def _goes_deep(self, found: Resource) -> bool:
        """Whether there is anything below the members."""
        return self.asked.infinite and (found.level is Level.HOME or found.kind is FILES)

    def _since(self, tx: Transaction, found: Resource, state: int, own: Collection | None) -> _Since:
        since = self._token_since(state)
        if since.is_first:
            return since
        account = tx.accounts.get(found.account_id) if since.known > state else None
        is_older = own is not None and since.known < own.created_seq  # of another one that had this name
        is_newer = since.known > state and (account is None or since.known > account.seq)
        if is_older or is_newer:
            raise _invalid()
        return since

    def _token_since(self, state: int) -> _Since:
        if not self.asked.token:
            return _Since(0, state)
        token = parse_sync_token(self.asked.token)
        if token is None:
            raise _invalid()
        return _Since(token.number, None) if token.page is None else _Since(token.page, token.number)

    def _changes(
        self, tx: Transaction, account_id: int, place: int, since: _Since, visible: Visible | None = None
    ) -> list[Member]:
        return self._collected(
            partial(tx.collections.changes, account_id, place, with_data=needs_data(self.wanted)), since, visible
        )

    def _collected(
        self, fetch: Callable[..., list[Member] | None], since: _Since, visible: Visible | None
    ) -> list[Member]:
        """Changes that are to be told, one more than the limit if there are that many."""
        told: list[Member] = []
        number = since.number
        while len(told) <= self.limit:
            most = self.limit + _TIED
            changed = fetch(number, limit=most, begun=since.known or None)
            if changed is None:
                raise _invalid()
            has_more = len(changed) == most
            if has_more:
                changed, _ = _cut(changed, self.limit + 1)
                number = changed[-1].seq
            told += changed if visible is None else visible(changed)
            if not has_more:
                break
        return told

    def _members(self, tx: Transaction, found: Resource, since: _Since, state: int) -> list[Member]:
        """Changed members, without what who asks may not see."""
        if not (found.is_own or found.level is Level.HOME or found.rights & Rights.READ_ITEMS):
            return []
        if since.number >= state:
            return []
        visible: Visible | None = None
        if not found.is_own and (found.level is Level.HOME or found.kind is FILES):
            visible = partial(self._visible, tx, found.account_id, may_be_gone=found.level is not Level.HOME)
        if found.discretion.guards:
            visible = partial(_guarded, found, since.known)
        return self._changes(tx, found.account_id, found.inside, since, visible)

    def _visible(self, tx: Transaction, account_id: int, changed: list[Member], *, may_be_gone: bool) -> list[Member]:
        rights = self.asking.viewer.rights_on_some(tx, account_id, [each.item_id for each in changed])
        return [
            each for each in changed if (may_be_gone and each.dead) or rights.get(each.item_id, Rights.NONE) & READERS
        ]

    def _below(self, tx: Transaction, found: Resource, since: _Since, state: int) -> list[Member]:
        """All that has changed below a home or a folder."""
        if since.number >= state:
            return []
        places = _Places(tx, self.asking, found)
        fetch = partial(tx.collections.home_changes, found.account_id, found.kind.home)

        def visible(changed: list[Member]) -> list[Member]:
            return [told for each in changed if places.shows(each) for told in places.guarded(each, since.known)]

        return self._collected(fetch, since, visible)

    def _told(self, tx: Transaction, found: Resource, since: _Since, state: int, changes: list[Member]) -> _Listed:
        """The answer about changes, the resource itself among them where it has changed too."""
        asking = self.asking
        own = found.member
        if own is not None and since.number < own.seq:
            place = next((number for number, each in enumerate(changes) if each.seq > own.seq), len(changes))
            changes = [*changes[:place], own, *changes[place:]]
        told, cut = _cut(changes, self.limit)
        showing = Showing(tx, asking, self.wanted)
        minimal = asking.preferences.minimal
        written: list[bytes] = []
        places = _Places(tx, asking, found)
        written += (status_response(places.path(each), 404) for each in told if each.dead)
        if (own is None and since.is_first) or any(each is own for each in told):
            itself = with_data(tx, found) if own is not None and needs_data(self.wanted) else found
            written.append(response(showing.resource(itself), minimal=minimal))
        live = [each for each in told if not each.dead and each is not own]
        groups: list[tuple[Resource | None, list[Member]]] = []
        for place, run in groupby(live, key=attrgetter("collection_id")):
            above = places.resource(place)
            members = asking.listed(tx, above, list(run))
            if self._goes_deep(found):
                members = self._filled(tx, above, members)
            if wants_octets(self.wanted) and found.kind is not FILES:
                groups.append((above, members))
            else:
                rights = self._rights(tx, above, members)
                written += member_responses(showing, above, members, rights, minimal=minimal)
        return _Listed(*self._ended(written, told, cut, since, state), tuple(groups))

    def _filled(self, tx: Transaction, above: Resource, members: list[Member]) -> list[Member]:
        """Members of a walk through a home, with the data that they are asked for."""
        if not needs_data(self.wanted):
            return members
        found = (
            tx.collections.member(above.account_id, above.inside, each.segment, with_data=True) for each in members
        )
        return [each for each in found if each is not None]

    def _rights(self, tx: Transaction, above: Resource, members: list[Member]) -> dict[int, Rights] | None:
        if above.is_own or (above.level is not Level.HOME and above.kind is not FILES):
            return None
        return self.asking.viewer.rights_on_some(tx, above.account_id, [each.item_id for each in members])

    def _with_octets(self, tx: Transaction, above: Resource, members: list[Member]) -> list[bytes]:
        octets = tx.collections.octets_of(above.account_id, [each.item_id for each in members])
        shown = Showing(tx, self.asking, self.wanted).members(above, members, self._rights(tx, above, members))
        for each in shown:
            each.octets = seen_in(tx, self.asking, above, octets, each.member)
        return [response(each, minimal=self.asking.preferences.minimal) for each in shown]

    def _ended(
        self, written: list[bytes], told: list[Member], is_cut: bool, since: _Since, state: int
    ) -> tuple[list[bytes], str]:
        """The responses with the word that there are more, and the token to go on from."""
        if not is_cut:
            return written, str(SyncToken(max(state, since.number)))
        written = [*written, truncated_response(self.asking.target.href(), self.limit)]
        if since.begun is None:
            return written, str(SyncToken(told[-1].seq))
        return written, str(SyncToken(since.begun, told[-1].seq))


class _Places:
    """Where changed members are: the collections that they are in, as resources."""

    def __init__(self, tx: Transaction, asking: Asking, target: Resource) -> None:
        self._tx = tx
        self._asking = asking
        self._target = target
        self._known: dict[int, Resource | None] = {target.inside: target}

    def resource(self, place: int) -> Resource:
        """A collection in which there is something to be told."""
        found = self._find(place)
        assert found is not None  # told are only changes that ``shows``
        return found

    def path(self, member: Member) -> str:
        """The path of a member."""
        above = self.resource(member.collection_id)
        segments = (*above.segments, member.segment)
        return href(above.kind.service, above.home.address, *segments, collection=member.is_collection)

    def shows(self, member: Member) -> bool:
        """Whether a change is below the target, and for the eyes of who asks."""
        above = self._find(member.collection_id)
        if above is None:
            return False
        if above.is_own:
            return True
        if above.level is Level.HOME or above.kind is FILES:
            viewer = self._asking.viewer
            return bool(not member.dead and viewer.rights_on(self._tx, above.account_id, member.item_id) & READERS)
        return bool(above.rights & Rights.READ_ITEMS)

    def guarded(self, member: Member, known: int) -> list[Member]:
        """A change as it is told of what may be secret."""
        above = self._find(member.collection_id)
        return [member] if above is None else _guarded(above, known, [member])

    def _find(self, place: int) -> Resource | None:
        if place not in self._known:
            target = self._target
            segments = self._tx.collections.path(target.account_id, place) if place > 0 else ()
            within = segments is not None and segments[: len(target.segments)] == target.segments
            if segments is None or not within:
                self._known[place] = None
            else:
                self._known[place] = locate(self._tx, self._asking.viewer, target.kind, target.home, segments)
        return self._known[place]


def _guarded(found: Resource, known: int, changed: list[Member]) -> list[Member]:
    """Changes in a calendar; what is secret is gone for who has seen it, and never was for others."""
    secret = found.discretion.secret
    told = []
    for each in changed:
        if each.item_id not in secret or each.dead:
            told.append(each)
        elif each.added_seq <= known < each.seq:
            told.append(replace(each, dead=True))
    return told


def _cut(changes: list[Member], limit: int) -> tuple[list[Member], bool]:
    """As many as the limit allows, and whether that is not all; changes of one number are never parted."""
    if len(changes) <= limit:
        return changes, False
    end = limit
    while end and changes[end - 1].seq == changes[end].seq:
        end -= 1
    if not end:
        end = limit
        while end < len(changes) and changes[end - 1].seq == changes[end].seq:
            end += 1
    return changes[:end], end < len(changes)


def _invalid() -> Refused:
    return refused(403, "D:valid-sync-token")
