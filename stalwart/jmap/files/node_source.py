"""Files and folders as the standard methods see them: ``tx.collections.nodes`` in wire form, written by ``writing``."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from attrs import frozen

from stalwart.codec.dav.rights import Rights
from stalwart.errors import Forbidden
from stalwart.groupware.viewers import Viewer
from stalwart.jmap.files import writing
from stalwart.jmap.files.querying import results
from stalwart.jmap.files.seeing import Sight
from stalwart.jmap.files.wire import SHOWN
from stalwart.jmap.sharing.changing import shown_grants
from stalwart.jmap.sharing.rights import FILE_NODE as RIGHTS
from stalwart.jmap.sharing.rights import MY_RIGHTS, SHARE_WITH
from stalwart.jmap.sharing.seeing import is_outdated, only_seen, seen_state
from stalwart.jmap.standard.argument_reader import ArgumentReader
from stalwart.jmap.standard.asking import Asking, Change
from stalwart.jmap.standard.equality import same
from stalwart.jmap.standard.source import Difference, Found, Query, QueryAnswer
from stalwart.jmap.standard.states import State
from stalwart.jmap.standard.window import Window
from stalwart.store import Transaction
from stalwart.store.collection_rows import FileNode
from stalwart.store.object_types import FILE_NODE
from stalwart.store.rows import Changes

IS_SUBSCRIBED: Final = "isSubscribed"
_ALL: Final = (1 << 63) - 1
_NEEDS: Final = {
    "mayAddChildren": "jmapFileNodeCreate",
    "mayRename": "jmapFileNodeUpdate",
    "mayModifyContent": "jmapFileNodeUpdate",
    "mayShare": "jmapFileNodeUpdate",
    "mayDelete": "jmapFileNodeDestroy",
}


@frozen
class NodeSource:
    """``Source`` over files and folders."""

    def state(self, tx: Transaction, asking: Asking) -> int:
        return seen_state(tx, asking, FILE_NODE)

    def fetch(
        self, tx: Transaction, asking: Asking, ids: Collection[int] | None, names: Collection[str], limit: int
    ) -> Found:
        sight = Sight.of(tx, Viewer.of(asking.access), asking.account_id)
        nodes = tx.collections.nodes
        if ids is None:
            wanted = sight.all()
            if wanted is None:
                wanted = [row.id for row in tx.objects.list(asking.account_id, FILE_NODE, limit=limit)]
            ids = wanted[:limit]
        found = nodes.many(asking.account_id, sight.among(ids))
        if ArgumentReader(asking.rest).flag("fetchParents"):
            found |= nodes.above(asking.account_id, found)
        return shown(tx, asking, sight, found.values(), names)

    def changes(self, tx: Transaction, asking: Asking, since: State, limit: int) -> Changes | None:
        changes = tx.objects.changes(asking.account_id, FILE_NODE, since.number, limit, since.origin)
        viewer = Viewer.of(asking.access)
        if changes is None or viewer.belongs_to(asking.account_id):
            return changes
        if is_outdated(tx, asking, FILE_NODE, since):
            return None
        sight = Sight.of(tx, viewer, asking.account_id)
        return only_seen(changes, set(sight.among((*changes.created, *changes.updated))))

    def create(self, tx: Transaction, asking: Asking, change: Change) -> int:
        return writing.Writing(tx, asking, change).create()

    def update(self, tx: Transaction, asking: Asking, change: Change) -> dict[str, Any] | None:
        writing.Writing(tx, asking, change).update()
        if not change.changed:
            return None
        id = change.id or 0
        node = tx.collections.nodes.many(asking.account_id, [id])[id]
        actual = {name: of(node) for name, of in SHOWN.items()}
        return {name: value for name, value in actual.items() if _is_news(name, value, change.new)}

    def destroy(self, tx: Transaction, asking: Asking, change: Change) -> None:
        writing.Writing(tx, asking, change).destroy()

    def copy(self, tx: Transaction, origin: Asking, original: int, asking: Asking, change: Change) -> int:
        """A folder comes without what is in it, which has ids of its own to be told."""
        sight = Sight.of(tx, Viewer.of(origin.access), origin.account_id)
        if not sight.may_read(original):
            raise Forbidden("The original may not be read.")
        node = tx.collections.nodes.many(origin.account_id, [original])[original]
        return writing.Writing(tx, asking, change).create(node, origin)

    def query(self, tx: Transaction, asking: Asking, query: Query, window: Window) -> QueryAnswer:
        sight, depth = Sight.of(tx, Viewer.of(asking.access), asking.account_id), _depth(asking)
        part = window.cut(results(tx, asking, query, sight, depth))
        return QueryAnswer(part, can_calculate_changes=sight.is_own and not depth)

    def query_changes(
        self, tx: Transaction, asking: Asking, query: Query, since: State, up_to: int | None, limit: int
    ) -> Difference | None:
        """Everything that changed is removed, and added again where it matches."""
        sight = Sight.of(tx, Viewer.of(asking.access), asking.account_id)
        changes = self.changes(tx, asking, since, limit)
        if changes is None or changes.has_more or not sight.is_own or _depth(asking):
            return None
        found = results(tx, asking, query, sight, 0)
        touched = (*changes.created, *changes.updated)
        if len(touched) > 1:
            index = {id: place for place, id in enumerate(found.page(0, _ALL))}
            added = sorted((index[id], id) for id in touched if id in index)
        else:
            added = [(place, id) for id in touched if (place := found.place(id)) is not None]
        return Difference([*changes.updated, *changes.destroyed], added, found.count() if asking.wants_total else None)


def _is_news(name: str, value: Any, known: Mapping[str, Any]) -> bool:
    """Whether an update has changed a property in a way that its client does not know."""
    return name == "changed" or (name in known and not same(value, known[name]))


def _depth(asking: Asking) -> int:
    """How many levels below a folder a query looks into, beside what is in it."""
    return ArgumentReader(asking.rest).unsigned("depth") or 0


def shown(
    tx: Transaction, asking: Asking, sight: Sight, nodes: Iterable[FileNode], names: Collection[str]
) -> list[tuple[int, dict[str, Any]]]:
    """The properties ``names`` of files and folders, as who asks sees them."""
    listed = list(nodes)
    plain = [(name, SHOWN[name]) for name in names if name in SHOWN]
    found = [(node.id, {name: of(node) for name, of in plain}) for node in listed]
    if MY_RIGHTS in names:
        for node, (_, properties) in zip(listed, found, strict=True):
            properties[MY_RIGHTS] = my_rights(asking, sight, node)
    if SHARE_WITH in names:
        sharing = [node.id for node in listed if Rights.SHARE in sight.held(node.id)]
        grants = tx.shares.of_objects(asking.account_id, sharing)
        for id, properties in found:
            properties[SHARE_WITH] = shown_grants(RIGHTS, grants.get(id, {}))
    if IS_SUBSCRIBED in names:
        ids = [node.id for node in listed]
        own = tx.preferences.of_objects(asking.account_id, ids, asking.access.account_id)
        for id, properties in found:
            properties[IS_SUBSCRIBED] = own.get(id, {}).get(IS_SUBSCRIBED, True)
    return found


def my_rights(asking: Asking, sight: Sight, node: FileNode) -> dict[str, bool]:
    """What who asks may do with a file or folder, with his permissions."""
    rights = RIGHTS.shown(sight.held(node.id))
    for name, permission in _NEEDS.items():
        rights[name] = rights[name] and asking.access.may(permission)
    if not node.is_folder:
        rights["mayAddChildren"] = False
    return rights
