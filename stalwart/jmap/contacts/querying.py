"""ContactCard/query (RFC 9610 3.3): answered by what is indexed of cards; only the members of groups are looked at in
their octets. Texts are found in the middle of words, too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import reduce
from typing import Any, Final

from stalwart.codec.collations import unicode_casemap
from stalwart.codec.content_lines import unescaped
from stalwart.codec.dav.rights import Rights
from stalwart.codec.jscontact.terms import FACTS, TEXT, Facts, facts_of, fields_of
from stalwart.codec.jscontact.values import uri_of
from stalwart.codec.vcard.card import read_card
from stalwart.codec.vcard.lines import MalformedCard
from stalwart.groupware.card_search import Found
from stalwart.groupware.viewers import Viewer
from stalwart.jmap.contacts.conditions import OF_NAME, OF_TEXT, tokens
from stalwart.jmap.contacts.sight import Sight
from stalwart.jmap.errors import MethodError
from stalwart.jmap.standard.asking import Asking, number_of
from stalwart.jmap.standard.dates import utc_date
from stalwart.jmap.standard.filters import Filter, Test
from stalwart.jmap.standard.sorting import Criterion
from stalwart.jmap.standard.source import Query
from stalwart.store import Transaction
from stalwart.store.object_types import ADDRESS_BOOK, CONTACT_CARD

_EVERYTHING: Final = Found(others=True)
_TIMES: Final = frozenset(("created", "updated"))
_BY_KEY: Final = frozenset(("uid", "inAddressBook"))
_MOST_LOOKS: Final = 50
"""Conditions that look through what is indexed of all cards."""
_MEMBERS: Final = ("MEMBER", "X-ADDRESSBOOKSERVER-MEMBER")
_MOST_TOKENS: Final = 8
"""Texts that the database looks for at once; others are looked for in what it finds."""
_AT_ONCE: Final = 64
_FEW: Final = 4000
"""Cards whose facts are read one by one."""
_LARGEST: Final = 1 << 30


def results(tx: Transaction, asking: Asking, query: Query) -> list[int]:
    """The numbers of all cards that match, in order."""
    return _Looking(tx, asking, Sight.of(tx, Viewer.of(asking.access), asking.account_id)).found(query)


class _Looking:
    """One query in one transaction."""

    def __init__(self, tx: Transaction, asking: Asking, sight: Sight) -> None:
        self._tx = tx
        self._index = tx.collections.index
        self._account_id = asking.account_id
        self._sight = sight
        self._known: dict[tuple[str, Any], Found] = {}
        self._all_facts: dict[int, Facts] | None = None
        self._looked = 0

    def found(self, query: Query) -> list[int]:
        """What matches, in order."""
        matching = self._matching(query.filter)
        if self._sight.is_own and not matching.others:
            ids: Collection[int] = matching.ids
        else:
            ids = [id for id in self._sight.all(self._tx) if matching.has(id)]
        if not query.sort:
            return sorted(ids)
        facts = self._facts(ids, with_times=any(each.name in _TIMES for each in query.sort))
        return _ordered({id: facts[id] for id in ids if id in facts}, query.sort)

    def _matching(self, filter: Filter) -> Found:
        if isinstance(filter, Test):
            key = (filter.name, filter.value)
            if key not in self._known:
                self._known[key] = self._test(filter.name, filter.value)
            return self._known[key]
        parts = [self._matching(part) for part in filter.parts]
        if filter.operator == "AND":
            return reduce(Found.and_, parts, _EVERYTHING)
        either = reduce(Found.or_, parts, Found())
        return either.not_() if filter.operator == "NOT" else either

    def _test(self, name: str, value: Any) -> Found:
        if name not in _BY_KEY:
            self._looked += 1
            if self._looked > _MOST_LOOKS:
                raise MethodError("unsupportedFilter", f"A filter has at most {_MOST_LOOKS} different conditions.")
        if name == "text" or name in OF_TEXT:
            return self._with_text(tokens(value), OF_TEXT.keys() & {name})
        if name in OF_NAME:
            return self._with_name(OF_NAME[name], tokens(value))
        if name == "inAddressBook":
            return Found(frozenset(self._inside(number_of(value))))
        if name == "uid":
            members = self._tx.collections.by_uid(self._account_id, CONTACT_CARD, value)
            return Found(frozenset(member.item_id for member in members))
        if name == "hasMember":
            return Found(frozenset(self._groups_with(value)))
        if name == "kind":
            return self._whose(lambda facts: facts.kind == value)
        time = name.removesuffix("Before").removesuffix("After")
        if name.endswith("Before"):
            return self._whose(lambda facts: bool(getattr(facts, time) < value), with_times=True)
        return self._whose(lambda facts: bool(getattr(facts, time) >= value), with_times=True)

    def _with_text(self, wanted: list[str], fields: Collection[str]) -> Found:
        if not wanted:
            return _EVERYTHING
        asked = sorted(wanted, key=len, reverse=True)[:_MOST_TOKENS]
        if not fields and len(asked) == len(wanted):
            return Found(frozenset(self._index.ids(self._account_id, TEXT, asked)))
        found = self._index.values(self._account_id, TEXT, asked)
        return Found(frozenset(id for id, text in found.items() if _has_all(_part(text, fields), wanted)))

    def _with_name(self, member: str, wanted: list[str]) -> Found:
        if not wanted:
            return _EVERYTHING
        found = self._index.values(self._account_id, FACTS, wanted[:_MOST_TOKENS])
        return Found(frozenset(id for id, value in found.items() if _has_all(getattr(facts_of(value), member), wanted)))

    def _inside(self, book_id: int | None) -> Iterable[int]:
        book = None if book_id is None else self._tx.collections.get(self._account_id, book_id)
        if book is None or book.type != ADDRESS_BOOK or not self._sight.may(book.id, Rights.READ_ITEMS):
            return ()
        return self._index.inside(self._account_id, [book.id])

    def _whose(self, fits: Callable[[Facts], bool], *, with_times: bool = False) -> Found:
        facts = self._facts(None, with_times=with_times)
        return Found(frozenset(id for id, each in facts.items() if fits(each)))

    def _facts(self, ids: Collection[int] | None, *, with_times: bool) -> dict[int, Facts]:
        """What cards are sorted by, of all or of some; those that do not say when have the times of the store."""
        if self._all_facts is None:
            few = ids is not None and len(ids) <= _FEW
            if few:
                values = self._index.values_of(self._account_id, FACTS, ids or ())
            else:
                values = self._index.values(self._account_id, FACTS)
            found = {id: facts_of(value) for id, value in values.items()}
            if few:
                return self._timed(found) if with_times else found
            self._all_facts = found
        return self._timed(self._all_facts) if with_times else self._all_facts

    def _timed(self, facts: dict[int, Facts]) -> dict[int, Facts]:
        if all(each.created and each.updated for each in facts.values()):
            return facts
        times = self._index.times(self._account_id, CONTACT_CARD)
        return {
            id: each._replace(
                created=each.created or utc_date(times[id][0]), updated=each.updated or utc_date(times[id][1])
            )
            for id, each in facts.items()
            if id in times
        }

    def _groups_with(self, uid: str) -> Iterable[int]:
        """The groups that have a member."""
        groups = sorted(id for id, facts in self._facts(None, with_times=False).items() if facts.kind == "group")
        sought = uid.encode("utf-8", "replace")
        for start in range(0, len(groups), _AT_ONCE):
            contents = self._tx.collections.octets_of(self._account_id, groups[start : start + _AT_ONCE])
            for id, octets in contents.items():
                if sought in octets.replace(b"\r\n ", b"").replace(b"\\", b"") and _has_member(octets, uid):
                    yield id


def _ordered(rows: Mapping[int, Facts], criteria: Sequence[Criterion]) -> list[int]:
    """The numbers in order; what the collation would make of texts is what they are, unless it is another one."""
    found = sorted(rows)
    for criterion in reversed(criteria):
        place, collate = Facts._fields.index(OF_NAME.get(criterion.name, criterion.name)), criterion.collate
        if criterion.name in _TIMES or collate is unicode_casemap:
            found.sort(key=lambda id, place=place: rows[id][place], reverse=not criterion.is_ascending)  # type: ignore[misc]
        else:
            keys = {id: collate(row[place]) for id, row in rows.items()}
            found.sort(key=keys.__getitem__, reverse=not criterion.is_ascending)
    return found


def _part(text: str, fields: Collection[str]) -> str:
    if not fields:
        return text
    there = fields_of(text)
    return "\n".join(there[field] for field in fields)


def _has_all(text: str, wanted: list[str]) -> bool:
    return all(each in text for each in wanted)


def _has_member(octets: bytes, uid: str) -> bool:
    try:
        card = read_card(octets, max_octets=_LARGEST)
    except MalformedCard:
        return False
    members = (item for name in _MEMBERS for item in card.all(name))
    return any((uri_of(item.value) or unescaped(item.value)).strip() == uid for item in members)
