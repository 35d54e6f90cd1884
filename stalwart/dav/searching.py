"""Queries of one calendar or address book (RFC 4791 7.8, RFC 6352 8.6): what can be meant is found, then answered page
by page. What is meant is known by who searches.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from typing import Any

from attrs import define, field

from stalwart.codec.dav.multistatus import status_response
from stalwart.codec.dav.rights import Rights
from stalwart.config.collaboration.webdav import WebDav
from stalwart.dav.asking import Asking
from stalwart.dav.contents import portions
from stalwart.dav.keeping import Keeping
from stalwart.dav.listing import PAGE, Truncation, multistatus_answer
from stalwart.dav.refusals import Refused
from stalwart.groupware.kinds import Kind
from stalwart.groupware.resources import Level, Resource
from stalwart.store import Transaction
from stalwart.store.collection_rows import Member
from stalwart.web.answers import Answer, EventStream

Begun = tuple[list[bytes], list[list[Member]]]
"""The first responses, and the pages of members that are still to be looked at."""


def may_query(asking: Asking, kind: Kind) -> None:
    """Whether collections of ``kind`` may be queried at this URL by this account. Raises Refused (405, 403)."""
    if asking.kind is not kind:
        raise Refused(405)
    asking.require("Query")


@define
class Search:
    """One query. ``rows`` write what was asked for; ``is_over`` says that nothing more may be answered."""

    asking: Asking
    rows: Any
    truncation: Truncation
    kept: Keeping | None
    is_over: bool = field(default=False, init=False)
    _found: Resource | None = field(default=None, init=False)
    _is_whole: bool = field(default=False, init=False)

    def begin(self, tx: Transaction, found: Resource) -> Begun:
        """Find what can be meant in a collection that may be read, and answer the first of it."""
        raise NotImplementedError

    def page(self, tx: Transaction, found: Resource, members: list[Member]) -> list[bytes]:
        """The responses for those of these members that are meant."""
        raise NotImplementedError

    async def answer(self) -> Answer | EventStream:
        """The multistatus, kept if it can be."""
        return await multistatus_answer(self._pages(), keep=self._keep)

    def paged(self, tx: Transaction, found: Resource, members: list[Member]) -> Begun:
        """What ``begin`` answers if these members can be meant."""
        pages = list(portions(members, PAGE)) or [[]]
        if len(pages) == 1:
            self.ended(tx)
        return self.page(tx, found, pages[0]), pages[1:]

    def ended(self, tx: Transaction, *, at_once: bool = True) -> None:
        """All that the answer is made of was read; ``at_once`` if that was in one transaction."""
        self._is_whole = self.kept is not None and self.kept.end(tx, at_once=at_once)

    async def _pages(self) -> AsyncIterator[list[bytes]]:
        page, rest = await self.asking.read(self._first)
        yield page
        for members in rest:
            if self.is_over:
                return
            assert self._found is not None  # the first page has found it
            is_last = members is rest[-1]
            work = partial(self._page, found=self._found, members=members, is_last=is_last)
            yield await self.asking.tools.store.read(work)

    def _keep(self, body: bytes) -> None:
        if self.kept is not None and self._is_whole:
            self.kept.keep(body)

    def _first(self, tx: Transaction) -> Begun:
        asking = self.asking
        found = self._found = asking.resource(tx)
        if found.level in (Level.ABSENT, Level.ORPHAN):
            return [status_response(asking.target.href(), 404, description="No resources found")], []
        if found.level is not Level.COLLECTION:
            raise Refused(405)
        if Rights.READ_ITEMS not in found.rights:
            raise Refused(403)
        if self.kept is not None:
            self.kept.begin(tx, found, self.rows.wanted)
        return self.begin(tx, found)

    def _page(self, tx: Transaction, found: Resource, members: list[Member], *, is_last: bool) -> list[bytes]:
        if is_last:
            self.ended(tx, at_once=False)
        return self.page(tx, found, members)


async def bounds(asking: Asking, limit: int | None) -> tuple[Truncation, Keeping | None]:
    """How much a query may answer, and what keeps its answer; to be asked before the store is."""
    most = asking.tools.settings.of(WebDav).max_results
    kept = Keeping.of(asking, await asking.document())
    if kept is not None:
        kept.prepare()
    return Truncation(min(limit or most, most), asking.target.href()), kept
