"""What PROPFIND shows of places that nobody makes: services with the homes in them, principals, inboxes and outboxes
(spec/dav.md 4.2, 6.3, 8.7).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from functools import partial

from stalwart.codec.dav.multistatus import status_response
from stalwart.codec.dav.property_request import PropertyRequest
from stalwart.codec.dav.request_fields import Depth
from stalwart.dav.asking import Asking
from stalwart.dav.listing import Truncation
from stalwart.dav.members import CONTENTS, wants_octets
from stalwart.dav.refusals import Refused
from stalwart.dav.responses import response
from stalwart.dav.seeking import lists_everybody, seeker
from stalwart.dav.shown import INBOX, OUTBOX, Showing, Shown
from stalwart.groupware.homes import Home
from stalwart.groupware.kinds import KINDS
from stalwart.groupware.principals import MOST_LOOKED_AT
from stalwart.groupware.principals import PAGE as ACCOUNTS
from stalwart.groupware.resources import locate
from stalwart.store import Transaction
from stalwart.store.collection_rows import Member, home
from stalwart.store.object_types import CALENDAR_EVENT_NOTIFICATION

INBOX_HOME = home(CALENDAR_EVENT_NOTIFICATION)


async def place_pages(
    asking: Asking, wanted: PropertyRequest, truncation: Truncation, depth: Depth
) -> AsyncIterator[list[bytes]]:
    """Responses, page by page."""
    has_members = depth is not Depth.ZERO
    walk = _Walk(asking, wanted, truncation, has_members)
    target = asking.target
    if target.account is None:
        yield await asking.tools.store.read(walk.service)
        if target.service == "pal" and has_members and lists_everybody(asking):
            async for homes in others_to_find(asking):
                yield await asking.tools.store.read(partial(walk.principals, homes=homes))
    elif target.service == "pal":
        yield await asking.tools.store.read(walk.principal)
    else:
        require_scheduling(asking)
        page, after = await asking.tools.store.read(walk.scheduling)
        yield page
        while after is not None:
            page, after = await asking.tools.store.read(partial(walk.notices, after=after))
            yield page


def require_scheduling(asking: Asking) -> None:
    """Whether inboxes and outboxes may be looked at. Raises Refused (403)."""
    if not asking.access.may("davCalPropFind"):
        raise Refused(403)


def scheduling_home(tx: Transaction, asking: Asking) -> Home:
    """Whose inbox and outbox it is about; only those who belong there see them. Raises Refused (404, 403)."""
    found = asking.home(tx)
    if not asking.viewer.belongs_to(found.account_id):
        raise Refused(403)
    if asking.target.segments and asking.target.segments[0] not in (INBOX, OUTBOX):
        raise Refused(404)
    return found


class _Walk:
    def __init__(self, asking: Asking, wanted: PropertyRequest, truncation: Truncation, has_members: bool) -> None:
        self._asking = asking
        self._wanted = wanted
        self._truncation = truncation
        self._has_members = has_members
        self._preferences = asking.preferences

    def service(self, tx: Transaction) -> list[bytes]:
        """A service and the homes in it, or the collection of principals."""
        showing, service = Showing(tx, self._asking, self._wanted), self._asking.target.service
        found = [showing.service(service)]
        if self._has_members:
            found += self._homes(tx, showing)
        return self._written(found)

    def principals(self, tx: Transaction, homes: list[Home]) -> list[bytes]:
        """Those who may be looked up besides those who were listed."""
        listed = {each.account_id for each in visible_accounts(tx, self._asking)}
        showing = Showing(tx, self._asking, self._wanted)
        found = [showing.principal(each) for each in homes if each.account_id not in listed]
        allowed = self._truncation.take(len(found))
        page = [response(each, minimal=self._preferences.minimal) for each in found[:allowed]]
        return page if allowed == len(found) else [*page, self._truncation.told()]

    def _homes(self, tx: Transaction, showing: Showing) -> list[Shown]:
        asking, service = self._asking, self._asking.target.service
        homes, viewer = asking.tools.homes, asking.viewer
        if service == "pal":
            return [showing.principal(each) for each in visible_accounts(tx, asking)]
        if service == "itip":
            mine = homes.get(tx, viewer.account_id)
            return [showing.scheduling(mine)] if mine is not None else []
        kind = KINDS[service]
        return [showing.resource(locate(tx, viewer, kind, each, ())) for each in homes.visible(tx, viewer, kind)]

    def principal(self, tx: Transaction) -> list[bytes]:
        """One account, with a status of its own where there is nothing to be seen."""
        asking, path = self._asking, self._asking.target.href()
        if asking.target.segments:
            return [status_response(path, 404)]
        found = asking.home(tx)
        if not may_know(tx, asking, found):
            return [status_response(path, 403)]
        return self._written([Showing(tx, asking, self._wanted).principal(found)])

    def scheduling(self, tx: Transaction) -> tuple[list[bytes], str | None]:
        """The home of scheduling with inbox and outbox, one of both, or what is in the inbox."""
        asking = self._asking
        found, segments = scheduling_home(tx, asking), asking.target.segments
        showing = Showing(tx, asking, self._wanted)
        if not segments:
            shown = [showing.scheduling(found)]
            if self._has_members:
                shown += [showing.scheduling(found, box) for box in (INBOX, OUTBOX)]
            return self._written(shown), None
        if len(segments) > 1:
            member = tx.collections.member(found.account_id, INBOX_HOME, segments[1], with_data=True)
            if segments[0] != INBOX or len(segments) > 2 or member is None:
                raise Refused(404)
            return notices_written(tx, asking, self._wanted, found, [member]), None
        page = self._written([showing.scheduling(found, segments[0])])
        if not self._has_members or segments[0] != INBOX:
            return page, None
        more, after = self.notices(tx, "")
        return page + more, after

    def notices(self, tx: Transaction, after: str) -> tuple[list[bytes], str | None]:
        """A page of what is in the inbox, and after which name the next one begins."""
        owner = scheduling_home(tx, self._asking)
        found = tx.collections.members(owner.account_id, INBOX_HOME, after=after, limit=CONTENTS + 1, with_data=True)
        more = found[CONTENTS - 1].segment if len(found) > CONTENTS else None
        allowed = self._truncation.take(min(len(found), CONTENTS))
        written = notices_written(tx, self._asking, self._wanted, owner, found[:allowed])
        if allowed < min(len(found), CONTENTS) or (more is not None and not self._truncation.left):
            return [*written, self._truncation.told()], None
        return written, more

    def _written(self, found: list[Shown]) -> list[bytes]:
        """The responses, the first of which is the resource itself."""
        if self._preferences.depth_noroot:
            found = found[1:]
        allowed = self._truncation.take(len(found))
        page = [response(each, minimal=self._preferences.minimal) for each in found[:allowed]]
        return page if allowed == len(found) else [*page, self._truncation.told()]


def notices_written(
    tx: Transaction, asking: Asking, wanted: PropertyRequest, owner: Home, members: list[Member]
) -> list[bytes]:
    """Responses for what is in an inbox."""
    octets: dict[int, bytes] = {}
    if wants_octets(wanted):
        octets = tx.collections.octets_of(owner.account_id, [member.item_id for member in members])
    showing, minimal = Showing(tx, asking, wanted), asking.preferences.minimal
    return [response(showing.notice(owner, each, octets.get(each.item_id)), minimal=minimal) for each in members]


def visible_accounts(tx: Transaction, asking: Asking) -> list[Home]:
    """Who asks, his groups, and those who share something with him."""
    viewer = asking.viewer
    others = {grant.account_id for grant in tx.shares.granted(viewer.grantees)}
    ids = dict.fromkeys((viewer.account_id, *sorted(viewer.group_ids), *sorted(others)))
    found = (asking.tools.homes.get(tx, id) for id in ids)
    return [each for each in found if each is not None]


async def others_to_find(
    asking: Asking, matches: Iterable[tuple[str, ...]] = (), *, every: bool = True
) -> AsyncIterator[list[Home]]:
    """All whom who asks may look up and to whom the texts lead (``groupware.principals``), page by page."""
    seeking, looked_at = seeker(asking), 0
    matches = tuple(matches)

    def page(tx: Transaction, after: int) -> tuple[list[Home], int | None]:
        ids, more = seeking.page(tx, after, matches, every)
        return seeking.known(tx, ids), more

    more: int | None = -1
    while more is not None and looked_at < MOST_LOOKED_AT:
        homes, more = await asking.tools.store.read(partial(page, after=more))
        looked_at += ACCOUNTS
        yield homes


def may_know(tx: Transaction, asking: Asking, account: Home) -> bool:
    """Whether who asks may see a principal: one that is his, that shares with him, or that he may look up."""
    viewer = asking.viewer
    if viewer.belongs_to(account.account_id):
        return True
    if tx.shares.granted(viewer.grantees, account.account_id):
        return True
    return lists_everybody(asking) and account in seeker(asking).known(tx, (account.account_id,))
