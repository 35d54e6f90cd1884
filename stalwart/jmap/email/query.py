"""``Email/query`` (RFC 8621 4.4): lists along an index, searches by structure, and searches of text."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Hashable, Sequence
from functools import partial
from typing import Any

from attrs import define, field, frozen

from stalwart.codec.ids import encode_id
from stalwart.directory.access import Access
from stalwart.errors import Invalid, NotFound
from stalwart.jmap.accounts import account_argument, belongs
from stalwart.jmap.call import Call
from stalwart.jmap.email.data_type import EMAIL
from stalwart.jmap.email.filter import (
    Finder,
    PlainList,
    TextSearch,
    plain_list,
    store_filter,
    store_sort,
    text_conditions,
)
from stalwart.jmap.errors import MethodError
from stalwart.jmap.mail.capability import MAIL
from stalwart.jmap.mail.sight import Sight, mail_state
from stalwart.jmap.methods import method
from stalwart.jmap.recent_answers import RecentAnswers
from stalwart.jmap.standard.argument_reader import ArgumentReader
from stalwart.jmap.standard.arguments import QueryArguments
from stalwart.jmap.standard.querying import object_number, read_query
from stalwart.jmap.standard.source import Query
from stalwart.jmap.standard.states import State
from stalwart.jmap.standard.window import Part, Window
from stalwart.store import Store, Transaction
from stalwart.store.mail_rows import Combined, Condition, Filter
from stalwart.store.object_types import EMAIL as EMAIL_NUMBER
from stalwart.store.object_types import MAILBOX

_ALL = (1 << 63) - 1
_OCTETS_OF_ID = 64


@method("Email/query", capability=MAIL, needs=EMAIL.permission("Query"))
async def query(call: Call, *, store: Store, text_search: TextSearch, recent_answers: RecentAnswers) -> dict[str, Any]:
    """The ids of e-mails that a filter lets through, sorted."""
    account_id, access = account_argument(call, shared=MAILBOX), call.request.access
    arguments = QueryArguments.read(call)
    collapse = ArgumentReader(arguments.rest).flag("collapseThreads")
    asked = read_query(EMAIL, arguments.filter, arguments.sort, call.request)
    window = Window.of(arguments, object_number(EMAIL, arguments.anchor), call.request.limits.query_max_results)
    plain = plain_list(asked.filter, asked.sort)
    if plain is None or not belongs(access, account_id):
        search = _Search(account_id, access, asked, window, collapse)
        if conditions := text_conditions(asked.filter):
            answer = await text_search.search(account_id, conditions, search.answer)
        elif belongs(access, account_id):
            answer = await _repeated(recent_answers, account_id, search.key, search.part)
        else:
            answer = await store.read(search.answer)
    else:
        find = partial(_page, account_id=account_id, plain=plain, window=window, collapse=collapse)
        answer = await _repeated(recent_answers, account_id, (plain, window, collapse), find)
    response: dict[str, Any] = {
        "accountId": encode_id(account_id),
        "queryState": str(State(answer.state)),
        "canCalculateChanges": plain is not None and not collapse and belongs(access, account_id),
        "position": answer.position,
        "ids": answer.ids,
    }
    if arguments.calculate_total:
        response["total"] = answer.total
    if window.lowered:
        response["limit"] = window.limit
    return response


@frozen
class _Answer:
    """A window of the results at one state; ``ids`` as they are sent."""

    state: int
    position: int
    ids: Sequence[str]
    total: int | None

    @classmethod
    def of(cls, state: int, part: Part) -> _Answer:
        return cls(state, part.position, [encode_id(id) for id in part.ids], part.total)

    @property
    def octets(self) -> int:
        """About its size."""
        return _OCTETS_OF_ID * len(self.ids)


def _repeated(
    answers: RecentAnswers, account_id: int, asked: Hashable, find: Callable[[Transaction], Part]
) -> Coroutine[Any, Any, _Answer]:
    """What ``find`` finds, or has found at the same state."""

    def made(tx: Transaction, state: int) -> _Answer:
        return _Answer.of(state, find(tx))

    return answers.answer(account_id, EMAIL_NUMBER, asked, made)


def _page(tx: Transaction, *, account_id: int, plain: PlainList, window: Window, collapse: bool) -> Part:
    try:
        page = tx.mail.page(
            account_id,
            limit=window.limit,
            mailbox=plain.mailbox,
            ascending=plain.ascending,
            collapse=collapse,
            shown=plain.shown,
            position=window.position,
            anchor=window.anchor,
            anchor_offset=window.anchor_offset,
            calculate_total=window.calculate_total,
        )
    except NotFound:
        raise MethodError("anchorNotFound", "The anchor is not among the results of the query.") from None
    return Part(list(page.ids), page.position, page.total)


class _Search:
    """A search, of text or not."""

    def __init__(self, account_id: int, access: Access, asked: Query, window: Window, collapse: bool) -> None:
        self.account_id = account_id
        self._access = access
        self.sort = store_sort(asked.sort)
        self.collapse = collapse
        self._filter = asked.filter
        self._window = window

    @property
    def key(self) -> Hashable:
        """The same for the same search, which must not be one of text."""
        return (store_filter(self._filter, _no_text), self.sort, self._window, self.collapse)

    def answer(self, tx: Transaction, finder: Finder | None = None) -> _Answer:
        """What the window shows of a search, with a ``finder`` of one of text."""
        state = mail_state(tx, self._access, self.account_id, EMAIL_NUMBER)
        return _Answer.of(state, self.part(tx, None if finder is None else finder.find))

    def part(self, tx: Transaction, find: Callable[[str, Any], frozenset[int]] | None = None) -> Part:
        """What the window shows; ``find`` answers conditions about text."""
        try:
            found = store_filter(self._filter, find or _no_text)
            sight = Sight.of(tx, self._access, self.account_id)
            found = _within(sight, sight.narrowed(tx, self.account_id, found))
            return self._window.cut(_Matches(tx, self, found))
        except Invalid as problem:  # filters of any size cannot be carried out
            raise MethodError("unsupportedFilter", problem.detail) from None


def _within(sight: Sight, filter: Filter | None) -> Filter | None:
    """The same; mailboxes that he may not read are as good as mailboxes that are not there."""
    if sight.is_whole or filter is None:
        return filter
    if isinstance(filter, Combined):
        return Combined(filter.operator, tuple(part for each in filter.filters if (part := _within(sight, each))))
    if filter.test == "in_mailbox" and isinstance(filter.value, int) and not sight.readable((filter.value,)):
        return Condition("among", frozenset())
    return filter


def _no_text(test: str, value: Any) -> frozenset[int]:
    raise ValueError(f"{test} is about text")


@define
class _Matches:
    """``window.Results`` of a search; no more is looked for than is asked about."""

    tx: Transaction
    search: _Search
    filter: Filter | None
    known: Sequence[int] | None = field(default=None)

    def count(self) -> int:
        return len(self._all())

    def place(self, id: int) -> int | None:
        known = self._all()
        return known.index(id) if id in known else None

    def page(self, offset: int, limit: int) -> list[int]:
        if self.known is not None:
            return list(self.known[offset : offset + limit])
        return list(self._first(offset + limit)[offset:])

    def _all(self) -> Sequence[int]:
        if self.known is None:
            self.known = self._first(_ALL)
        return self.known

    def _first(self, limit: int) -> Sequence[int]:
        search = self.search
        return self.tx.mail.matching(search.account_id, self.filter, search.sort, limit=limit, collapse=search.collapse)
