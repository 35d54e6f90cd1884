"""Calendars, address books, folders and what is in them, as the rest of the server sees them; no iCalendar, no DAV.

Names are segments of paths as people read them, decoded and normalised. Every change has a number from the log of the
account (``Transaction.objects``), which also holds what JMAP calls changes of these objects; ``Member.seq`` is what DAV
synchronises by (RFC 6578). A call that raises an error of ours changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from stalwart.store.collection_rows import (
    Archived,
    ArchivedItem,
    Collection,
    Content,
    FileNode,
    Grant,
    Lock,
    Member,
    NewItem,
    NodeOrder,
    Placed,
    Question,
    SharedType,
    Span,
    Spanned,
)

Members = list[Member]


class FileNodes(Protocol):
    """Files and folders of a home by their numbers, as JMAP sees them; ``folder_id`` may be the number of the home."""

    def many(self, account_id: int, ids: Iterable[int]) -> dict[int, FileNode]:
        """Those of them that there are, with all that is known of them."""

    def above(self, account_id: int, ids: Iterable[int]) -> dict[int, FileNode]:
        """The folders that any of these are in, the innermost first."""

    def inside(self, account_id: int, folder_ids: Iterable[int], *, with_data: bool = False) -> list[FileNode]:
        """What is in any of these folders, in no order."""

    def all(self, account_id: int, *, with_data: bool = False) -> list[FileNode]:
        """Everything in the home, in no order."""

    def folders_below(self, account_id: int, folder_id: int) -> dict[int, int]:
        """The folder and all that are below it, with how many levels; an outer one comes before what is in it."""

    def count(self, account_id: int, folder_id: int) -> int:
        """How many there are in a folder."""

    def page(
        self, account_id: int, folder_id: int, offset: int, limit: int, order: NodeOrder = NodeOrder.SEGMENT
    ) -> list[int]:
        """The numbers of what is in a folder, in order; in that of names only if ``are_collated``."""

    def position(self, account_id: int, folder_id: int, id: int, order: NodeOrder = NodeOrder.SEGMENT) -> int | None:
        """The place of one in ``page``, None if it is not in the folder."""

    def are_collated(self, account_id: int, folder_id: int) -> bool:
        """Whether all that is in a folder can be given in the order of names; what an older version has stored may
        lack what that takes.
        """

    def note_changed(self, account_id: int, ids: Sequence[int]) -> None:
        """Have the log of changes tell that these are others now, though nothing that DAV synchronises is."""


class ItemIndex(Protocol):
    """Items of an account by what they are indexed by (``NewItem.values``), by their collections and their times."""

    def all(self, account_id: int, type: int, limit: int) -> list[int]:
        """The items of a type, the oldest first."""

    def inside(self, account_id: int, collection_ids: Iterable[int]) -> set[int]:
        """The items that are in any of these collections."""

    def places(self, account_id: int, type: int, ids: Iterable[int]) -> dict[int, list[Placed]]:
        """Where each of these items of a type is."""

    def times(self, account_id: int, type: int) -> dict[int, tuple[int, int]]:
        """When each item of a type was made, and changed last."""

    def ids(self, account_id: int, property: str, containing: Sequence[str] = ()) -> set[int]:
        """The items that have a value of a property with all of these folded texts in it."""

    def values(self, account_id: int, property: str, containing: Sequence[str] = ()) -> dict[int, str]:
        """The same with the value, for properties of which items have one."""

    def values_of(self, account_id: int, property: str, ids: Iterable[int]) -> dict[int, str]:
        """The value that each of these items has of such a property."""

    def without(self, account_id: int, type: int, property: str, limit: int) -> list[int]:
        """Items of a type that have no value of a property, at most ``limit``."""

    def replace(self, account_id: int, id: int, values: Sequence[tuple[str, str]]) -> None:
        """Have an item be found by these values and no others; nothing of it changes."""


class Collections(Protocol):
    """Members by name and by change. Homes are named by ``collection_rows.home``."""

    @property
    def nodes(self) -> FileNodes:
        """Files and folders by their numbers."""

    @property
    def index(self) -> ItemIndex:
        """What is in collections, by values."""

    def create(
        self,
        account_id: int,
        type: int,
        parent_id: int,
        segment: str,
        *,
        now: int,
        mark: int = 0,
        data: Mapping[str, Any] | None = None,
    ) -> Member:
        """A new collection in the home or in another one. Raises Conflict (``segment``), NotFound (parent, account)."""

    def get(self, account_id: int, id: int) -> Collection | None:
        """By id."""

    def of_type(self, account_id: int, type: int) -> list[Collection]:
        """All of a type, the oldest first."""

    def count(self, account_id: int, type: int) -> int:
        """How many collections of a type there are."""

    def update(self, account_id: int, id: int, *, now: int, data: Mapping[str, Any] | None, mark: int = 0) -> Member:
        """Replace what is known of a collection or an item, in all its places. The member that is answered is one of
        them. Raises NotFound.
        """

    def type_of(self, account_id: int, id: int) -> int | None:
        """Which type of collection it is; None for none. To ask again costs nothing."""

    def data_of(self, account_id: int, id: int) -> dict[str, Any] | None:
        """The data of a collection, empty if it has none; None for no collection. To ask again costs little."""

    def path(self, account_id: int, id: int) -> tuple[str, ...] | None:
        """The segments that lead to a collection from its home; None if there is no such collection."""

    def walk(self, account_id: int, home: int, segments: Sequence[str]) -> Members:
        """The members that these segments name, one in the other, as far as there are any."""

    def member(self, account_id: int, collection_id: int, segment: str, *, with_data: bool = False) -> Member | None:
        """The live member of this name."""

    def members(
        self, account_id: int, collection_id: int, *, after: str = "", limit: int, with_data: bool = False
    ) -> Members:
        """Live members with a name after ``after``, in the order of names."""

    def named(self, account_id: int, collection_id: int, segments: Iterable[str]) -> dict[str, Member]:
        """Those of these members that there are, by name."""

    def contents(self, account_id: int, collection_id: int, *, after: str = "", limit: int) -> list[Content]:
        """Members with a name after ``after``, in the order of names, with the octets of their items."""

    def named_contents(self, account_id: int, collection_id: int, segments: Iterable[str]) -> dict[str, Content]:
        """Those of these members that have octets, by name."""

    def item_contents(self, account_id: int, collection_id: int, item_ids: Iterable[int]) -> list[Content]:
        """The members that are these items, in no order."""

    def octets(self, account_id: int, item_id: int) -> bytes | None:
        """The octets of one item."""

    def octets_of(self, account_id: int, item_ids: Iterable[int]) -> dict[int, bytes]:
        """The octets of several items."""

    def changes(
        self,
        account_id: int,
        collection_id: int,
        since: int,
        *,
        limit: int,
        with_data: bool = False,
        begun: int | None = None,
    ) -> Members | None:
        """Members that changed after ``since``, tombstones among them, the first changes first; those made and removed
        since then are left out. None: nobody knows any more, or ``since`` was never a state. ``begun`` is given where
        everything is being listed: the state when that began, of which ``since`` is how far it has come.
        """

    def home_changes(
        self, account_id: int, home: int, since: int, *, limit: int, begun: int | None = None
    ) -> Members | None:
        """As ``changes``, of all that is below a home. What was below a removed collection is not mentioned; None as
        well where a name that was a collection at ``since`` is another one now.
        """

    def put(
        self,
        account_id: int,
        collection_id: int,
        segment: str,
        item: NewItem,
        *,
        now: int,
        id: int | None = None,
        is_new: bool = False,
    ) -> tuple[Member, bool]:
        """Keep an item under a name, in place of what has it; True if it is new. In other places the replaced item is
        the same one. A new item has the ``id`` that was got of ``Accounts.new_ids``, or gets one. Who knows that it
        ``is_new``, as he has looked for the name in this transaction or just made it up, saves a look. Raises NotFound
        (collection), Conflict (``segment``: a collection has the name).
        """

    def link(self, account_id: int, item_id: int, collection_id: int, segment: str, *, now: int) -> Member:
        """Show an item in a second collection. Raises NotFound, Conflict (``segment``)."""

    def move(
        self, account_id: int, collection_id: int, segment: str, to_collection_id: int, to_segment: str, *, now: int
    ) -> Member:
        """Give a member another name or place, with all that is in it. Raises NotFound, Conflict (``segment`` taken, or
        the place is inside of what moves).
        """

    def copy(
        self,
        account_id: int,
        collection_id: int,
        segment: str,
        to_account_id: int,
        to_collection_id: int,
        to_segment: str,
        *,
        now: int,
        levels: int | None = None,
    ) -> Member:
        """Make another one of a member, in the same account or in another, with so many ``levels`` of what is in it.
        Raises NotFound, Conflict (``segment`` taken, or the place is inside of what is copied).
        """

    def remove(self, account_id: int, collection_id: int, segment: str, *, now: int) -> Member:
        """Take a member away; the item, or the collection with all that is nowhere else, is destroyed with its last
        place. Answers the member that was. Raises NotFound.
        """

    def states(self, account_id: int, type: int) -> tuple[int, int]:
        """The numbers of the last changes of collections of this type, and of what is in them."""

    def places(self, account_id: int, item_id: int) -> Members:
        """The live members that are this item or collection."""

    def by_uid(self, account_id: int, type: int, uid: str) -> Members:
        """The live members whose item has this uid."""

    def spans(
        self,
        account_id: int,
        collection_id: int | None,
        *,
        start: int | None = None,
        end: int | None = None,
        kind: int | None = None,
        with_octets: bool = False,
    ) -> list[Spanned]:
        """Members of one collection or all whose span touches the time from ``start`` to ``end``, both included."""

    def span(self, account_id: int, item_id: int) -> Span | None:
        """When the item happens."""

    def due_alarms(self, now: int, limit: int) -> list[tuple[int, int, int]]:
        """(account, item, time) of alarms that are due, the earliest first."""

    def next_alarm(self) -> int | None:
        """When the next alarm of anybody is due."""

    def set_alarm(self, account_id: int, item_id: int, at: int | None) -> None:
        """When somebody has to be told next of this item."""

    def matching(
        self, account_id: int, collection_id: int, property: str, values: Sequence[tuple[str, str]], *, every: bool
    ) -> set[int]:
        """The items that have a value of ``property`` for which these conditions hold, every one or any: ``=`` is it,
        ``*`` is in it, ``^`` begins it, ``$`` ends it, each with a folded text.
        """

    def having(self, account_id: int, collection_id: int, property: str) -> set[int]:
        """The items that have any value of ``property``."""

    def found_by(self, account_id: int, collection_id: int, questions: Sequence[Question]) -> list[set[int]]:
        """What ``matching`` answers to each of several questions, or ``having`` where there are no conditions."""

    def forget_removed(self, account_id: int, limit: int) -> int:
        """Remove tombstones that no state can be calculated from any more; answers how many."""


class Locks(Protocol):
    """Write locks (RFC 4918 6); those that are over are as if there were none."""

    def of_account(self, account_id: int, home: int, now: int) -> list[Lock]:
        """All in one home."""

    def add(self, lock: Lock) -> None:
        """A new one."""

    def refresh(self, token: int, expires_at: int) -> None:
        """Another end."""

    def remove(self, token: int) -> None:
        """End it."""

    def purge(self, now: int) -> int:
        """Forget those that are over; answers how many."""


class Shares(Protocol):
    """Who else may use objects of accounts (RFC 3744, RFC 9670)."""

    def of_object(self, account_id: int, object_id: int) -> dict[int, int]:
        """Rights by grantee."""

    def of_objects(self, account_id: int, object_ids: Iterable[int]) -> dict[int, dict[int, int]]:
        """Rights by grantee of several objects; those without any are left out."""

    def replace(self, account_id: int, object_id: int, grants: Mapping[int, int]) -> None:
        """Give rights to these and to nobody else; the number of the last change of the account is noted with them, so
        the object is written before. Whoever sees more or less of the account than before is told by his ``SHARES``.
        """

    def granted(self, grantees: Iterable[int], account_id: int | None = None) -> list[Grant]:
        """What was granted to any of them (one person and groups), in one account or all."""

    def accounts(self, grantees: Iterable[int]) -> list[SharedType]:
        """In which accounts any of them has rights, and which, however many objects there are."""

    def grantees(self, account_id: int) -> set[int]:
        """Who has rights on anything in an account."""

    def last_change(self, account_id: int, grantees: Iterable[int]) -> int:
        """The number of the change with which the rights of any of them changed last in an account; 0 for never."""

    def changed_since(self, account_id: int, grantees: Iterable[int], type: int, since: int) -> bool:
        """Whether rights of any of them have changed after ``since`` on objects of a type that were there then."""


class Preferences(Protocol):
    """What people see of objects in their own way: names, colours, time zones. Homes count as objects here."""

    def get(self, account_id: int, object_id: int, user_id: int) -> dict[str, Any] | None:
        """What one person has set of one object."""

    def of_objects(self, account_id: int, object_ids: Iterable[int], user_id: int) -> dict[int, dict[str, Any]]:
        """What one person has set of several objects."""

    def of_users(self, account_id: int, object_id: int, limit: int) -> dict[int, dict[str, Any]]:
        """What each person has set of one object, by their numbers."""

    def set(self, account_id: int, object_id: int, user_id: int, data: Mapping[str, Any] | None) -> None:
        """Set it, or forget it; the number of the last change of the account is noted with it."""


class Archive(Protocol):
    """What was deleted and can still be had back."""

    def keep(self, account_id: int, collection_id: int, segment: str, *, now: int, expires_at: int) -> int:
        """Copy a live member with all that is in it; blobs of files are held. Answers the number. Raises NotFound."""

    def kept(self, account_id: int, *, after: int = -1, limit: int | None = None) -> list[Archived]:
        """What is kept, by number."""

    def get(self, account_id: int, id: int) -> Archived | None:
        """By number."""

    def items(self, account_id: int, id: int) -> list[ArchivedItem]:
        """All of it, what contains others before them."""

    def used(self, account_id: int) -> int:
        """The octets of all that is kept of an account."""

    def remove(self, account_id: int, id: int, now: int) -> bool:
        """Forget it for good; False if there was none."""

    def purge(self, now: int, limit: int) -> int:
        """Forget what is over; answers how many."""
