"""The scheduling inbox: messages are read, found, and deleted once they were seen (RFC 6638 2.2; spec/dav.md 8.7).

Who belongs to the account sees all of it, and nobody else anything. Clients put nothing into it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from email.utils import formatdate
from functools import partial
from typing import Final

from attrs import define, field

from stalwart.codec.caldav.filter import Filter, compiled
from stalwart.codec.caldav.selection import stored
from stalwart.codec.dav.calendar_reports import CalendarMultiget, CalendarQuery
from stalwart.codec.dav.conditions import ABSENT, ResourceState, Verdict
from stalwart.codec.dav.errors import BadPath
from stalwart.codec.dav.multistatus import status_response
from stalwart.codec.dav.paths import parse_reference
from stalwart.codec.dav.property_request import PropertyRequest
from stalwart.codec.icalendar.lines import MalformedCalendar
from stalwart.codec.icalendar.timezones import UTC
from stalwart.config.collaboration.calendar import Calendar
from stalwart.config.collaboration.webdav import WebDav
from stalwart.dav.asking import Asking
from stalwart.dav.listing import Truncation, multistatus_answer
from stalwart.dav.places import INBOX_HOME, scheduling_home
from stalwart.dav.refusals import Refused
from stalwart.dav.responses import response
from stalwart.dav.shown import INBOX, Showing
from stalwart.groupware.homes import Home
from stalwart.store import Transaction
from stalwart.store.collection_rows import Content, Member
from stalwart.web.answers import Answer, EventStream

_PAGE: Final = 100
_CONTENT_TYPE: Final = "text/calendar; charset=utf-8"


async def get_notice(asking: Asking) -> Answer:
    """A message of the inbox."""
    _require(asking, "Get")
    content = await asking.tools.store.read(lambda tx: _read(tx, asking))
    headers = (("ETag", content.member.etag), ("Last-Modified", formatdate(content.member.modified_at, usegmt=True)))
    return Answer(200, content.octets, _CONTENT_TYPE, headers)


async def delete_notice(asking: Asking) -> Answer:
    """Remove a message that was seen."""
    _require(asking, "Delete")
    await asking.tools.store.write(lambda tx: _delete(tx, asking))
    return Answer(204)


async def query_inbox(asking: Asking, asked: CalendarQuery) -> Answer | EventStream:
    """The messages that a filter means."""
    _require(asking, "Query")
    most = asking.tools.settings.of(WebDav).max_results
    truncation = Truncation(min(asked.limit or most, most), asking.target.href())
    wanted = asked.request or PropertyRequest("prop")
    return await multistatus_answer(_Search(asking, wanted, truncation, compiled(asked.filter)).pages())


async def fetch_notices(asking: Asking, asked: CalendarMultiget) -> Answer | EventStream:
    """Messages by their URLs."""
    _require(asking, "MultiGet")
    truncation = Truncation(asking.tools.settings.of(WebDav).max_results, asking.target.href())
    wanted = asked.request or PropertyRequest("prop")
    return await multistatus_answer(_Fetch(asking, wanted, truncation, tuple(dict.fromkeys(asked.hrefs))).pages())


def _require(asking: Asking, action: str) -> None:
    if not asking.access.may(f"davCal{action}"):
        raise Refused(403)


def _found(tx: Transaction, asking: Asking) -> tuple[Home, Member]:
    """The message that the URL names. Raises Refused: 404, 405 for what is none."""
    owner = scheduling_home(tx, asking)
    segments = asking.target.segments
    if len(segments) < 2:
        raise Refused(405)
    member = None
    if len(segments) == 2 and segments[0] == INBOX:
        member = tx.collections.member(owner.account_id, INBOX_HOME, segments[1])
    if member is None:
        raise Refused(404)
    return owner, member


def _judge(asking: Asking, member: Member, *, reading: bool) -> None:
    """Refuse with 412, or 304 when reading, what the conditional fields do not let through."""
    conditions = asking.preconditions
    if not conditions.any:
        return
    state = ResourceState(True, member.etag, modified_at=member.modified_at)
    path = asking.target.href(collection=False)
    verdict = conditions.verdict(state, lambda written: state if _names(written, path) else ABSENT, reading=reading)
    if verdict is Verdict.NOT_MODIFIED:
        raise Refused(304, headers=(("ETag", member.etag),))
    if verdict is Verdict.FAILED:
        raise Refused(412)


def _names(written: str, path: str) -> bool:
    try:
        target = parse_reference(written)
    except BadPath:
        return False
    return target is not None and target.href(collection=False) == path


def _read(tx: Transaction, asking: Asking) -> Content:
    owner, member = _found(tx, asking)
    _judge(asking, member, reading=True)
    return Content(member, tx.collections.octets(owner.account_id, member.item_id) or b"")


def _delete(tx: Transaction, asking: Asking) -> None:
    owner, member = _found(tx, asking)
    _judge(asking, member, reading=False)
    tx.collections.remove(owner.account_id, INBOX_HOME, member.segment, now=asking.now)


@define
class _Search:
    """A query, page by page."""

    asking: Asking
    wanted: PropertyRequest
    truncation: Truncation
    filter: Filter
    _after: str | None = field(default="", init=False)

    async def pages(self) -> AsyncIterator[list[bytes]]:
        """Responses."""
        while self._after is not None:
            yield await self.asking.tools.store.read(self._page)

    def _page(self, tx: Transaction) -> list[bytes]:
        owner = scheduling_home(tx, self.asking)
        if self.asking.target.segments != (INBOX,):
            raise Refused(405)
        contents = tx.collections.contents(owner.account_id, INBOX_HOME, after=self._after or "", limit=_PAGE)
        self._after = contents[-1].member.segment if len(contents) == _PAGE else None
        meant = [each for each in contents if self._is_meant(each)]
        allowed = self.truncation.take(len(meant))
        written = _written(tx, self.asking, self.wanted, owner, meant[:allowed])
        if allowed < len(meant):
            self._after = None
            written.append(self.truncation.told())
        return written

    def _is_meant(self, content: Content) -> bool:
        limit = self.asking.tools.settings.of(Calendar).max_recurrence_expansions
        try:
            return self.filter.matches(stored(content.octets), UTC, limit=limit)
        except MalformedCalendar:
            return False


@define
class _Fetch:
    """A multiget, page by page."""

    asking: Asking
    wanted: PropertyRequest
    truncation: Truncation
    hrefs: tuple[str, ...]
    _given: set[str] = field(factory=set, init=False)

    async def pages(self) -> AsyncIterator[list[bytes]]:
        """Responses in the order of the URLs; what several of them name is given once."""
        allowed = self.truncation.take(len(self.hrefs))
        for begin in range(0, allowed, _PAGE):
            hrefs = self.hrefs[begin : min(begin + _PAGE, allowed)]
            yield await self.asking.tools.store.read(partial(self._page, hrefs))
        if allowed < len(self.hrefs):
            yield [self.truncation.told()]

    def _page(self, hrefs: tuple[str, ...], tx: Transaction) -> list[bytes]:
        owner = scheduling_home(tx, self.asking)
        names = {href: self._name(tx, owner, href) for href in hrefs}
        found = tx.collections.named_contents(
            owner.account_id, INBOX_HOME, [name for name in names.values() if name is not None]
        )
        responses = []
        for href in hrefs:
            content = found.get(names[href] or "")
            if content is None:
                responses.append(status_response(href, 404))
            elif content.member.segment not in self._given:
                self._given.add(content.member.segment)
                responses += _written(tx, self.asking, self.wanted, owner, (content,))
        return responses

    def _name(self, tx: Transaction, owner: Home, href: str) -> str | None:
        """The name in the inbox that a URL means."""
        try:
            target = parse_reference(href)
        except BadPath:
            return None
        if target is None or target.service != "itip" or len(target.segments) != 2 or target.segments[0] != INBOX:
            return None
        if target.account != self.asking.target.account:
            found = self.asking.tools.homes.find(tx, target)
            if found is None or found.account_id != owner.account_id:
                return None
        return target.segments[1]


def _written(
    tx: Transaction, asking: Asking, wanted: PropertyRequest, owner: Home, contents: Iterable[Content]
) -> list[bytes]:
    showing, minimal = Showing(tx, asking, wanted), asking.preferences.minimal
    return [response(showing.notice(owner, each.member, each.octets), minimal=minimal) for each in contents]
