"""FileNode/query (spec/jmap.md 17): which rows of the store can match at all, which do, and in which order.

Of a condition that must hold comes where to look: in a folder, below one, at what leads to a file or holds a blob. A
folder without further conditions is a walk along an index: as it is, or in the order of names.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Final

from attrs import evolve, frozen

from stalwart.groupware.traits import ROLE
from stalwart.jmap.blobs.ids import NotABlobId, parse_blob_id
from stalwart.jmap.files.conditions import CONDITIONS, OF_DATA, number
from stalwart.jmap.files.seeing import Sight
from stalwart.jmap.standard.asking import Asking
from stalwart.jmap.standard.collation import COLLATIONS, DEFAULT
from stalwart.jmap.standard.filters import Condition, Filter, Test, predicate, tests
from stalwart.jmap.standard.sorting import Criterion, Sort, ordered
from stalwart.jmap.standard.source import Query
from stalwart.jmap.standard.window import Listed, Results
from stalwart.store import Transaction
from stalwart.store.collection_rows import FileNode, NodeOrder, home
from stalwart.store.object_types import FILE_NODE

_TOP: Final = home(FILE_NODE)
_MOST_LEVELS: Final = 256
_MOST_WITH_ROLE: Final = 1000


def results(tx: Transaction, asking: Asking, query: Query, sight: Sight, depth: int) -> Results:
    """All that match, in order. ``depth`` is how many levels more a folder has that is looked into."""
    place, order = _one_folder(query) if sight.is_own and not depth else None, _order(query)
    if place is not None and order is not None:
        nodes = tx.collections.nodes
        if order is NodeOrder.SEGMENT or nodes.are_collated(asking.account_id, place):
            return _Folder(tx, asking.account_id, place, order)
    return Listed(_Looking(tx, asking, query, sight, depth).found())


@frozen
class _Folder:
    """``Results`` that are the content of a folder."""

    tx: Transaction
    account_id: int
    id: int
    order: NodeOrder

    def count(self) -> int:
        return self.tx.collections.nodes.count(self.account_id, self.id)

    def place(self, id: int) -> int | None:
        return self.tx.collections.nodes.position(self.account_id, self.id, id, self.order)

    def page(self, offset: int, limit: int) -> list[int]:
        return self.tx.collections.nodes.page(self.account_id, self.id, offset, limit, self.order)


def _one_folder(query: Query) -> int | None:
    return _folder_of(query.filter) if isinstance(query.filter, Test) else None


def _order(query: Query) -> NodeOrder | None:
    """The order that a folder is to be listed in, None if there is no index of it."""
    if not query.sort:
        return NodeOrder.SEGMENT
    (first, *further) = query.sort
    if further or first.name != "name" or first.collate is not COLLATIONS[DEFAULT]:
        return None
    return NodeOrder.NAME if first.is_ascending else NodeOrder.NAME_DESCENDING


def _folder_of(test: Test) -> int | None:
    """The folder that a condition is about, if it says that a node is in one."""
    if test.name == "parentId":
        return _TOP if test.value is None else number(test.value)
    return _TOP if test.name == "isTopLevel" and test.value else None


def _needed(filter: Filter) -> Iterator[Test]:
    """The conditions that must hold."""
    if isinstance(filter, Test):
        yield filter
    elif filter.operator == "AND":
        for part in filter.parts:
            yield from _needed(part)


class _Looking:
    """One query in one transaction."""

    def __init__(self, tx: Transaction, asking: Asking, query: Query, sight: Sight, depth: int) -> None:
        self._tx = tx
        self._nodes = tx.collections.nodes
        self._account_id = asking.account_id
        self._now = asking.now
        self._query = query
        self._sight = sight
        self._depth = min(depth, _MOST_LEVELS)
        self._below: dict[int, dict[int, int]] = {}

    def found(self) -> list[int]:
        """The numbers of what matches, in order."""
        query = self._query
        matches = predicate(query.filter, self._conditions())
        rows = [(node.id, node) for node in self._candidates() if self._sight.shows(node.id) and matches(node)]
        return [id for id, _ in ordered(rows, self._criteria([node for _, node in rows]))]  # type: ignore[arg-type]

    def _candidates(self) -> Collection[FileNode]:
        with_data = not OF_DATA.isdisjoint(self._query.names)
        places: list[Collection[int]] = []
        for test in _needed(self._query.filter):
            chosen = self._chosen(test)
            if chosen is not None:
                return list(self._nodes.many(self._account_id, chosen).values())
            place = self._places(test)
            if place is not None:
                places.append(place)
        visible = self._sight.all()
        if places:
            fewest: Collection[int] = sorted(places, key=len)[0]
            return self._nodes.inside(self._account_id, fewest, with_data=with_data)
        if visible is not None:
            return list(self._nodes.many(self._account_id, visible).values())
        return self._nodes.all(self._account_id, with_data=with_data)

    def _chosen(self, test: Test) -> Collection[int] | None:
        """The numbers of the few nodes for which the condition can hold."""
        if test.name == "descendantId":
            return list(self._nodes.above(self._account_id, [number(test.value)]))
        if test.name == "blobId":
            try:
                hash = parse_blob_id(test.value).hash
            except NotABlobId:
                return ()
            return [link.owner_id for link in self._tx.blobs.links(hash, self._account_id, self._now)]
        if test.name == "role" and test.value is not None:
            holders = self._tx.objects.with_member(self._account_id, FILE_NODE, ROLE, test.value, _MOST_WITH_ROLE)
            return [holder.id for holder in holders]
        return None

    def _places(self, test: Test) -> Collection[int] | None:
        """The folders in which a node must be for the condition to hold."""
        if test.name == "ancestorId":
            return self._folders_below(number(test.value))
        folder = _folder_of(test)
        return None if folder is None else self._near(folder)

    def _near(self, folder_id: int) -> Collection[int]:
        """A folder, and those in it as deep as the query looks."""
        if not self._depth:
            return (folder_id,)
        return [id for id, level in self._folders_below(folder_id).items() if level <= self._depth]

    def _folders_below(self, folder_id: int) -> dict[int, int]:
        known = self._below.get(folder_id)
        if known is None:
            known = self._below[folder_id] = self._nodes.folders_below(self._account_id, folder_id)
        return known

    def _conditions(self) -> Mapping[str, Condition]:
        """Those that depend on the tree become questions for sets of folders."""
        sets: dict[tuple[str, Any], Collection[int]] = {}
        for test in tests(self._query.filter):
            key = test.name, test.value
            if key in sets:
                continue
            if test.name == "descendantId":
                sets[key] = self._nodes.above(self._account_id, [number(test.value)]).keys()
            elif test.name == "isTopLevel":
                sets[key] = frozenset(self._near(_TOP))
            elif test.name in ("parentId", "ancestorId"):
                sets[key] = frozenset(self._places(test) or ())
        of: dict[str, Callable[[FileNode, Any], bool]] = {
            "descendantId": lambda node, value: node.id in sets["descendantId", value],
            "isTopLevel": lambda node, value: (node.parent_id in sets["isTopLevel", value]) is value,
            "parentId": lambda node, value: node.parent_id in sets["parentId", value],
            "ancestorId": lambda node, value: node.parent_id in sets["ancestorId", value],
        }
        return {**CONDITIONS, **{name: Condition(CONDITIONS[name].type, matches) for name, matches in of.items()}}

    def _criteria(self, nodes: Collection[FileNode]) -> Iterator[Criterion]:
        for each in self._query.sort:
            yield each if each.sort.key is not None else evolve(each, sort=self._by_path(nodes, each))

    def _by_path(self, nodes: Collection[FileNode], by: Criterion) -> Sort:
        paths = self._paths(nodes, by)

        def key(node: Any, members: Mapping[str, Any]) -> Any:
            return paths[node.id]

        return Sort(key)

    def _paths(self, nodes: Collection[FileNode], by: Criterion) -> dict[int, tuple[Any, ...]]:
        """The names of what leads to each: a folder comes just before what is in it."""
        folders = self._nodes.above(self._account_id, [node.id for node in nodes])
        known: dict[int, tuple[Any, ...]] = {}

        def path(node: FileNode) -> tuple[Any, ...]:
            found = known.get(node.id)
            if found is None:
                outer = folders.get(node.parent_id)
                above = () if outer is None else path(outer)
                found = known[node.id] = (*above, (by.collate(node.name), node.id))
            return found

        return {node.id: path(node) for node in nodes}
