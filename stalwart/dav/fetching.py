"""Items by their URLs, of one collection or of many: what calendar-multiget and addressbook-multiget are (RFC 4791 7.9,
RFC 6352 8.7, spec/dav.md 5.4).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from functools import partial

from attrs import define, field

from stalwart.codec.dav.errors import BadPath
from stalwart.codec.dav.multistatus import empty, status_response
from stalwart.codec.dav.names import name
from stalwart.codec.dav.paths import Target, decode_segment, parse_reference
from stalwart.codec.dav.rights import Rights
from stalwart.config.collaboration.webdav import WebDav
from stalwart.dav.asking import Asking
from stalwart.dav.contents import PAGE_OCTETS, CutShort, DataRows, pairs
from stalwart.dav.keeping import Keeping
from stalwart.dav.listing import Truncation, multistatus_answer
from stalwart.dav.refusals import Refused
from stalwart.groupware.kinds import Kind
from stalwart.groupware.resources import Level, Resource
from stalwart.store import Transaction
from stalwart.store.collection_rows import Content
from stalwart.web.answers import Answer, EventStream

_PAGE = 100
"""URLs that are looked at in one go, fewer where there is much at them."""
MOST_OCTETS = 128 << 20
"""Octets of items that one answer gives."""
_IS_COLLECTION = "Multiget not allowed for collections"
_NO_RIGHT = "Not enough permissions to access this shared resource"
_TOO_LARGE = f"The answer exceeds the limit of {MOST_OCTETS} octets"

Named = tuple[str, Target | None, str]
"""A URL as it was written, what the item is in that it names, and its name; None if it can name none."""


async def multiget(asking: Asking, hrefs: tuple[str, ...], rows: DataRows) -> Answer | EventStream:
    """What was asked for of the items at these URLs, which ``rows`` writes."""
    asking.require("MultiGet")
    truncation = Truncation(asking.tools.settings.of(WebDav).max_results, asking.target.href())
    kept = Keeping.of(asking, await asking.document())
    if kept is not None:
        kept.prepare()
    fetch = Fetch(asking, tuple(dict.fromkeys(hrefs)), rows, truncation, kept)
    return await multistatus_answer(fetch.pages(), keep=fetch.keep)


@define
class Fetch:
    """A multiget, page by page, in the order of its URLs; what several of them name is given once."""

    asking: Asking
    hrefs: tuple[str, ...]
    rows: DataRows
    truncation: Truncation
    kept: Keeping | None
    _is_whole: bool = field(default=False, init=False)
    _is_over: bool = field(default=False, init=False)
    _octets: int = field(default=0, init=False)
    _at_once: int = field(factory=lambda: _PAGE, init=False)

    async def pages(self) -> AsyncIterator[list[bytes]]:
        """Responses."""
        allowed = self.truncation.take(len(self.hrefs))
        named = _distinct(self.asking.kind, self.hrefs[:allowed])
        at = 0
        while at < len(named) and not self._is_over:
            page, at = await self.asking.read(partial(self._page, named=named, begin=at))
            yield page
            if self._octets > MOST_OCTETS and at < len(named) and not self._is_over:
                self._is_over = True
                yield [self._told()]
        if allowed < len(self.hrefs) and not self._is_over:
            yield [self.truncation.told()]

    def keep(self, body: bytes) -> None:
        """Keep the answer, if it can be."""
        if self.kept is not None and self._is_whole:
            self.kept.keep(body)

    def _told(self) -> bytes:
        """The response that says that the rest is left out."""
        condition = empty(name("D:number-of-matches-within-limits"))
        return status_response(self.asking.target.href(), 507, condition, _TOO_LARGE)

    def _page(self, tx: Transaction, named: list[Named], begin: int) -> tuple[list[bytes], int]:
        """The responses of some of the URLs, and where the next page begins: earlier, if there is much in these."""
        written: list[bytes] = []
        size = 0
        first, end = begin, min(begin + self._at_once, len(named))
        kept = self.kept
        here: Resource | None = None
        if kept is not None and not begin:
            here = self.asking.resource(tx)
            kept.begin(tx, here, self.rows.wanted)
        for above, names, hrefs in _runs(named[begin:end]):
            if kept is not None and (above is None or above.account != self.asking.target.account):
                self.kept = kept = None
            if size > PAGE_OCTETS:
                break
            begin += len(hrefs)
            if above is None:
                written += (status_response(href, 404) for href in hrefs)
                continue
            try:
                known = here if above == self.asking.target else None
                page, read = self._of_collection(tx, above, names, known)
            except CutShort as error:
                self._is_over = True
                return [*written, *error.written], end
            written += page
            size += read
        self._octets += size
        self._at_once = min(_PAGE, max(1, PAGE_OCTETS * (begin - first) // max(size, 1)))
        self._is_whole = begin == len(named) and kept is not None and kept.end(tx, at_once=not first)
        return written, begin

    def _of_collection(
        self, tx: Transaction, above: Target, names: list[str], known: Resource | None
    ) -> tuple[list[bytes], int]:
        """The responses of items of one collection, which may be ``known``, and how many octets were read."""
        try:
            found = known or self.asking.resource(tx, above)
        except Refused as refusal:
            if refusal.status == 403:
                return [_status(above, each, 403, _NO_RIGHT) for each in names], 0
            return [_status(above, each, 404) for each in names], 0
        if found.level is not Level.COLLECTION:
            return [self._elsewhere(tx, above, each) for each in names], 0
        if Rights.READ_ITEMS not in found.rights:
            return [_status(above, each, 403, _NO_RIGHT) for each in names], 0
        contents = tx.collections.named_contents(found.account_id, found.inside, names)
        if found.discretion.guards:
            contents = _seen(tx, self.asking, found, contents)
        return self._rows(tx, found, above, names, contents), sum(len(each.octets) for each in contents.values())

    def _rows(
        self, tx: Transaction, found: Resource, above: Target, names: list[str], contents: dict[str, Content]
    ) -> list[bytes]:
        given = list(pairs(contents[each] for each in names if each in contents))
        responses = self.rows.written(tx, found, given)
        if len(given) == len(names):
            return responses
        following = iter(responses)
        return [next(following) if each in contents else _status(above, each, 404) for each in names]

    def _elsewhere(self, tx: Transaction, above: Target, called: str) -> bytes:
        """The response for a URL that is no item: of a collection itself, or of nothing."""
        try:
            found = self.asking.resource(tx, Target(above.service, above.account, (*above.segments, called)))
        except Refused:
            return _status(above, called, 404)
        if found.level is Level.COLLECTION:
            return _status(above, called, 403, _IS_COLLECTION)
        return _status(above, called, 404)


def _seen(tx: Transaction, asking: Asking, found: Resource, contents: dict[str, Content]) -> dict[str, Content]:
    """What who asks sees of this, as he sees it."""
    there = {each.segment: each for each in asking.listed(tx, found, [each.member for each in contents.values()])}
    return {
        called: Content(there[called], asking.seen(tx, found, each.member.item_id, each.octets))
        for called, each in contents.items()
        if called in there
    }


def _status(above: Target, called: str, status: int, text: str = "") -> bytes:
    path = Target(above.service, above.account, (*above.segments, called)).href(collection=False)
    return status_response(path, status, description=text)


def _runs(named: list[Named]) -> Iterator[tuple[Target | None, list[str], list[str]]]:
    """URLs that follow each other and are in one collection: which, their names, and themselves; None for those that
    can name no item.
    """
    above: Target | None = None
    names: list[str] = []
    run: list[str] = []
    for href, parent, called in named:
        if run and parent is not above and parent != above:
            yield above, names, run
            names, run = [], []
        above = parent
        names.append(called)
        run.append(href)
    if run:
        yield above, names, run


def _distinct(kind: Kind, hrefs: Iterable[str]) -> list[Named]:
    """URLs with what they name; of those that name the same item the first (RFC 4791 7.9 asks for one response)."""
    found: dict[object, Named] = {}
    folders: dict[str, Target | None] = {}
    for href in hrefs:
        above, called = _named(kind, href, folders)
        key = href if above is None else (above.account, above.segments, called)
        found.setdefault(key, (href, above, called))
    return list(found.values())


def _named(kind: Kind, href: str, folders: dict[str, Target | None]) -> tuple[Target | None, str]:
    """What an item is in, and its name. URLs have mostly the beginning of others, which ``folders`` remembers."""
    folder, _, last = href.strip().rpartition("/")
    try:
        if last and "?" not in href:
            if folder not in folders:
                folders[folder] = _target(kind, f"{folder}/")
            above = folders[folder]
            if above is not None:
                return above, decode_segment(last)
        target = _target(kind, href)
    except BadPath:
        return None, ""
    return (target.parent, target.name) if target is not None and target.segments else (None, "")


def _target(kind: Kind, href: str) -> Target | None:
    """What a URL of the service names below an account."""
    target = parse_reference(href)
    return target if target is not None and target.service == kind.service and target.account is not None else None
