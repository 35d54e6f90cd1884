"""Events as the standard methods see them: calendar objects read as JSCalendar, and written as over CalDAV."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from attrs import frozen

from stalwart.codec.caldav.time_index import kind_of
from stalwart.errors import Forbidden, NotFound
from stalwart.groupware.attachments import held_in
from stalwart.groupware.viewers import Viewer
from stalwart.jmap.calendars.event_ids import base_of
from stalwart.jmap.calendars.event_querying import EventSearch, expands
from stalwart.jmap.calendars.event_sight import EventSight
from stalwart.jmap.calendars.event_view import EventView
from stalwart.jmap.calendars.event_writing import EventWriting
from stalwart.jmap.sharing.seeing import item_changes, only_seen, seen_state
from stalwart.jmap.standard.asking import Asking, Change
from stalwart.jmap.standard.declaration import ANY
from stalwart.jmap.standard.equality import same
from stalwart.jmap.standard.source import Difference, Found, Query, QueryAnswer
from stalwart.jmap.standard.states import State
from stalwart.jmap.standard.window import Listed, Window
from stalwart.store.object_types import CALENDAR, CALENDAR_EVENT
from stalwart.store.rows import Changes
from stalwart.store.store import Transaction

_TOLD: Final = frozenset({"updated", "sequence", "organizerCalendarAddress", "isOrigin"})


@frozen
class EventSource:
    """``Source`` over what is in calendars."""

    def state(self, tx: Transaction, asking: Asking) -> int:
        return seen_state(tx, asking, CALENDAR_EVENT)

    def fetch(
        self, tx: Transaction, asking: Asking, ids: Collection[int] | None, names: Collection[str], limit: int
    ) -> Found:
        sight = _sight(tx, asking)
        wanted = sight.all(tx, limit) if ids is None else ids
        return EventView(tx, asking, sight).found(wanted, names)

    def changes(self, tx: Transaction, asking: Asking, since: State, limit: int) -> Changes | None:
        sight = _sight(tx, asking)
        found: Changes | None
        if sight.is_own:
            found = tx.objects.changes(asking.account_id, CALENDAR_EVENT, since.number, limit, since.origin)
        else:
            found = item_changes(
                tx, asking, CALENDAR_EVENT, CALENDAR, since, limit, lambda start: sight.passage(tx, start)
            )
        if found is None:
            return None
        return only_seen(
            found, frozenset(each for each in (*found.created, *found.updated) if _is_event(tx, asking, each))
        )

    def create(self, tx: Transaction, asking: Asking, change: Change) -> int:
        return EventWriting(tx, asking, change, _sight(tx, asking)).create()

    def update(self, tx: Transaction, asking: Asking, change: Change) -> dict[str, Any] | None:
        if not change.changed:
            return None
        sight = _sight(tx, asking)
        EventWriting(tx, asking, change, sight).update()
        number = change.id or 0
        view = EventView(tx, asking, sight)
        found = view.found((number,), [*change.new, ANY])
        if not found:
            return None
        actual = found[0][1]
        names = set(actual) | {name for name, value in change.new.items() if value is not None}
        names = {name for name in names if name in change.new or name in _TOLD} - {"id"}
        news = [name for name in sorted(names) if not same(actual.get(name), change.new.get(name))]
        told = view.told(actual)
        return {name: told.get(name) for name in news}

    def destroy(self, tx: Transaction, asking: Asking, change: Change) -> None:
        EventWriting(tx, asking, change, _sight(tx, asking)).destroy()

    def copy(self, tx: Transaction, origin: Asking, original: int, asking: Asking, change: Change) -> int:
        """An instance comes by itself; the series keeps its lines."""
        found = _sight(tx, origin).events(tx, [base_of(original)]).get(base_of(original))
        if found is None:
            raise NotFound
        is_whole = original == base_of(original) and _sight(tx, origin).is_own
        writing = EventWriting(tx, asking, change, _sight(tx, asking), origin=origin)
        return writing.create(found if is_whole else None, held_in(found.data))

    def query(self, tx: Transaction, asking: Asking, query: Query, window: Window) -> QueryAnswer:
        sight = _sight(tx, asking)
        search, is_expanded = EventSearch(tx, asking, query, sight), expands(asking)
        found = search.instances() if is_expanded else search.results()
        return QueryAnswer(window.cut(Listed(found)), can_calculate_changes=not is_expanded)

    def query_changes(
        self, tx: Transaction, asking: Asking, query: Query, since: State, up_to: int | None, limit: int
    ) -> Difference | None:
        """Everything that changed is removed, and added again where it matches."""
        sight = _sight(tx, asking)
        changes = self.changes(tx, asking, since, limit)
        if changes is None or changes.has_more or expands(asking):
            return None
        found = EventSearch(tx, asking, query, sight).results()
        touched = {*changes.created, *changes.updated}
        added = [(index, id) for index, id in enumerate(found) if id in touched]
        return Difference([*changes.updated, *changes.destroyed], added, len(found) if asking.wants_total else None)


def _is_event(tx: Transaction, asking: Asking, id: int) -> bool:
    """Whether it is of a kind that JMAP knows: entries of journals are for CalDAV."""
    span = tx.collections.span(asking.account_id, id)
    return span is None or kind_of(span.kind) != "VJOURNAL"


def _sight(tx: Transaction, asking: Asking) -> EventSight:
    sight = EventSight.of(tx, Viewer.of(asking.access), asking.account_id)
    if not sight.is_own and not sight.rights and asking.prepared.get("writes"):
        raise Forbidden("Nothing here may be changed.")
    return sight
