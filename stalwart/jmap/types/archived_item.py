"""x:ArchivedItem: what an account has deleted, to be brought back or to be gone for good (settings C.11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from stalwart.codec.ids import encode_id
from stalwart.config.settings import Settings
from stalwart.errors import Forbidden, NotFound, StalwartError
from stalwart.groupware.restoring import Restoring
from stalwart.jmap.registry.filters import Condition, sort_name, unsupported_filter
from stalwart.jmap.registry.handler import Asking, Change, Handler, handles
from stalwart.jmap.registry.scoping import reaches
from stalwart.jmap.standard.arguments import Comparator
from stalwart.jmap.standard.asking import number_of
from stalwart.jmap.standard.window import Listed, Results
from stalwart.schema import Declaration
from stalwart.store import Transaction
from stalwart.store.collection_rows import Archived
from stalwart.store.object_types import ADDRESS_BOOK, CALENDAR, CALENDAR_EVENT, CONTACT_CARD, FILE_NODE

_SORTABLE: Final = ("archivedAt", "archivedUntil")
_TYPES: Final[Mapping[int, str]] = {
    FILE_NODE: "FileNode",
    CALENDAR: "Calendar",
    CALENDAR_EVENT: "CalendarEvent",
    ADDRESS_BOOK: "AddressBook",
    CONTACT_CARD: "ContactCard",
}
_RESTORE: Final = "requestRestore"


@handles("ArchivedItem")
class ArchivedItemHandler(Handler):
    """The bin of an account."""

    def __init__(self, declaration: Declaration, *, settings: Settings, restoring: Restoring) -> None:
        super().__init__(declaration, settings=settings)
        self._view: Any = declaration
        self._restoring = restoring

    def fetch(self, tx: Transaction, asking: Asking, ids: Sequence[int] | None, limit: int) -> list[dict[str, Any]]:
        """Those that there are, by number."""
        found = _held(tx, asking, limit if ids is None else None)
        return [
            {**self._seen(one).to_wire(), "id": encode_id(one.id)} for one in found if ids is None or one.id in ids
        ][:limit]

    def matching(
        self, tx: Transaction, asking: Asking, conditions: Sequence[Condition], comparator: Comparator | None
    ) -> Results:
        """All, what was deleted last first, or by one of the dates."""
        for condition in conditions:
            raise unsupported_filter(condition.name)
        found = _held(tx, asking)
        if sort_name(comparator, _SORTABLE) == "archivedUntil":
            found.sort(key=lambda one: (one.expires_at, one.id))
        if comparator is None or not comparator.is_ascending:
            found.reverse()
        return Listed([one.id for one in found])

    async def prepare(self, asking: Asking, changes: Sequence[Change]) -> None:
        """Read what is to be brought back."""
        for change in changes:
            id = number_of(change.key) if change.kind == "update" else None
            if id is not None and change.data.get("status") == _RESTORE:
                try:
                    change.prepared = await self._restoring.prepare(asking.account_id, id, int(asking.now))
                except StalwartError as error:
                    change.refused = error

    def create(self, tx: Transaction, asking: Asking, change: Change) -> tuple[int, dict[str, Any]]:
        """Refused."""
        raise Forbidden("What is deleted comes here by itself.")

    def update(self, tx: Transaction, asking: Asking, change: Change) -> dict[str, Any] | None:
        """Bring it back, if that is what is asked for."""
        wanted = self._view.patched(self._seen(_one(tx, asking, change)), change.data)
        if wanted.status == _RESTORE:
            if change.prepared is None:
                raise NotFound
            self._restoring.restore(tx, asking.account_id, change.prepared, asking.access.account_id, int(asking.now))
        return None

    def destroy(self, tx: Transaction, asking: Asking, change: Change) -> None:
        """Remove it for good."""
        one = _one(tx, asking, change)
        tx.archive.remove(asking.account_id, one.id, int(asking.now))

    def _seen(self, one: Archived) -> Any:
        return self._view(
            status="archived",
            type=_TYPES[one.type],
            path=one.path,
            items=one.items,
            size=one.size,
            created_at=one.archived_at,
            archived_until=one.expires_at,
        )


def _held(tx: Transaction, asking: Asking, limit: int | None = None) -> list[Archived]:
    """The oldest first."""
    return tx.archive.kept(asking.account_id, limit=limit) if reaches(tx, asking) else []


def _one(tx: Transaction, asking: Asking, change: Change) -> Archived:
    found = tx.archive.get(asking.account_id, change.id or 0) if reaches(tx, asking) else None
    if found is None:
        raise NotFound
    return found
