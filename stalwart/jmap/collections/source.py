"""Address books and calendars as the standard methods see them: ``tx.collections`` in wire form, for whoever looks.

Somebody to whom single ones are shared sees these, and no others. Every change, be it one person's taste or a right, is
a change of the collection: so DAV's tokens, states and pushes follow.
"""

from __future__ import annotations

from collections.abc import Collection as Several
from collections.abc import Iterable
from typing import Any, Final

from attrs import frozen

from stalwart.codec.dav.rights import Rights
from stalwart.errors import NotFound
from stalwart.groupware.homes import DISPLAY_NAME
from stalwart.groupware.kinds import Kind
from stalwart.groupware.own_alerts import defaults_changed
from stalwart.groupware.resources import locate, new_name
from stalwart.groupware.traits import ALERTS_WITH_TIME, ALERTS_WITHOUT_TIME
from stalwart.groupware.viewers import Viewer
from stalwart.jmap.collections.appearance import TRAITS, Appearance, Onlooker
from stalwart.jmap.sharing.changing import share, shown_grants
from stalwart.jmap.sharing.rights import MY_RIGHTS, SHARE_WITH, Vocabulary
from stalwart.jmap.sharing.seeing import is_visible, visible_changes
from stalwart.jmap.standard.asking import Asking, Change
from stalwart.jmap.standard.default_choice import IS_DEFAULT
from stalwart.jmap.standard.sorting import ordered
from stalwart.jmap.standard.source import Difference, Found, Query, QueryAnswer
from stalwart.jmap.standard.states import State
from stalwart.jmap.standard.window import Listed, Window
from stalwart.store.collection_rows import Collection
from stalwart.store.rows import Changes
from stalwart.store.store import Transaction

_ALL: Final = (1 << 63) - 1


@frozen
class CollectionSource:
    """``Source`` over the collections of a kind; the services ``homes``, ``bin`` and ``granting`` are asked."""

    kind: Kind
    vocabulary: Vocabulary

    def state(self, tx: Transaction, asking: Asking) -> int:
        return tx.objects.state(asking.account_id, self.kind.type)

    def fetch(
        self, tx: Transaction, asking: Asking, ids: Several[int] | None, names: Several[str], limit: int
    ) -> Found:
        account_id, viewer = asking.account_id, Viewer.of(asking.access)
        rows = self._rows(tx, account_id, ids)
        rights = viewer.rights_on_some(tx, account_id, [row.id for row in rows])
        seen = [row for row in rows if is_visible(rights.get(row.id, Rights.NONE))][:limit]
        own = tx.preferences.of_objects(account_id, [row.id for row in seen], viewer.account_id)
        shared = self._shared(tx, account_id, seen, rights) if SHARE_WITH in names else {}
        default = asking.services["homes"].default(tx, self.kind, account_id) if IS_DEFAULT in names else None
        found: Found = []
        for row in seen:
            looks = appearance(row, own.get(row.id), account_id, viewer)
            shown: dict[str, Any] = {name: TRAITS[name].read(looks) for name in names if name in TRAITS}
            shown[MY_RIGHTS] = self.vocabulary.shown(rights[row.id])
            shown[SHARE_WITH] = shared.get(row.id)
            shown[IS_DEFAULT] = default is not None and default.item_id == row.id
            found.append((row.id, shown))
        return found

    def changes(self, tx: Transaction, asking: Asking, since: State, limit: int) -> Changes | None:
        return visible_changes(tx, asking, self.kind.type, since, limit)

    def create(self, tx: Transaction, asking: Asking, change: Change) -> int:
        account_id, new = asking.account_id, change.new
        looks = Appearance({}, {}, Onlooker(is_owner=True, belongs=True))
        for name in TRAITS.keys() & new.keys():
            if new[name] != TRAITS[name].read(looks):
                TRAITS[name].write(looks, new[name])
        made = tx.collections.create(
            account_id, self.kind.type, self.kind.home, new_name(), now=asking.now, data=looks.data
        )
        row = tx.collections.get(account_id, made.item_id)
        assert row is not None  # it was made just now
        if new.get(SHARE_WITH):
            self._share(tx, asking, row, None, new[SHARE_WITH])
        return made.item_id

    def update(self, tx: Transaction, asking: Asking, change: Change) -> dict[str, Any] | None:
        changed, row = change.changed, self.row(tx, asking, change)
        account_id, viewer = asking.account_id, Viewer.of(asking.access)
        own = tx.preferences.get(account_id, row.id, viewer.account_id)
        looks = appearance(row, own, account_id, viewer)
        for name in TRAITS.keys() & changed.keys():
            TRAITS[name].write(looks, changed[name])
        if changed:
            tx.collections.update(account_id, row.id, now=asking.now, data=looks.data or None)
            tx.preferences.set(account_id, row.id, viewer.account_id, looks.own or None)
        if not {ALERTS_WITH_TIME, ALERTS_WITHOUT_TIME}.isdisjoint(changed):
            defaults_changed(tx, account_id, row.id, viewer.account_id, asking.now)
        if SHARE_WITH in changed:
            self._share(tx, asking, row, change.old[SHARE_WITH], change.new[SHARE_WITH])
        return None

    def destroy(self, tx: Transaction, asking: Asking, change: Change) -> None:
        row, services = self.row(tx, asking, change), asking.services
        home, path = services["homes"].get(tx, row.account_id), tx.collections.path(row.account_id, row.id)
        if home is None or path is None:
            raise NotFound
        services["bin"].remove(tx, locate(tx, Viewer.of(asking.access), self.kind, home, path), asking.now)

    def copy(self, tx: Transaction, origin: Asking, original: int, asking: Asking, change: Change) -> int:
        raise NotImplementedError("collections are not copied")

    def query(self, tx: Transaction, asking: Asking, query: Query, window: Window) -> QueryAnswer:
        found = ordered(self.fetch(tx, asking, None, query.names, _ALL), query.sort)
        return QueryAnswer(window.cut(Listed([id for id, _ in found])), can_calculate_changes=False)

    def query_changes(
        self, tx: Transaction, asking: Asking, query: Query, since: State, up_to: int | None, limit: int
    ) -> Difference | None:
        return None

    def row(self, tx: Transaction, asking: Asking, change: Change) -> Collection:
        """The collection that is changed. Raises NotFound."""
        row = None if change.id is None else tx.collections.get(asking.account_id, change.id)
        if row is None or row.type != self.kind.type:
            raise NotFound
        return row

    def _rows(self, tx: Transaction, account_id: int, ids: Several[int] | None) -> list[Collection]:
        if ids is None:
            return tx.collections.of_type(account_id, self.kind.type)
        found = (tx.collections.get(account_id, id) for id in ids)
        return [each for each in found if each is not None and each.type == self.kind.type]

    def _shared(
        self, tx: Transaction, account_id: int, rows: Iterable[Collection], rights: dict[int, Rights]
    ) -> dict[int, Any]:
        """With whom each is shared, as far as who asks may know."""
        told = [row.id for row in rows if Rights.SHARE in rights[row.id]]
        grants = tx.shares.of_objects(account_id, told)
        return {id: shown_grants(self.vocabulary, each) for id, each in grants.items()}

    def _share(
        self, tx: Transaction, asking: Asking, row: Collection, old: dict[str, Any] | None, new: dict[str, Any] | None
    ) -> None:
        called = str((row.data or {}).get(DISPLAY_NAME) or row.segment)
        share(tx, asking, self.vocabulary, (row.id, row.type, called), old, new)


def appearance(row: Collection, own: dict[str, Any] | None, account_id: int, viewer: Viewer) -> Appearance:
    """A collection as somebody sees it."""
    onlooker = Onlooker(account_id == viewer.account_id, viewer.belongs_to(account_id))
    return Appearance(dict(row.data or {}), dict(own or {}), onlooker)
