"""x:ArchivedItem: what somebody has deleted, and can have back for a while (settings C.11); a view of the bin."""

from __future__ import annotations

from stalwart.schema import Enum, Enumeration, Object, Size, String, Unsigned, UtcDateTime, prop

DELETED_TYPE = Enumeration(
    "DeletedType",
    ("FileNode", "Calendar", "CalendarEvent", "AddressBook", "ContactCard"),
    "What is kept for a while after it was deleted.",
)
DELETED_STATUS = Enumeration(
    "DeletedStatus", ("archived", "requestRestore"), "Whether something deleted stays in the bin or comes back."
)


class ArchivedItem(Object, snapshot=False, label="path", stored=False):
    """Something deleted. It comes back when its status is set to requestRestore, and is gone when it is destroyed."""

    status: str = prop(Enum(DELETED_STATUS), "archived", "What becomes of it: requestRestore brings it back.")
    type: str = prop(Enum(DELETED_TYPE), None, "What it is.", update="serverSet", name="archivedItemType")
    path: str = prop(String(), None, "Where it was, as in its URL.", update="serverSet")
    items: int = prop(Unsigned(), 1, "How many things it is, with all that was in it.", update="serverSet")
    size: int = prop(Size(), 0, "Bytes of all of it.", update="serverSet")
    created_at: int = prop(UtcDateTime(), None, "When it was deleted.", update="serverSet", name="archivedAt")
    archived_until: int = prop(UtcDateTime(), None, "Until when it is kept.", update="serverSet")
