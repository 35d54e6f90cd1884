"""What PROPFIND shows of homes, collections and items, and of their members by name, page by page.

Each page is one reading of the store. The own home of calendars or of address books also shows what others share, to
clients that look no further (spec/dav.md 7.4).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from functools import partial

from attrs import define, evolve, field

from stalwart.codec.dav.property_request import ADDRESS_DATA, CALENDAR_DATA, PropertyRequest
from stalwart.codec.dav.rights import Rights
from stalwart.config.collaboration.webdav import WebDav
from stalwart.dav.asking import Asking
from stalwart.dav.contents import portions
from stalwart.dav.guarding import judge
from stalwart.dav.keeping import Keeping
from stalwart.dav.listing import PAGE, Truncation
from stalwart.dav.refusals import Refused
from stalwart.dav.responses import needs_data, response
from stalwart.dav.rows import member_responses
from stalwart.dav.shown import Showing
from stalwart.groupware.kinds import FILES
from stalwart.groupware.resources import Level, Resource, locate
from stalwart.store import Transaction
from stalwart.store.collection_rows import Member

FIRST_PAGE = 150
"""Members that are read before anything is sent."""
CONTENTS = 50
"""Members whose content is read in one go."""
READERS = Rights.READ | Rights.READ_ITEMS


@define
class MemberPages:
    """The pages of one request. ``kept`` is where the whole answer may be kept."""

    asking: Asking
    wanted: PropertyRequest
    truncation: Truncation
    has_members: bool
    kept: Keeping | None = None
    _is_whole: bool = field(default=False, init=False)

    async def all(self) -> AsyncIterator[list[bytes]]:
        """The resource, its members, what others share."""
        found, page, more = await self.asking.read(self._first)
        yield page
        while more is not None:
            page, more = await self.asking.tools.store.read(partial(self._members, above=found, after=more))
            yield page
        if self.has_members and self._shows_others(found) and self.truncation.left:
            yield await self.asking.tools.store.read(self._others)

    def keep(self, body: bytes) -> None:
        """Keep the answer, if it can be."""
        if self.kept is not None and self._is_whole:
            self.kept.keep(body)

    def _first(self, tx: Transaction) -> tuple[Resource, list[bytes], str | None]:
        asking = self.asking
        found = asking.resource(tx)
        if found.level in (Level.ABSENT, Level.ORPHAN):
            raise Refused(404)
        if found.level is not Level.HOME and not found.rights & READERS:
            raise Refused(403)
        if asking.field("if") is not None:
            judge(tx, asking, found)
        if self.kept is not None:
            self.kept.begin(tx, found, self.wanted)
        page: list[bytes] = []
        preferences = asking.preferences
        if not preferences.depth_noroot and self.truncation.take(1):
            if needs_data(self.wanted) and found.member is not None:
                found = with_data(tx, found)
            if found.member is not None:
                found = evolve(found, member=asking.listed(tx, found, [found.member])[0])
            octets = None
            if found.level is Level.ITEM and wants_octets(self.wanted) and found.rights & Rights.READ_ITEMS:
                octets = tx.collections.octets(found.account_id, found.inside) or b""
                octets = asking.seen(tx, found, found.inside, octets)
            shown = Showing(tx, asking, self.wanted).resource(found, octets)
            page.append(response(shown, minimal=preferences.minimal))
        if not self.has_members or found.level is Level.ITEM:
            self._is_whole = self.kept is not None and self.kept.end(tx, at_once=True)
            return found, page, None
        members, more = self._members(tx, found, "")
        return found, page + members, more

    def _members(self, tx: Transaction, above: Resource, after: str) -> tuple[list[bytes], str | None]:
        """A page of members, and the name after which the next one begins; None after the last."""
        if not (above.is_own or above.level is Level.HOME or above.rights & Rights.READ_ITEMS):
            return [], None
        page = CONTENTS if wants_octets(self.wanted) else PAGE if after else min(FIRST_PAGE, PAGE)
        found = tx.collections.members(
            above.account_id, above.inside, after=after, limit=page + 1, with_data=needs_data(self.wanted)
        )
        if wants_octets(self.wanted):
            page = len(next(portions(found, page), ()))
        more = found[page - 1].segment if len(found) > page else None
        written, is_full = self._written(tx, above, found[:page])
        if is_full or (more is not None and not self.truncation.left):
            return [*written, self.truncation.told()], None
        if more is None:
            self._is_whole = self.kept is not None and self.kept.end(tx, at_once=not after)
        return written, more

    def _written(self, tx: Transaction, above: Resource, found: list[Member]) -> tuple[list[bytes], bool]:
        """The responses of members, and whether some were left out."""
        rights: dict[int, Rights] | None = None
        if not above.is_own and (above.level is Level.HOME or above.kind is FILES):
            rights = self.asking.viewer.rights_on_some(tx, above.account_id, [each.item_id for each in found])
            found = [each for each in found if rights.get(each.item_id, Rights.NONE) & READERS]
        found = self.asking.listed(tx, above, found)
        allowed = self.truncation.take(len(found))
        showing = Showing(tx, self.asking, self.wanted)
        minimal = self.asking.preferences.minimal
        if wants_octets(self.wanted) and above.kind is not FILES and above.level is Level.COLLECTION:
            octets = tx.collections.octets_of(above.account_id, [each.item_id for each in found[:allowed]])
            shown = showing.members(above, found[:allowed], rights)
            for each in shown:
                each.octets = seen_in(tx, self.asking, above, octets, each.member)
            return [response(each, minimal=minimal) for each in shown], allowed < len(found)
        return member_responses(showing, above, found[:allowed], rights, minimal=minimal), allowed < len(found)

    def _shows_others(self, found: Resource) -> bool:
        is_mine = found.level is Level.HOME and found.account_id == self.asking.viewer.account_id
        assists = self.asking.tools.settings.of(WebDav).enable_assisted_discovery
        return is_mine and found.kind is not FILES and assists

    def _others(self, tx: Transaction) -> list[bytes]:
        """The collections of all other accounts in which who asks sees something."""
        asking, kind = self.asking, self.asking.kind
        page: list[bytes] = []
        for home in asking.tools.homes.visible(tx, asking.viewer, kind):
            if home.account_id == asking.viewer.account_id:
                continue
            above = locate(tx, asking.viewer, kind, home, ())
            most = self.truncation.left + 1
            found = tx.collections.members(home.account_id, above.inside, limit=most, with_data=needs_data(self.wanted))
            written, is_full = self._written(tx, above, found)
            page += written
            if is_full:
                page.append(self.truncation.told())
                break
        return page


def seen_in(
    tx: Transaction, asking: Asking, above: Resource, octets: Mapping[int, bytes], member: Member | None
) -> bytes | None:
    """The octets of a member of a collection as who asks sees them, None where there are none."""
    found = octets.get(member.item_id) if member is not None else None
    return found if found is None or member is None else asking.seen(tx, above, member.item_id, found)


def wants_octets(wanted: PropertyRequest) -> bool:
    """Whether what is in items is asked for."""
    return CALENDAR_DATA in wanted.names or ADDRESS_DATA in wanted.names


def with_data(tx: Transaction, found: Resource) -> Resource:
    """A collection or an item with what is known of it beside its content."""
    assert found.member is not None
    member = tx.collections.member(found.account_id, found.place, found.name, with_data=True)
    return evolve(found, member=member)
